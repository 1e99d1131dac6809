#include "ebb/kernels/cpu/wide.h"
#include "ebb/kernels/pool/average_loops.h"

namespace ebb::kernels {
namespace {

/// 1 / n where a product with it has the bits of the quotient by n, and takes less time: of powers of two. Otherwise 0.
template <class T>
[[gnu::always_inline]] inline T exact_reciprocal(std::int64_t n) {
  return (n & (n - 1)) == 0 ? T(1) / static_cast<T>(n) : T(0);
}

template <class T, class Vector>
[[gnu::always_inline]] inline Vector quotient(const Vector& v, T divisor, T reciprocal) {
  return reciprocal != 0 ? v * reciprocal : v / divisor;
}

}  // namespace

template <Isa, class T>
void average_row(const AverageRow<T>& given) {
  const AverageRow<T> row = given;  // a copy, that what is stored cannot change
  for (std::int64_t q = 0; q < row.windows; ++q) {
    const PlaceRange columns = row.columns[q];
    const T divisor = static_cast<T>(row.divisors[q]), reciprocal = exact_reciprocal<T>(row.divisors[q]);
    by_registers<T>(row.channels, [&](auto kind, std::int64_t c) {
      using Register = decltype(kind);
      typename Register::Vector sum{};
      for (std::int64_t h = row.rows.begin; h < row.rows.end; ++h) {
        const T* line = row.image + h * row.width * row.channels + c;
        for (std::int64_t w = columns.begin; w < columns.end; ++w) sum += Register::load(line + w * row.channels);
      }
      Register::store(quotient<T>(sum, divisor, reciprocal), row.y + q * row.channels + c);
    });
  }
}

template <Isa, class T>
void divide_row(const T* dy, const std::int64_t* divisors, std::int64_t windows, std::int64_t channels, T* quotients) {
  for (std::int64_t q = 0; q < windows; ++q, dy += channels, quotients += channels) {
    const T divisor = static_cast<T>(divisors[q]), reciprocal = exact_reciprocal<T>(divisors[q]);
    by_registers<T>(channels, [&](auto kind, std::int64_t c) {
      using Register = decltype(kind);
      Register::store(quotient<T>(Register::load(dy + c), divisor, reciprocal), quotients + c);
    });
  }
}

template <Isa, class T>
void spread_row(const SpreadRow<T>& given) {
  const SpreadRow<T> row = given;
  for (std::int64_t w = 0; w < row.width; ++w) {
    const PlaceRange holders = row.holders[w];
    T* to = row.dx + w * row.channels;
    by_registers<T>(row.channels, [&](auto kind, std::int64_t c) {
      using Register = decltype(kind);
      typename Register::Vector sum{};
      if (!row.is_first) sum = Register::load(to + c);
      for (std::int64_t q = holders.begin; q < holders.end; ++q) {
        sum += Register::load(row.quotients + q * row.channels + c);
      }
      Register::store(sum, to + c);
    });
  }
}

template void average_row<this_isa>(const AverageRow<float>&);
template void average_row<this_isa>(const AverageRow<double>&);
template void divide_row<this_isa>(const float*, const std::int64_t*, std::int64_t, std::int64_t, float*);
template void divide_row<this_isa>(const double*, const std::int64_t*, std::int64_t, std::int64_t, double*);
template void spread_row<this_isa>(const SpreadRow<float>&);
template void spread_row<this_isa>(const SpreadRow<double>&);

}  // namespace ebb::kernels
