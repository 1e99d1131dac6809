#include "tests/random_calls/calls.h"

namespace ebb::random_calls {
namespace {

Tensor image(Draw& d, int rank = 4) {
  d.prefer_rank(rank);
  return d.tensor();
}

Tensor optional_tensor(Draw& d) { return d.happens(0.5) ? d.tensor() : Tensor(); }

/// A vector that may be one number for each channel of x.
Tensor for_channels(const Tensor& x, Draw& d) {
  if (d.happens(0.4)) return {};
  if (d.happens(0.2) || x.dim() < 2) return d.tensor();
  return ones({x.size(1)}, {.dtype = d.happens(0.9) ? x.dtype() : kFloat64});
}

template <class Options>
Options window(Draw& d) {
  Options o{.kernel_size = draw<decltype(Options::kernel_size)>(d)};
  maybe(d, o.stride);
  maybe(d, o.padding);
  return o;
}

template <class Options>
Options dilated_window(Draw& d) {
  Options o = window<Options>(d);
  maybe(d, o.dilation);
  return o;
}

template <class Options>
Options convolution(Draw& d) {
  Options o;
  maybe(d, o.stride);
  maybe(d, o.padding);
  maybe(d, o.dilation);
  if (d.happens(0.2)) o.groups = d.integer();
  return o;
}

OutputSize output_size(Draw& d, std::int64_t count) {
  std::vector<std::optional<std::int64_t>> sizes;
  for (std::int64_t i = d.happens(0.8) ? count : d.among(0, 3); i > 0; --i) {
    sizes.push_back(Drawn<std::optional<std::int64_t>>::of(d));
  }
  return OutputSize(sizes);
}

void add_pools(Calls& calls) {
  calls.insert(
      calls.end(),
      {{"max_pool1d",
        [](Draw& d) { return results(max_pool1d_with_indices(image(d, 3), dilated_window<MaxPool1dOptions>(d))); }},
       {"max_pool2d",
        [](Draw& d) { return results(max_pool2d_with_indices(image(d), dilated_window<MaxPool2dOptions>(d))); }},
       {"max_pool3d",
        [](Draw& d) { return results(max_pool3d_with_indices(image(d, 5), dilated_window<MaxPool3dOptions>(d))); }},
       {"max_unpool1d",
        [](Draw& d) { return results(max_unpool1d(image(d, 3), d.indices(), window<MaxUnpool1dOptions>(d))); }},
       {"max_unpool2d",
        [](Draw& d) { return results(max_unpool2d(image(d), d.indices(), window<MaxUnpool2dOptions>(d))); }},
       {"max_unpool3d",
        [](Draw& d) { return results(max_unpool3d(image(d, 5), d.indices(), window<MaxUnpool3dOptions>(d))); }},
       {"avg_pool1d", [](Draw& d) { return results(avg_pool1d(image(d, 3), window<AvgPool1dOptions>(d))); }},
       {"avg_pool2d", [](Draw& d) { return results(avg_pool2d(image(d), window<AvgPool2dOptions>(d))); }},
       {"avg_pool3d", [](Draw& d) { return results(avg_pool3d(image(d, 5), window<AvgPool3dOptions>(d))); }},
       {"adaptive_avg_pool1d", [](Draw& d) { return results(adaptive_avg_pool1d(image(d, 3), output_size(d, 1))); }},
       {"adaptive_avg_pool2d", [](Draw& d) { return results(adaptive_avg_pool2d(image(d), output_size(d, 2))); }},
       {"adaptive_max_pool1d",
        [](Draw& d) { return results(adaptive_max_pool1d_with_indices(image(d, 3), output_size(d, 1))); }},
       {"adaptive_max_pool2d",
        [](Draw& d) { return results(adaptive_max_pool2d_with_indices(image(d), output_size(d, 2))); }}});
}

void add_convolutions(Calls& calls) {
  calls.insert(
      calls.end(),
      {{"conv1d",
        [](Draw& d) {
          return results(conv1d(image(d, 3), d.tensor(), optional_tensor(d), convolution<Conv1dOptions>(d)));
        }},
       {"conv2d",
        [](Draw& d) {
          return results(conv2d(image(d), d.tensor(), optional_tensor(d), convolution<Conv2dOptions>(d)));
        }},
       {"conv3d",
        [](Draw& d) {
          return results(conv3d(image(d, 5), d.tensor(), optional_tensor(d), convolution<Conv3dOptions>(d)));
        }},
       {"conv_transpose1d",
        [](Draw& d) {
          return results(conv_transpose1d(image(d, 3), d.tensor(), {}, convolution<ConvTranspose1dOptions>(d)));
        }},
       {"conv_transpose2d",
        [](Draw& d) {
          auto o = convolution<ConvTranspose2dOptions>(d);
          maybe(d, o.output_padding);
          return results(conv_transpose2d(image(d), d.tensor(), {}, o));
        }},
       {"unfold", [](Draw& d) { return results(unfold(image(d), dilated_window<UnfoldOptions>(d))); }},
       {"fold", [](Draw& d) { return results(fold(image(d, 3), draw<Size2>(d), dilated_window<UnfoldOptions>(d))); }},
       any("pixel_shuffle", pixel_shuffle),
       any("pixel_unshuffle", pixel_unshuffle)});
}

void add_norms(Calls& calls) {
  calls.insert(
      calls.end(),
      {{"batch_norm",
        [](Draw& d) {
          const Tensor x = d.tensor(), mean = for_channels(x, d), var = for_channels(x, d);
          return results(batch_norm(x, mean.defined() ? mean.detach() : mean, var.defined() ? var.detach() : var,
                                    for_channels(x, d), for_channels(x, d),
                                    {.training = draw<bool>(d), .momentum = d.real(), .eps = d.real()}));
        }},
       {"group_norm",
        [](Draw& d) {
          const Tensor x = d.tensor();
          return results(group_norm(x, d.integer(), {.weight = for_channels(x, d), .bias = for_channels(x, d)}));
        }},
       {"instance_norm",
        [](Draw& d) {
          const Tensor x = d.tensor();
          return results(instance_norm(x, {.weight = for_channels(x, d), .bias = for_channels(x, d)}));
        }},
       {"layer_norm",
        [](Draw& d) {
          const Tensor x = d.tensor();
          const Shape last = x.dim() > 0 && d.happens(0.8) ? Shape{x.size(-1)} : d.dims();
          return results(layer_norm(x, last, {.weight = optional_tensor(d), .bias = optional_tensor(d)}));
        }},
       {"rms_norm", [](Draw& d) { return results(rms_norm(d.tensor(), d.dims(), {.weight = optional_tensor(d)})); }},
       {"local_response_norm",
        [](Draw& d) { return results(local_response_norm(d.tensor(), {.size = d.integer()})); }}});
}

void add_sampling(Calls& calls) {
  calls.insert(calls.end(),
               {{"interpolate",
                 [](Draw& d) {
                   InterpolateOptions o{.mode = static_cast<InterpolateMode>(d.among(0, 6))};
                   if (d.happens(0.7)) {
                     o.size = d.happens(0.7) ? Dims{d.integer()} : d.dims();
                   } else {
                     o.scale_factor = {d.real()};
                   }
                   maybe(d, o.align_corners);
                   return results(interpolate(image(d, static_cast<int>(d.among(3, 5))), o));
                 }},
                {"grid_sample",
                 [](Draw& d) {
                   const Tensor x = image(d);
                   const Tensor grid = d.happens(0.8) && x.dim() == 4
                                           ? randn({x.size(0), 2, 3, 2}).to(x.dtype()) * d.real()
                                           : d.tensor();
                   return results(grid_sample(x, grid,
                                              {.mode = static_cast<GridMode>(d.among(0, 2)),
                                               .padding_mode = static_cast<GridPadding>(d.among(0, 2)),
                                               .align_corners = draw<bool>(d)}));
                 }},
                {"affine_grid", [](Draw& d) { return results(affine_grid(image(d, 3), d.dims(), draw<bool>(d))); }}});
}

}  // namespace

void add_networks(Calls& calls) {
  calls.insert(calls.end(), {any("bmm", bmm),
                             any("mm", mm),
                             any("mv", mv),
                             any("dot", dot),
                             any("matmul", matmul),
                             any("addmm", addmm),
                             any("addmv", addmv),
                             any("baddbmm", baddbmm),
                             any("addbmm", addbmm),
                             any("outer", outer),
                             any("inner", inner),
                             any("bilinear", bilinear),
                             any("linear", linear),
                             {"einsum", [](Draw& d) {
                                constexpr const char* equations[] = {"ij,jk->ik", "ij,ij->", "...i,...i->...",
                                                                     "ii->i",     "bij,bjk", "i,j",
                                                                     "",          "ij->ijk", "a..."};
                                return results(einsum(equations[d.among(0, std::ssize(equations) - 1)], d.tensors()));
                              }}});
  add_pools(calls);
  add_convolutions(calls);
  add_norms(calls);
  add_sampling(calls);
}

}  // namespace ebb::random_calls
