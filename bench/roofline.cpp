#include "bench/roofline.h"

#include <atomic>
#include <vector>

#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/cpu/isa.h"

#include "bench/timing.h"

namespace ebb::bench {
namespace {

constexpr int rounds = 1 << 20, registers = 12;

template <int bytes>
struct Wide {
  typedef float Vector __attribute__((vector_size(bytes)));
};

/// Multiply-adds in twelve independent registers; the number of floating operations.
template <int bytes>
[[gnu::always_inline]] inline double multiply_add(float& sink) {
  using Vector = typename Wide<bytes>::Vector;
  Vector sum[registers];
  for (int r = 0; r < registers; ++r) sum[r] = Vector{} + static_cast<float>(r);  // unlike, or they would be made one
  const Vector factor = Vector{} + 0.999999F + sink;
  for (int i = 0; i < rounds; ++i) {
    for (Vector& s : sum) s = s * factor + factor;
  }
  for (const Vector& s : sum) sink += s[0];
  return 2.0 * rounds * registers * (bytes / sizeof(float));
}

[[gnu::target("avx512f,fma"), gnu::noinline]] double with_avx512(float& sink) { return multiply_add<64>(sink); }
[[gnu::target("avx2,fma"), gnu::noinline]] double with_avx2(float& sink) { return multiply_add<32>(sink); }
[[gnu::noinline]] double with_sse2(float& sink) { return multiply_add<16>(sink); }

double peak_flops() {
  const auto best = kernels::isa() == kernels::Isa::avx512 ? with_avx512
                    : kernels::isa() == kernels::Isa::avx2 ? with_avx2
                                                           : with_sse2;
  const int threads = num_threads();
  std::atomic<double> operations = 0;
  const Spread seconds = measure(9, 1, [&] {
    parallel_for(threads, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        float sink = 0;
        operations = best(sink) * threads;
        asm volatile("" : : "x"(sink));
      }
    });
  });
  return operations / seconds.low;
}

double bandwidth() {
  constexpr std::int64_t count = 1 << 24;
  std::vector<float> a(count, 1), b(count, 2), c(count);
  const Spread seconds = measure(9, 1, [&] {
    parallel_for(count, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        c[static_cast<std::size_t>(i)] = a[static_cast<std::size_t>(i)] + b[static_cast<std::size_t>(i)];
    });
  });
  return 3.0 * count * sizeof(float) / seconds.low;
}

}  // namespace

Roofline measure_roofline() { return {peak_flops(), bandwidth()}; }

}  // namespace ebb::bench
