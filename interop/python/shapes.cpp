// Modules that resample, pad and rearrange.
#include "ebb/interop/python/classes.h"

namespace ebb::interop {
namespace {

constexpr const char *paddings = "torch.nn.modules.padding", *folds = "torch.nn.modules.fold";

void list_upsample(PythonFields& field, InterpolateOptions& o) {
  std::optional<bool> recompute;
  if (o.recompute_scale_factor) recompute = true;
  if (field.is_writing() && o.size.empty()) {
    field.fixed("size", {});
  } else {
    field("size", o.size);
  }
  field("scale_factor", o.scale_factor);
  field("mode", o.mode);
  field("align_corners", o.align_corners);
  field("recompute_scale_factor", recompute);
  o.recompute_scale_factor = recompute.value_or(false);
}

template <class M>
PythonClass upsample(const char* name) {
  return {"torch.nn.modules.upsampling", name, &typeid(M),
          [](PythonFields& field, const ReadChild&) -> nn::SharedLayer {
            InterpolateOptions o;
            list_upsample(field, o);
            if constexpr (std::same_as<M, nn::Upsample>) {
              return M(o);
            } else {
              return M({.size = o.size, .scale_factor = o.scale_factor});
            }
          },
          [name](PythonFields& field, const nn::Module& of) {
            InterpolateOptions o = static_cast<const M&>(of).options;
            field.fixed("name", name);
            list_upsample(field, o);
          }};
}

nn::ImagePadding four(const Dims& sides) {
  check(sides.size() == 4, "attribute padding must have 4 sides, got ", sides);
  return {sides[0], sides[1], sides[2], sides[3]};
}

template <class M>
PythonClass padding(const char* name) {
  return {paddings, name, &typeid(M),
          [](PythonFields& field, const ReadChild&) -> nn::SharedLayer {
            Dims sides{0, 0, 0, 0};
            Scalar value = 0.0;
            field("padding", sides);
            if constexpr (std::same_as<M, nn::ConstantPad2d>) {
              field("value", value);
              return M(four(sides), value);
            } else {
              return M(four(sides));
            }
          },
          [](PythonFields& field, const nn::Module& of) {
            Dims sides = static_cast<const M&>(of).padding;
            Scalar value = 0.0;
            if constexpr (std::same_as<M, nn::ConstantPad2d>) value = static_cast<const M&>(of).value;
            field("padding", sides);
            if constexpr (std::same_as<M, nn::ConstantPad2d> || std::same_as<M, nn::ZeroPad2d>) field("value", value);
          }};
}

void list_fold(PythonFields& field, nn::FoldOptions& o) {
  field("output_size", o.output_size);
  field("kernel_size", o.kernel_size);
  field("dilation", o.dilation);
  field("padding", o.padding);
  field("stride", o.stride);
}

void list_unfold(PythonFields& field, UnfoldOptions& o) {
  field("kernel_size", o.kernel_size);
  field("dilation", o.dilation);
  field("padding", o.padding);
  field("stride", o.stride);
}

/// Both are made from two members.
template <class M, class Second>
PythonClass flattening(const char* name, std::int64_t M::*first, const char* first_name, Second M::*second,
                       const char* second_name, M blank) {
  const auto list = [=](PythonFields& field, std::int64_t& a, Second& b) {
    field(first_name, a);
    field(second_name, b);
  };
  return {"torch.nn.modules.flatten", name, &typeid(M),
          [=](PythonFields& field, const ReadChild&) -> nn::SharedLayer {
            M module = blank;
            list(field, module.*first, module.*second);
            return module;
          },
          [=](PythonFields& field, const nn::Module& of) {
            M module = static_cast<const M&>(of);
            list(field, module.*first, module.*second);
          }};
}

}  // namespace

void add_shapes(std::vector<PythonClass>& table) {
  using namespace nn;
  table.push_back(upsample<Upsample>("Upsample"));
  table.push_back(upsample<UpsamplingNearest2d>("UpsamplingNearest2d"));
  table.push_back(upsample<UpsamplingBilinear2d>("UpsamplingBilinear2d"));
  table.push_back(padding<ConstantPad2d>("ConstantPad2d"));
  table.push_back(padding<ZeroPad2d>("ZeroPad2d"));
  table.push_back(padding<ReflectionPad2d>("ReflectionPad2d"));
  table.push_back(padding<ReplicationPad2d>("ReplicationPad2d"));
  table.push_back(with_options<Fold>(folds, "Fold", FoldOptions{1, 1}, list_fold));
  table.push_back(with_options<Unfold>(folds, "Unfold", UnfoldOptions{1}, list_unfold));
  table.push_back(with_member("torch.nn.modules.pixelshuffle", "PixelShuffle", &PixelShuffle::upscale_factor,
                              "upscale_factor", std::int64_t{1}));
  table.push_back(
      flattening("Flatten", &Flatten::start_dim, "start_dim", &Flatten::end_dim, "end_dim", Flatten(1, -1)));
  table.push_back(flattening("Unflatten", &Unflatten::dim, "dim", &Unflatten::unflattened_size, "unflattened_size",
                             Unflatten(1, {-1})));
}

}  // namespace ebb::interop
