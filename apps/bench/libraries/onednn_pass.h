#pragma once

#include <vector>

#include "ebb/core/tensor.h"

#include "apps/bench/libraries/onednn_primitive.h"

namespace ebb::bench::onednn {

/// A computation with its tensors, ready to run again and again.
class BoundComputation {
 public:
  explicit BoundComputation(Computation computation);

  /// Of what it computes: a tensor that stays where it is, and is read or written over there.
  void bind(int argument, const MemoryDesc* desc, const Tensor& x);
  /// The same, of elements that nobody else has.
  Tensor bind_own(int argument, const MemoryDesc* desc);
  /// A result, which each run makes anew.
  void make(int argument, const MemoryDesc* desc, const Shape& shape, MemoryFormat format = MemoryFormat::contiguous);

  /// The results in the order of make().
  std::vector<Tensor> run();

  const Computation& computation() const { return computation_; }

 private:
  struct Result {
    std::size_t place;
    Shape shape;
    MemoryFormat format;
  };

  Computation computation_;
  std::vector<Tensor> bound_;
  std::vector<Place> places_;
  std::vector<Argument> arguments_;
  std::vector<Result> results_;
};

/// Where a tensor lies as that desc says, there is itself; otherwise a copy of it that does.
Tensor brought_to(const MemoryDesc* desc, const MemoryDesc& plain, const Tensor& x);

}  // namespace ebb::bench::onednn
