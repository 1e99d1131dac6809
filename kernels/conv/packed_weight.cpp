#include "ebb/kernels/conv/packed_weight.h"

#include <algorithm>

namespace ebb::kernels {
namespace {

/// Of all weights that lie in one storage.
struct KeptForms final : RefCounted {
  PackedForms forms;
};

}  // namespace

bool PackedForms::Form::is(const Form& other) const {
  return layout == other.layout && variant == other.variant && stream == other.stream && shape == other.shape &&
         strides == other.strides && offset == other.offset && dtype == other.dtype;
}

Tensor PackedForms::get(const Tensor& weight, std::string_view layout, const Dims& variant, const void* stream,
                        const std::function<Tensor()>& pack) {
  Form wanted{layout,
              variant,
              stream,
              weight.shape(),
              weight.strides(),
              weight.storage_offset(),
              weight.dtype(),
              weight.storage().version(),
              {}};
  const std::scoped_lock lock(mutex_);
  std::erase_if(forms_, [&](const Form& form) { return form.version != wanted.version; });
  const auto found = std::ranges::find_if(forms_, [&](const Form& form) { return form.is(wanted); });
  if (found != forms_.end()) return found->packed;
  wanted.packed = pack();
  return forms_.emplace_back(std::move(wanted)).packed;
}

bool PackedWeight::is_kept() const {
  const Storage& storage = weight_.storage();
  return !storage.is_shared() && (storage.device().is_cuda() || (keeps_ && !storage.is_exposed()));
}

Tensor PackedWeight::as(const char* layout, const std::function<Tensor()>& pack, const void* stream,
                        const Dims& variant) const {
  Storage& storage = weight_.storage();
  if (!is_kept()) return storage.device().is_cuda() ? pack() : own_.get(weight_, layout, variant, stream, pack);
  RefCounted* companion = storage.companion();
  if (companion == nullptr) companion = &storage.set_companion(make_ref<KeptForms>());
  return static_cast<KeptForms&>(*companion).forms.get(weight_, layout, variant, stream, pack);
}

}  // namespace ebb::kernels
