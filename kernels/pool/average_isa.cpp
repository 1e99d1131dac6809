#include "ebb/kernels/cpu/wide.h"
#include "ebb/kernels/pool/average_loops.h"

namespace ebb::kernels {
namespace {

/// Division by an integer: by a power of two, its reciprocal gives the same bits in less time.
template <class T>
struct Quotient {
  [[gnu::always_inline]] explicit Quotient(std::int64_t by)
      : divisor(static_cast<T>(by)), is_power_of_two((by & (by - 1)) == 0) {}

  template <class Vector>
  [[gnu::always_inline]] Vector operator()(const Vector& v) const {
    return is_power_of_two ? v * (T(1) / divisor) : v / divisor;
  }

  T divisor;
  bool is_power_of_two;
};

}  // namespace

template <Isa, class T>
void average_row(const AverageRow<T>& given) {
  const AverageRow<T> row = given;  // a copy, that what is stored cannot change
  for (std::int64_t q = 0; q < row.windows; ++q) {
    const PlaceRange columns = row.columns[q];
    const Quotient<T> quotient(row.divisors[q]);
    by_registers<T>(row.channels, [&](auto kind, std::int64_t c) {
      using Register = decltype(kind);
      typename Register::Vector sum{};
      for (std::int64_t h = row.rows.begin; h < row.rows.end; ++h) {
        const T* line = row.image + h * row.width * row.channels + c;
        for (std::int64_t w = columns.begin; w < columns.end; ++w) sum += Register::load(line + w * row.channels);
      }
      Register::store(quotient(sum), row.y + q * row.channels + c);
    });
  }
}

template <Isa, class T>
void divide_row(const T* dy, const std::int64_t* divisors, std::int64_t windows, std::int64_t channels, T* quotients) {
  for (std::int64_t q = 0; q < windows; ++q, dy += channels, quotients += channels) {
    const Quotient<T> quotient(divisors[q]);
    by_registers<T>(channels, [&](auto kind, std::int64_t c) {
      using Register = decltype(kind);
      Register::store(quotient(Register::load(dy + c)), quotients + c);
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
