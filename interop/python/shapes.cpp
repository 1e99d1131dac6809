// Modules that resample, pad and rearrange.
#include "ebb/interop/python/classes.h"
#include "ebb/nn/layers/flatten.h"
#include "ebb/nn/layers/fold.h"
#include "ebb/nn/layers/padding.h"
#include "ebb/nn/layers/upsample.h"

namespace ebb::interop {
namespace {

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

InterpolateOptions read_upsample(PythonFields& field) {
  InterpolateOptions o;
  list_upsample(field, o);
  return o;
}

nn::SharedLayer make_upsample(PythonFields& field, const ReadChild&) { return nn::Upsample(read_upsample(field)); }

/// Of those that fix the mode.
template <class M>
nn::SharedLayer make_upsampling(PythonFields& field, const ReadChild&) {
  const InterpolateOptions o = read_upsample(field);
  return M({.size = o.size, .scale_factor = o.scale_factor});
}

void write_upsample(PythonFields& field, const nn::Module& of) {
  InterpolateOptions o = static_cast<const nn::Upsample&>(of).options;
  field.fixed("name", of.kind());
  list_upsample(field, o);
}

template <class M>
constexpr PythonClass upsample(const char* name, nn::SharedLayer (*make)(PythonFields&, const ReadChild&)) {
  return {"torch.nn.modules.upsampling", name, &typeid(M), make, write_upsample};
}

nn::ImagePadding read_sides(PythonFields& field) {
  Dims sides{0, 0, 0, 0};
  field("padding", sides);
  check(sides.size() == 4, "attribute padding must have 4 sides, got ", sides);
  return {sides[0], sides[1], sides[2], sides[3]};
}

void write_sides(PythonFields& field, const nn::Module& of) {
  Dims sides = static_cast<const nn::PadBase&>(of).padding;
  field("padding", sides);
}

template <class M>
nn::SharedLayer make_padding(PythonFields& field, const ReadChild&) {
  return M(read_sides(field));
}

nn::SharedLayer make_constant_padding(PythonFields& field, const ReadChild&) {
  const nn::ImagePadding sides = read_sides(field);
  Scalar value = 0.0;
  field("value", value);
  return nn::ConstantPad2d(sides, value);
}

void write_constant_padding(PythonFields& field, const nn::Module& of) {
  Scalar value = static_cast<const nn::ConstantPad2d&>(of).value;
  write_sides(field, of);
  field("value", value);
}

void write_zero_padding(PythonFields& field, const nn::Module& of) {
  write_sides(field, of);
  field.fixed("value", 0.0);
}

template <class M>
constexpr PythonClass padding(const char* name, nn::SharedLayer (*make)(PythonFields&, const ReadChild&),
                              void (*write)(PythonFields&, const nn::Module&)) {
  return {"torch.nn.modules.padding", name, &typeid(M), make, write};
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

void list_pixel_shuffle(PythonFields& field, nn::PixelShuffle& shuffle) {
  field("upscale_factor", shuffle.upscale_factor);
}

void list_flatten(PythonFields& field, nn::Flatten& flatten) {
  field("start_dim", flatten.start_dim);
  field("end_dim", flatten.end_dim);
}

void list_unflatten(PythonFields& field, nn::Unflatten& unflatten) {
  field("dim", unflatten.dim);
  field("unflattened_size", unflatten.unflattened_size);
}

}  // namespace

template <>
nn::FoldOptions blank() {
  return {1, 1};
}

template <>
UnfoldOptions blank() {
  return {1};
}

template <>
nn::PixelShuffle blank() {
  return nn::PixelShuffle(1);
}

template <>
nn::Unflatten blank() {
  return {1, {-1}};
}

std::span<const PythonClass> shapes() {
  using namespace nn;
  constexpr const char *fold = "torch.nn.modules.fold", *flatten = "torch.nn.modules.flatten";
  static constexpr PythonClass rows[] = {
      upsample<Upsample>("Upsample", make_upsample),
      upsample<UpsamplingNearest2d>("UpsamplingNearest2d", make_upsampling<UpsamplingNearest2d>),
      upsample<UpsamplingBilinear2d>("UpsamplingBilinear2d", make_upsampling<UpsamplingBilinear2d>),
      padding<ConstantPad2d>("ConstantPad2d", make_constant_padding, write_constant_padding),
      padding<ZeroPad2d>("ZeroPad2d", make_padding<ZeroPad2d>, write_zero_padding),
      padding<ReflectionPad2d>("ReflectionPad2d", make_padding<ReflectionPad2d>, write_sides),
      padding<ReplicationPad2d>("ReplicationPad2d", make_padding<ReplicationPad2d>, write_sides),
      with_options<Fold, list_fold>(fold, "Fold"),
      with_options<Unfold, list_unfold>(fold, "Unfold"),
      with_members<PixelShuffle, list_pixel_shuffle>("torch.nn.modules.pixelshuffle", "PixelShuffle"),
      with_members<Flatten, list_flatten>(flatten, "Flatten"),
      with_members<Unflatten, list_unflatten>(flatten, "Unflatten"),
  };
  return rows;
}

}  // namespace ebb::interop
