#include "bench/roofline.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <numeric>
#include <vector>

#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/cpu/isa.h"

#include "bench/timing.h"

namespace ebb::bench {
namespace {

constexpr int rounds = 1 << 20, registers = 12;

template <class T, int bytes>
struct Wide {
  typedef T Vector __attribute__((vector_size(bytes)));
};

/// Multiply-adds in twelve independent registers; the number of floating operations.
template <class T, int bytes>
[[gnu::always_inline]] inline double multiply_add(T& sink) {
  using Vector = typename Wide<T, bytes>::Vector;
  Vector sum[registers];
  for (int r = 0; r < registers; ++r) sum[r] = Vector{} + static_cast<T>(r);  // unlike, or they would be made one
  const Vector factor = Vector{} + static_cast<T>(0.999999) + sink;
  for (int i = 0; i < rounds; ++i) {
    for (Vector& s : sum) s = s * factor + factor;
  }
  for (const Vector& s : sum) sink += s[0];
  return 2.0 * rounds * registers * (bytes / sizeof(T));
}

template <class T>
[[gnu::target("avx512f,fma"), gnu::noinline]] double with_avx512(T& sink) {
  return multiply_add<T, 64>(sink);
}
template <class T>
[[gnu::target("avx2,fma"), gnu::noinline]] double with_avx2(T& sink) {
  return multiply_add<T, 32>(sink);
}
template <class T>
[[gnu::noinline]] double with_sse2(T& sink) {
  return multiply_add<T, 16>(sink);
}

/// A ceiling is what a quiet moment allows, so the best of many runs counts.
double best_seconds(auto&& body) {
  constexpr int runs = 60;
  double best = seconds_of(body);
  for (int i = 1; i < runs; ++i) best = std::min(best, seconds_of(body));
  return best;
}

template <class T>
double peak_flops() {
  const auto best = kernels::isa() == kernels::Isa::avx512 ? with_avx512<T>
                    : kernels::isa() == kernels::Isa::avx2 ? with_avx2<T>
                                                           : with_sse2<T>;
  const int threads = num_threads();
  std::atomic<double> operations = 0;
  const double seconds = best_seconds([&] {
    parallel_for(threads, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        T sink = 0;
        operations = best(sink) * threads;
        asm volatile("" : : "x"(sink));
      }
    });
  });
  return operations / seconds;
}

double bandwidth() {
  constexpr std::int64_t count = 1 << 24;
  std::vector<float> a(count, 1), b(count, 2), c(count);
  const double seconds = best_seconds([&] {
    parallel_for(count, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        c[static_cast<std::size_t>(i)] = a[static_cast<std::size_t>(i)] + b[static_cast<std::size_t>(i)];
    });
  });
  return 3.0 * count * sizeof(float) / seconds;
}

/// Several sums at once, or additions would wait for each other.
float sum_of(const float* x, std::int64_t count) {
  constexpr std::int64_t together = 64;
  std::array<float, together> sums{};
  for (std::int64_t i = 0; i + together <= count; i += together) {
    for (std::int64_t j = 0; j < together; ++j) sums[static_cast<std::size_t>(j)] += x[i + j];
  }
  return std::accumulate(sums.begin(), sums.end(), 0.0F);
}

double read_bandwidth() {
  constexpr std::int64_t count = 1 << 25;
  const std::vector<float> x(count, 1);
  const double seconds = best_seconds([&] {
    parallel_for(count, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      const float sum = sum_of(x.data() + begin, end - begin);
      asm volatile("" : : "x"(sum));
    });
  });
  return 1.0 * count * sizeof(float) / seconds;
}

}  // namespace

Roofline measure_roofline() { return {peak_flops<float>(), peak_flops<double>(), bandwidth(), read_bandwidth()}; }

}  // namespace ebb::bench
