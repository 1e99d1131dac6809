#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

#include "ebb/core/tensor.h"
#include "ebb/kernels/cpu/isa.h"

namespace ebb::kernels {

/// y[i] = op(x[i]) for i < count, of one functor and one element type.
using UnaryRow = void (*)(const void* op, const void* x, void* y, std::int64_t count);
/// y = op(a, b) likewise.
using BinaryRow = void (*)(const void* op, const void* a, const void* b, void* y, std::int64_t count);
/// y = op(a, b, c) likewise.
using TernaryRow = void (*)(const void* op, const void* a, const void* b, const void* c, void* y, std::int64_t count);

// The function for the alternative that `op` counts, of UnaryOp, BinaryOp, CompareOp and ActivationOp, for float or
// double. Null where there is none.
template <Isa, class T>
UnaryRow unary_row(std::size_t op);
template <Isa, class T>
BinaryRow binary_row(std::size_t op);
template <Isa, class T>
BinaryRow compare_row(std::size_t op);
template <Isa, class T>
UnaryRow activation_row(std::size_t op);
template <Isa, class T>
BinaryRow activation_backward_row(std::size_t op);

/// What a row function takes as `op`: the alternative that `ops` holds.
template <class Ops>
const void* functor_of(const Ops& ops) {
  return std::visit([](const auto& op) -> const void* { return &op; }, ops);
}

/// y = op(x) for inputs of any strides that broadcast to the shape of y.
void map_rows(UnaryRow row, const void* op, const Tensor& x, Tensor& y);
/// y = op(a, b) likewise.
void map_rows(BinaryRow row, const void* op, const Tensor& a, const Tensor& b, Tensor& y);
/// y = op(a, b, c) likewise.
void map_rows(TernaryRow row, const void* op, const Tensor& a, const Tensor& b, const Tensor& c, Tensor& y);

/// The sum of op(a, b), of a and b whose elements lie without gaps and in one order. The same for any number of
/// threads.
double sum_rows(BinaryRow row, const void* op, const Tensor& a, const Tensor& b);

}  // namespace ebb::kernels
