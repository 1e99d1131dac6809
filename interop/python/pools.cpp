#include "ebb/interop/python/classes.h"

namespace ebb::interop {
namespace {

constexpr const char* pools = "torch.nn.modules.pooling";

/// PyTorch writes the stride that is meant, also where it was not given.
template <class Options>
void list_window(PythonFields& field, Options& o) {
  field("kernel_size", o.kernel_size);
  if (field.is_writing() && !o.stride) o.stride = o.kernel_size;
  field("stride", o.stride);
  field("padding", o.padding);
}

template <class M, class Options>
PythonClass max_pool(const char* name, Options blank) {
  return with_options<M>(pools, name, blank, [](PythonFields& field, Options& o) {
    list_window(field, o);
    field("dilation", o.dilation);
    field.fixed("return_indices", false);
    field("ceil_mode", o.ceil_mode);
  });
}

/// Of one dimension PyTorch holds sizes as tuples.
void list_avg_pool1d(PythonFields& field, nn::AvgPool1d& pool) {
  AvgPool1dOptions& o = pool.options;
  Dims kernel_size{o.kernel_size}, stride{o.stride.value_or(o.kernel_size)}, padding{o.padding};
  field("kernel_size", kernel_size);
  field("stride", stride);
  field("padding", padding);
  field("ceil_mode", o.ceil_mode);
  field("count_include_pad", o.count_include_pad);
  check(kernel_size.size() == 1 && stride.size() == 1 && padding.size() == 1, "AvgPool1d takes one size each");
  o.kernel_size = kernel_size[0], o.stride = stride[0], o.padding = padding[0];
}

PythonClass avg_pool1d() {
  return {pools, "AvgPool1d", &typeid(nn::AvgPool1d),
          [](PythonFields& field, const ReadChild&) -> nn::SharedLayer {
            nn::AvgPool1d pool({.kernel_size = 1});
            list_avg_pool1d(field, pool);
            return pool;
          },
          [](PythonFields& field, const nn::Module& of) {
            nn::AvgPool1d pool(static_cast<const nn::AvgPool1d&>(of));
            list_avg_pool1d(field, pool);
          }};
}

void list_avg_pool2d(PythonFields& field, AvgPool2dOptions& o) {
  list_window(field, o);
  field("ceil_mode", o.ceil_mode);
  field("count_include_pad", o.count_include_pad);
  field("divisor_override", o.divisor_override);
}

template <class M>
PythonClass adaptive_pool(const char* name, bool is_max, std::function<M(const OutputSize&)> make) {
  return {pools, name, &typeid(M),
          [=](PythonFields& field, const ReadChild&) -> nn::SharedLayer {
            OutputSize size(1);
            field("output_size", size);
            if (is_max) field.fixed("return_indices", false);
            check(size.sizes.size() == 1 || size.sizes.size() == 2, "attribute output_size must have one size or two");
            return make(size);
          },
          [=](PythonFields& field, const nn::Module& of) {
            OutputSize size = static_cast<const M&>(of).output_size;
            field("output_size", size);
            if (is_max) field.fixed("return_indices", false);
          }};
}

template <class M>
M make_adaptive1d(const OutputSize& size) {
  check(size.sizes.size() == 1 && size.sizes[0].has_value(), "attribute output_size must be one size");
  return M(*size.sizes[0]);
}

template <class M>
M make_adaptive2d(const OutputSize& size) {
  return M(size);
}

}  // namespace

void add_pools(std::vector<PythonClass>& table) {
  table.push_back(max_pool<nn::MaxPool1d>("MaxPool1d", MaxPool1dOptions{.kernel_size = 1}));
  table.push_back(max_pool<nn::MaxPool2d>("MaxPool2d", MaxPool2dOptions{.kernel_size = 1}));
  table.push_back(avg_pool1d());
  table.push_back(with_options<nn::AvgPool2d>(pools, "AvgPool2d", AvgPool2dOptions{.kernel_size = 1}, list_avg_pool2d));
  using namespace nn;
  table.push_back(adaptive_pool<AdaptiveAvgPool1d>("AdaptiveAvgPool1d", false, make_adaptive1d<AdaptiveAvgPool1d>));
  table.push_back(adaptive_pool<AdaptiveAvgPool2d>("AdaptiveAvgPool2d", false, make_adaptive2d<AdaptiveAvgPool2d>));
  table.push_back(adaptive_pool<AdaptiveMaxPool1d>("AdaptiveMaxPool1d", true, make_adaptive1d<AdaptiveMaxPool1d>));
  table.push_back(adaptive_pool<AdaptiveMaxPool2d>("AdaptiveMaxPool2d", true, make_adaptive2d<AdaptiveMaxPool2d>));
}

}  // namespace ebb::interop
