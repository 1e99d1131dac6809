#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

/// The product of each pair of matrices: (b, n, m) x (b, m, p) -> (b, n, p). Transposed operands are not copied.
Tensor bmm(const Tensor& a, const Tensor& b, Site site = Site::current());
/// (n, m) x (m, p) -> (n, p)
Tensor mm(const Tensor& a, const Tensor& b, Site site = Site::current());
/// (n, m) x (m) -> (n)
Tensor mv(const Tensor& a, const Tensor& x, Site site = Site::current());
/// The sum of products of two vectors.
Tensor dot(const Tensor& a, const Tensor& b, Site site = Site::current());
/// As torch.matmul: vectors, matrices, and batches of them, whose leading dimensions broadcast.
Tensor matmul(const Tensor& a, const Tensor& b, Site site = Site::current());
/// beta x + alpha a b, where x broadcasts to the shape of the product of the matrices a and b.
Tensor addmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1,
             Site site = Site::current());
/// As addmm, of a matrix and a vector, of batches of matrices, and of these summed over the batch.
Tensor addmv(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1,
             Site site = Site::current());
Tensor baddbmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1,
               Site site = Site::current());
Tensor addbmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1,
              Site site = Site::current());
/// The products of each element of a vector with each of another: (n), (m) -> (n, m)
Tensor outer(const Tensor& a, const Tensor& b, Site site = Site::current());
/// The sums of products along the last dimensions: (..., m), (..., m) -> the other dimensions of both.
Tensor inner(const Tensor& a, const Tensor& b, Site site = Site::current());
/// a^T W b + bias for each output: a (..., n), b (..., m), weight (out, n, m), bias (out) or undefined.
Tensor bilinear(const Tensor& a, const Tensor& b, const Tensor& weight, const Tensor& bias = {},
                Site site = Site::current());
/// x weight^T + bias: x is (..., in), weight (out, in), bias (out) or undefined.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, Site site = Site::current());

}  // namespace ebb
