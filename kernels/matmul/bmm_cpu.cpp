#include "ebb/kernels/matmul/bmm.h"

#include <algorithm>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/gemm/gemm.h"
#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/wrapping.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t multiplications_per_chunk = 1 << 19;

/// x itself where its matrices lie by rows or by columns, a contiguous copy otherwise.
Tensor with_unit_stride(CpuContext& context, const Tensor& x) {
  const bool by_rows = x.stride(2) == 1 && x.stride(1) >= x.size(2);
  const bool by_columns = x.stride(1) == 1 && x.stride(2) >= x.size(1);
  if (by_rows || by_columns) return x;
  Tensor copied = allocate(x.shape(), x.dtype());
  copy(context, x, copied);
  return copied;
}

void finish(const Epilogue& epilogue, Tensor& y, std::int64_t first, std::int64_t rows) {
  visit_float(y.dtype(), [&]<class T>() {
    const auto finish_these = best([]<Isa isa> { return finish_tile<isa, T>; });
    const std::int64_t n = y.size(2);
    T* c = y.data<T>() + first;
    finish_these(elements_of<T>(epilogue).from(first, 0), rows, n, c, n, c, n);
  });
}

/// Any strides, any dtype: three loops.
template <class T>
void gemm_plain(const Gemm<T>& g) {
  for (std::int64_t i = 0; i < g.m; ++i) {
    for (std::int64_t j = 0; j < g.n; ++j) {
      T sum = 0;
      for (std::int64_t p = 0; p < g.k; ++p) {
        sum = added(sum, multiplied(g.a[i * g.a_row + p * g.a_column], g.b[p * g.b_row + j * g.b_column]));
      }
      g.c[i * g.c_row + j] = sum;
    }
  }
}

template <class T>
using Multiply = void (*)(const Gemm<T>&);

/// Rows of the results are shared out among threads, in blocks that depend on the sizes alone.
template <class T>
void bmm_as(Multiply<T> multiply, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  const std::int64_t batch = y.size(0), m = y.size(1), n = y.size(2), k = a.size(2);
  const T *a_data = a.data<T>(), *b_data = b.data<T>();
  T* y_data = y.data<T>();
  const std::int64_t work = std::max<std::int64_t>(n * k, 1);
  const std::int64_t block =
      std::clamp<std::int64_t>(multiplications_per_chunk / work / 16 * 16, 16, std::max<std::int64_t>(m, 16));
  const std::int64_t blocks = (m + block - 1) / block;
  const std::int64_t grain = std::max<std::int64_t>(1, multiplications_per_chunk / (work * block));
  parallel_for(batch * blocks, grain, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t matrix = i / blocks, row = i % blocks * block, rows = std::min(block, m - row);
      const std::int64_t to = (matrix * m + row) * n;
      multiply({.m = rows,
                .n = n,
                .k = k,
                .a = a_data + matrix * a.stride(0) + row * a.stride(1),
                .a_row = a.stride(1),
                .a_column = a.stride(2),
                .b = b_data + matrix * b.stride(0),
                .b_row = b.stride(1),
                .b_column = b.stride(2),
                .c = y_data + to,
                .c_row = n});
      if (!epilogue.is_empty()) finish(epilogue, y, to, rows);
    }
  });
}

template <class T>
void multiply_each(const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  const std::int64_t batch = y.size(0), m = y.size(1), n = y.size(2), k = a.size(2);
  const TileEpilogue<T> finish = elements_of<T>(epilogue);
  const std::int64_t together = multiplications_per_chunk / std::max<std::int64_t>(m * n * k, 1);
  const bool is_large = batch < num_threads();
  parallel_for(batch, is_large ? batch : std::max<std::int64_t>(together, 1),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t i = first; i < last; ++i) {
                   gemm<T>({.m = m,
                            .n = n,
                            .k = k,
                            .a = a.data<T>() + i * a.stride(0),
                            .a_row = a.stride(1),
                            .a_column = a.stride(2),
                            .b = b.data<T>() + i * b.stride(0),
                            .b_row = b.stride(1),
                            .b_column = b.stride(2),
                            .c = y.data<T>() + i * m * n,
                            .c_row = n,
                            .epilogue = finish.from(i * m * n, 0)});
                 }
               });
}

void by_tiles(CpuContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  const Tensor left = with_unit_stride(context, a), right = with_unit_stride(context, b);
  visit_float(y.dtype(), [&]<class T>() { multiply_each<T>(left, right, epilogue, y); });
}

void by_eigen(CpuContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  const Tensor left = with_unit_stride(context, a), right = with_unit_stride(context, b);
  visit_float(y.dtype(), [&]<class T>() { bmm_as<T>(gemm_eigen<T>, left, right, epilogue, y); });
}

void by_loops(CpuContext&, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  visit_number(y.dtype(), [&]<class T>() { bmm_as<T>(gemm_plain<T>, a, b, epilogue, y); });
}

struct CpuProduct : Implementation<BmmTask> {
  void (*run)(CpuContext&, const Tensor& a, const Tensor& b, const Epilogue&, Tensor& y);
};

const char* fast_refusal(const BmmTask& task) {
  return is_floating(task.a.dtype()) ? nullptr : "integers have no fast product";
}

/// Where packing would take longer than multiplying.
const char* tiles_refusal(const BmmTask& task) {
  constexpr std::int64_t few_multiplications = 2048;
  if (const char* refusal = fast_refusal(task)) return refusal;
  if (is_wanted("bmm", "tiles")) return nullptr;
  const std::int64_t m = task.a.size(1), k = task.a.size(2), n = task.b.size(2);
  if (m == 1 || n == 1) return "one of the factors is a vector";
  return m * n * k < few_multiplications ? "the matrices are small" : nullptr;
}

constexpr CpuProduct implementations[] = {
    {{"tiles", tiles_refusal}, by_tiles},
    {{"eigen", fast_refusal}, by_eigen},
    {{"plain", takes_any}, by_loops},
};

[[gnu::cold]] void by_float32(CpuContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue,
                              Tensor& y) {
  in_float32(
      context,
      [&](const Tensor& left, const Tensor& right, const Tensor& scale, const Tensor& shift, const Tensor& residual,
          Tensor& to) {
        bmm(context, left, right, {scale, shift, residual, epilogue.activation}, to);
      },
      a, b, epilogue.scale, epilogue.shift, epilogue.residual, y);
}

}  // namespace

void bmm(CpuContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  if (have_half(a)) return by_float32(context, a, b, epilogue, y);
  if (y.numel() == 0) return;
  if (a.size(2) == 0) {
    fill(context, 0, y);
    if (!epilogue.is_empty()) finish(epilogue, y, 0, y.size(0) * y.size(1));
    return;
  }
  choose("bmm", implementations, BmmTask{a, b}).run(context, a, b, epilogue, y);
}

Choice which_bmm(CpuContext&, const BmmTask& task) { return which("bmm", implementations, task); }

}  // namespace ebb::kernels
