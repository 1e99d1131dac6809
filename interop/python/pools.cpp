#include "ebb/interop/python/classes.h"
#include "ebb/nn/layers/pool.h"

namespace ebb::interop {
namespace {

/// PyTorch writes the stride that is meant, also where it was not given.
template <class Options>
void list_window(PythonFields& field, Options& o) {
  field("kernel_size", o.kernel_size);
  if (field.is_writing() && !o.stride) o.stride = o.kernel_size;
  field("stride", o.stride);
  field("padding", o.padding);
}

template <class Options>
void list_max_pool(PythonFields& field, Options& o) {
  list_window(field, o);
  field("dilation", o.dilation);
  field.fixed("return_indices", false);
  field("ceil_mode", o.ceil_mode);
}

/// Of one dimension PyTorch holds sizes as tuples.
void list_avg_pool1d(PythonFields& field, AvgPool1dOptions& o) {
  Dims kernel_size{o.kernel_size}, stride{o.stride.value_or(o.kernel_size)}, padding{o.padding};
  field("kernel_size", kernel_size);
  field("stride", stride);
  field("padding", padding);
  field("ceil_mode", o.ceil_mode);
  field("count_include_pad", o.count_include_pad);
  check(kernel_size.size() == 1 && stride.size() == 1 && padding.size() == 1, "AvgPool1d takes one size each");
  o.kernel_size = kernel_size[0], o.stride = stride[0], o.padding = padding[0];
}

void list_avg_pool2d(PythonFields& field, AvgPool2dOptions& o) {
  list_window(field, o);
  field("ceil_mode", o.ceil_mode);
  field("count_include_pad", o.count_include_pad);
  field("divisor_override", o.divisor_override);
}

template <bool is_max>
void list_adaptive(PythonFields& field, OutputSize& size) {
  field("output_size", size);
  if (is_max) field.fixed("return_indices", false);
}

template <class M, bool is_max>
nn::SharedLayer make_adaptive1d(PythonFields& field, const ReadChild&) {
  OutputSize size(1);
  list_adaptive<is_max>(field, size);
  check(size.sizes.size() == 1 && size.sizes[0].has_value(), "attribute output_size must be one size");
  return M(*size.sizes[0]);
}

template <class M, bool is_max>
nn::SharedLayer make_adaptive2d(PythonFields& field, const ReadChild&) {
  OutputSize size(1);
  list_adaptive<is_max>(field, size);
  check(size.sizes.size() == 1 || size.sizes.size() == 2, "attribute output_size must have one size or two");
  return M(size);
}

template <bool is_max>
void write_adaptive(PythonFields& field, const nn::Module& of) {
  OutputSize size = static_cast<const nn::AdaptivePool&>(of).output_size;
  list_adaptive<is_max>(field, size);
}

constexpr const char* pooling = "torch.nn.modules.pooling";

template <class M, bool is_max>
constexpr PythonClass adaptive1d(const char* name) {
  return {pooling, name, &typeid(M), make_adaptive1d<M, is_max>, write_adaptive<is_max>};
}

template <class M, bool is_max>
constexpr PythonClass adaptive2d(const char* name) {
  return {pooling, name, &typeid(M), make_adaptive2d<M, is_max>, write_adaptive<is_max>};
}

}  // namespace

template <>
MaxPool1dOptions blank() {
  return {.kernel_size = 1};
}

template <>
MaxPool2dOptions blank() {
  return {.kernel_size = 1};
}

template <>
AvgPool1dOptions blank() {
  return {.kernel_size = 1};
}

template <>
AvgPool2dOptions blank() {
  return {.kernel_size = 1};
}

std::span<const PythonClass> pools() {
  using namespace nn;
  static constexpr PythonClass rows[] = {
      with_options<MaxPool1d, list_max_pool<MaxPool1dOptions>>(pooling, "MaxPool1d"),
      with_options<MaxPool2d, list_max_pool<MaxPool2dOptions>>(pooling, "MaxPool2d"),
      with_options<AvgPool1d, list_avg_pool1d>(pooling, "AvgPool1d"),
      with_options<AvgPool2d, list_avg_pool2d>(pooling, "AvgPool2d"),
      adaptive1d<AdaptiveAvgPool1d, false>("AdaptiveAvgPool1d"),
      adaptive2d<AdaptiveAvgPool2d, false>("AdaptiveAvgPool2d"),
      adaptive1d<AdaptiveMaxPool1d, true>("AdaptiveMaxPool1d"),
      adaptive2d<AdaptiveMaxPool2d, true>("AdaptiveMaxPool2d"),
  };
  return rows;
}

}  // namespace ebb::interop
