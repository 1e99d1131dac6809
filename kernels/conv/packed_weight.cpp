#include "ebb/kernels/conv/packed_weight.h"

#include <algorithm>
#include <mutex>
#include <string_view>
#include <vector>

namespace ebb::kernels {
namespace {

/// What one form is of.
struct Subject {
  std::string_view layout;
  Shape shape;
  Strides strides;
  std::int64_t offset;
  DType dtype;
  const void* stream;
  std::uint32_t version;  // of the storage

  bool operator==(const Subject&) const = default;
};

/// Of all weights that lie in one storage.
class PackedForms final : public RefCounted {
 public:
  Tensor get(const Subject& subject, const std::function<Tensor()>& pack) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(forms_, [&](const Form& form) { return form.of.version != subject.version; });
    const auto found = std::ranges::find(forms_, subject, &Form::of);
    return found != forms_.end() ? found->packed : forms_.emplace_back(Form{subject, pack()}).packed;
  }

 private:
  struct Form {
    Subject of;
    Tensor packed;
  };

  std::mutex mutex_;
  std::vector<Form> forms_;
};

}  // namespace

Tensor PackedWeight::as(const char* layout, const std::function<Tensor()>& pack, const void* stream) const {
  Storage& storage = weight_.storage();
  if (storage.is_shared()) return pack();
  RefCounted* companion = storage.companion();
  if (companion == nullptr) companion = &storage.set_companion(make_ref<PackedForms>());
  const Subject subject{layout,          weight_.shape(), weight_.strides(), weight_.storage_offset(),
                        weight_.dtype(), stream,          storage.version()};
  return static_cast<PackedForms&>(*companion).get(subject, pack);
}

}  // namespace ebb::kernels
