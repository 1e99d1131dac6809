#include "ebb/kernels/conv/packed_weight.h"

#include <algorithm>
#include <mutex>
#include <string_view>
#include <vector>

namespace ebb::kernels {
namespace {

/// Of all weights that lie in one storage.
class PackedForms final : public RefCounted {
 public:
  Tensor get(const Tensor& weight, std::string_view layout, const std::function<Tensor()>& pack) {
    const std::scoped_lock lock(mutex_);
    const std::uint32_t version = weight.storage().version();
    std::erase_if(forms_, [&](const Form& form) { return form.version != version; });
    const auto found = std::ranges::find_if(forms_, [&](const Form& form) { return form.is_of(weight, layout); });
    if (found != forms_.end()) return found->packed;
    return forms_.emplace_back(layout, weight.shape(), weight.strides(), weight.storage_offset(), version, pack())
        .packed;
  }

 private:
  struct Form {
    Form(std::string_view layout, const Shape& shape, const Strides& strides, std::int64_t offset,
         std::uint32_t version, Tensor packed)
        : layout(layout), shape(shape), strides(strides), offset(offset), version(version), packed(std::move(packed)) {}

    bool is_of(const Tensor& weight, std::string_view wanted) const {
      return layout == wanted && offset == weight.storage_offset() && shape == weight.shape() &&
             strides == weight.strides() && packed.dtype() == weight.dtype();
    }

    std::string_view layout;
    Shape shape;
    Strides strides;
    std::int64_t offset;
    std::uint32_t version;  // of the storage, when it was packed
    Tensor packed;
  };

  std::mutex mutex_;
  std::vector<Form> forms_;
};

}  // namespace

Tensor PackedWeight::as(const char* layout, const std::function<Tensor()>& pack) const {
  Storage& storage = weight_.storage();
  if (storage.is_shared()) return pack();
  RefCounted* companion = storage.companion();
  if (companion == nullptr) companion = &storage.set_companion(make_ref<PackedForms>());
  return static_cast<PackedForms&>(*companion).get(weight_, layout, pack);
}

}  // namespace ebb::kernels
