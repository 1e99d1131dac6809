#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/ops/shape/slice.h"
#include "ebb/kernels/resample/resample.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {

TEST_CASE("a sparse matrix applied to lines agrees") {
  const Tensor offsets = tensor({0, 2, 2, 5, 6});  // one row of none
  const Tensor columns = tensor({0, 2, 1, 0, 1, 2});
  for (const DType dtype : {kFloat32, kFloat64, kFloat16, kBFloat16}) {
    const Tensor weights = tensor({0.5, -2.0, 1.0, 3.0, 0.25, 1.0}).to(opmath_type(dtype));
    for (const Shape& x : std::vector<Shape>{
             {1, 3, 1}, {4, 3, 1}, {2, 3, 7}, {300, 3, 5}, {3, 3, 8}, {5, 3, 24}, {0, 3, 2}, {2, 3, 0}}) {
      const Tensor y = empty({x[0], 4, x[2]}, {.dtype = dtype});
      CAPTURE(to_string(x));
      for (const bool special : {false, true}) {
        require_agreement({random_tensor(x, dtype, special), offsets, columns, weights}, {y},
                          tolerance_of(dtype, 1e-6, 1e-6), [](auto& context, const Tensors& in, Tensors& out) {
                            kernels::resample(context, in[0], {in[1], in[2], in[3]}, out[0]);
                          });
      }
    }
  }
}

TEST_CASE("images are resampled in both dimensions as in one after the other, on both devices") {
  CpuContext cpu;
  const Tensor row_offsets = tensor({0, 1, 3, 3, 4, 9}), row_columns = tensor({1, 0, 2, 2, 0, 1, 2, 3, 3});
  const Tensor column_offsets = tensor({0, 3, 4, 8}), column_columns = tensor({0, 1, 2, 1, 2, 1, 0, 2});
  for (const DType dtype : {kFloat32, kFloat64, kFloat16, kBFloat16}) {
    const Tensor row_weights = tensor({1.0, 0.5, -2.0, 0.75, 1.0, 3.0, 0.25, 1.0, -1.0}).to(opmath_type(dtype));
    const Tensor column_weights = tensor({0.5, -2.0, 1.0, 1.0, 3.0, 0.25, 1.0, 2.0}).to(opmath_type(dtype));
    const kernels::SparseRows rows{row_offsets, row_columns, row_weights};
    const kernels::SparseRows columns{column_offsets, column_columns, column_weights};
    for (const std::int64_t channels : {1, 5, 16, 37}) {
      const Tensor x = random_tensor({3, channels, 4, 3}, dtype).contiguous(MemoryFormat::channels_last);
      Tensor y = empty({3, channels, 5, 3}, {.dtype = dtype}, MemoryFormat::channels_last);
      kernels::resample_images(cpu, x, rows, columns, y);
      const Tensors in{x, row_offsets, row_columns, row_weights, column_offsets, column_columns, column_weights};
      require_agreement(in, {y}, tolerance_of(dtype, 2e-6, 1e-14), [](auto& context, const Tensors& of, Tensors& out) {
        kernels::resample_images(context, of[0], {of[1], of[2], of[3]}, {of[4], of[5], of[6]}, out[0]);
      });
      if (is_half_precision(dtype)) continue;  // one after the other it is rounded twice
      Tensor between = empty({3, 5, 3 * channels}, {.dtype = dtype}),
             expected = empty({15, 3, channels}, {.dtype = dtype});
      kernels::resample(cpu, x.permute({0, 2, 3, 1}).reshape({3, 4, 3 * channels}), rows, between);
      kernels::resample(cpu, between.view({15, 3, channels}), columns, expected);
      require_close(y.permute({0, 2, 3, 1}).reshape({15, 3, channels}), expected, 1e-6);
    }
  }
}

TEST_CASE("many lines are combined as the formula says") {
  CpuContext cpu;
  constexpr std::int64_t in = 19, out = 21;
  std::vector<std::int64_t> offsets{0}, of_columns;
  for (std::int64_t row = 0; row < out; ++row) {  // of no entry up to four
    for (std::int64_t k = 0; k < row % 5; ++k) of_columns.push_back((row * 7 + k * 3) % in);
    offsets.push_back(static_cast<std::int64_t>(of_columns.size()));
  }
  const auto entries = static_cast<std::int64_t>(of_columns.size());
  for (const DType dtype : {kFloat32, kFloat64}) {
    const Tensor weights = random_tensor({entries}, dtype);
    const kernels::SparseRows matrix{from_values(std::span<const std::int64_t>(offsets), {out + 1}),
                                     from_values(std::span<const std::int64_t>(of_columns), {entries}), weights};
    const auto combined = [&](const Tensor& x) {
      const Tensor from = x.contiguous().to(kFloat64), by = weights.to(kFloat64);
      Tensor y = zeros({x.size(0), out}, {.dtype = kFloat64});
      for (std::int64_t i = 0; i < y.numel(); ++i) {
        const auto row = static_cast<std::size_t>(i % out);
        for (auto k = static_cast<std::size_t>(offsets[row]); k < static_cast<std::size_t>(offsets[row + 1]); ++k) {
          y.data<double>()[i] += by.data<double>()[k] * from.data<double>()[i / out * in + of_columns[k]];
        }
      }
      return y.to(dtype);
    };
    for (const std::int64_t lines : {1, 3, 16, 23, 61}) {
      const Tensor x = random_tensor({lines, in, 1}, dtype);
      Tensor y = full({lines, out, 1}, 7, {.dtype = dtype});
      kernels::resample(cpu, x, matrix, y);
      require_close(y.view({lines, out}), combined(x.view({lines, in})), 1e-5);

      const Tensor image = random_tensor({lines, 1, in, in}, dtype);
      Tensor of_image = full({lines, 1, out, out}, 7, {.dtype = dtype});
      kernels::resample_images(cpu, image, matrix, matrix, of_image);
      const Tensor by_row = combined(image.view({lines, in, in}).transpose(1, 2).reshape({lines * in, in}));
      const Tensor expected = combined(by_row.view({lines, in, out}).transpose(1, 2).reshape({lines * out, in}));
      require_close(of_image.view({lines * out, out}), expected, 1e-4);
    }
  }
}

TEST_CASE("a last row of none ends where its line does") {
  CpuContext cpu;
  const Tensor offsets = tensor({0, 2, 5, 6, 6}), columns = tensor({0, 2, 1, 0, 1, 2});
  const Tensor weights = tensor({0.5f, -2.0f, 1.0f, 3.0f, 0.25f, 1.0f});
  const Tensor all = full({2 * 4 * 5 + 1}, 7);
  Tensor y = all.narrow(0, 0, 2 * 4 * 5).view({2, 4, 5});
  kernels::resample(cpu, random_tensor({2, 3, 5}), {offsets, columns, weights}, y);
  CHECK(all.data<float>()[2 * 4 * 5 - 1] == 0);
  CHECK(all.data<float>()[2 * 4 * 5] == 7);
}

}  // namespace ebb::test
