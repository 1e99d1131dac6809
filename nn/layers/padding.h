#pragma once

#include "ebb/core/dtype/scalar.h"
#include "ebb/nn/slots.h"

namespace ebb::nn {

/// What is added around an image: one number for all sides, or left, right, top, bottom; negative crops.
class ImagePadding {
 public:
  ImagePadding(std::int64_t all) : sides{all, all, all, all} {}
  ImagePadding(std::int64_t left, std::int64_t right, std::int64_t top, std::int64_t bottom)
      : sides{left, right, top, bottom} {}

  Dims sides;
};

/// What the paddings have in common; see ebb::pad.
class PadBase : public Module {
 public:
  std::string extra_repr() const override;

  Dims padding;  ///< left, right, top, bottom

 protected:
  explicit PadBase(const ImagePadding& sides) : padding(sides.sides) {}
};

class ConstantPad2d : public PadBase {
 public:
  ConstantPad2d(const ImagePadding& sides, Scalar fill) : PadBase(sides), value(fill) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override;

  Scalar value;
};
inline ConstantPad2d constant_pad2d(const ImagePadding& padding, Scalar value) { return {padding, value}; }

class ZeroPad2d : public PadBase {
 public:
  explicit ZeroPad2d(const ImagePadding& sides) : PadBase(sides) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline ZeroPad2d zero_pad2d(const ImagePadding& padding) { return ZeroPad2d(padding); }

/// Mirrored at the edge, which is not repeated.
class ReflectionPad2d : public PadBase {
 public:
  explicit ReflectionPad2d(const ImagePadding& sides) : PadBase(sides) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline ReflectionPad2d reflection_pad2d(const ImagePadding& padding) { return ReflectionPad2d(padding); }

/// The edge, repeated.
class ReplicationPad2d : public PadBase {
 public:
  explicit ReplicationPad2d(const ImagePadding& sides) : PadBase(sides) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline ReplicationPad2d replication_pad2d(const ImagePadding& padding) { return ReplicationPad2d(padding); }

}  // namespace ebb::nn
