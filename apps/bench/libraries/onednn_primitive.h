#pragma once

#include <memory>
#include <span>
#include <string>

#include "ebb/core/shape.h"

#include "apps/bench/libraries/onednn_library.h"

namespace ebb::bench::onednn {

/// An Error that says what failed, for any status but success.
void check_status(int status, const char* what);

MemoryDesc strided(const Shape& shape, const Strides& strides);
/// In a layout that oneDNN chooses.
MemoryDesc in_any_layout(const Shape& shape);

bool are_equal(const MemoryDesc* a, const MemoryDesc* b);
/// Elements of float32, with those that fill up a blocked layout.
std::int64_t elements_of(const MemoryDesc* desc);

/// Where a primitive's tensor lies. It owns no elements.
class Place {
 public:
  explicit Place(const MemoryDesc* desc, const void* data = nullptr);
  /// From now on, at that address.
  Memory* at(const void* data);
  Memory* get() const { return memory_.get(); }

 private:
  std::unique_ptr<Memory, int (*)(Memory*)> memory_;
};

/// A computation that is ready to run.
class Computation {
 public:
  /// An Error where oneDNN cannot. `forward`: what a gradient is the gradient of.
  explicit Computation(const OperationDesc& operation, const Computation* forward = nullptr);
  /// From one layout to another.
  Computation(const MemoryDesc* from, const MemoryDesc* to);

  /// How a tensor is to lie; valid as long as this is.
  const MemoryDesc* layout_of(int what) const;
  /// oneDNN's name for it: "jit:avx2".
  std::string implementation() const;

  void run(std::span<const Argument> arguments) const;

 private:
  explicit Computation(PrimitiveDesc* desc);

  std::unique_ptr<PrimitiveDesc, int (*)(PrimitiveDesc*)> desc_;
  std::unique_ptr<Primitive, int (*)(Primitive*)> primitive_;
};

}  // namespace ebb::bench::onednn
