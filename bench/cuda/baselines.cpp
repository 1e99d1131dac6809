#include "bench/cuda/baselines.h"

#include <cublas_v2.h>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/cuda/library.h"

namespace ebb::bench {
namespace {

struct Functions {
  decltype(&cublasSgemmStridedBatched_64) gemm;
};

const Library<Functions>& cublas() {
  static const Library<Functions> library = open_library<Functions>(
      "cuBLAS", "libcublas.so.13",
      [](LibraryOpener& opener, Functions& functions) { opener.find("cublasSgemmStridedBatched_64", functions.gemm); });
  return library;
}

/// y = a b for the matrices of two batches; a matrix that is transposed lies by columns.
Tensor product(const Tensor& a, const Tensor& b, bool transposed_a, bool transposed_b) {
  const std::int64_t m = a.size(transposed_a ? 2 : 1), k = a.size(transposed_a ? 1 : 2),
                     n = b.size(transposed_b ? 1 : 2);
  Tensor y = empty({a.size(0), m, n}, {.device = a.device()});
  const float one = 1, zero = 0;
  // cuBLAS counts by columns: it gets the transposed product of the operands in the other order.
  cublas_check(functions_of(cublas()).gemm(cuda_context(0).cublas(), transposed_b ? CUBLAS_OP_T : CUBLAS_OP_N,
                                           transposed_a ? CUBLAS_OP_T : CUBLAS_OP_N, n, m, k, &one, b.data<float>(),
                                           b.size(2), k * n, a.data<float>(), a.size(2), m * k, &zero, y.data<float>(),
                                           n, m * n, a.size(0)));
  return y;
}

}  // namespace

std::vector<Baseline> baselines_of(const Case& c) {
  if (c.family != "bmm") return cudnn_baselines_of(c);
  const std::string layout = c.spec.at("layout");
  const bool a = layout[0] == 't', b = layout[1] == 't';
  return {{"cublas batched", cublas().functions != nullptr ? "" : cublas().missing,
           [a, b](std::span<const Tensor> inputs) { return product(inputs[0], inputs[1], a, b); }}};
}

}  // namespace ebb::bench
