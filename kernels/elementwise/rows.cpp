#include "ebb/kernels/elementwise/rows.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "ebb/kernels/copy/element_bits.h"
#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/half/half_rows.h"
#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/reduce/sum_loops.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t block = 512;

void check_one_dtype(const Tensor& a, const Tensor& b) {
  check(a.dtype() == b.dtype(), "the operands must be of one dtype, got ", a.dtype(), " and ", b.dtype());
}

void copy_elements(std::int64_t size, const std::byte* x, std::int64_t x_step, std::byte* y, std::int64_t y_step,
                   std::int64_t count) {
  visit_bits(static_cast<std::size_t>(size), [&]<class T>() {
    map_row(reinterpret_cast<const T*>(x), x_step, reinterpret_cast<T*>(y), y_step, count, [](T e) { return e; });
  });
}

/// An element type that row functions know as it is, or half precision and how its neighbours become float and back.
struct ElementType {
  explicit ElementType(DType dtype) : size(static_cast<std::int64_t>(size_of(dtype))) {
    if (dtype == kFloat16) use_half<Half>();
    if (dtype == kBFloat16) use_half<BFloat16>();
  }

  bool is_half() const { return widen != nullptr; }

  std::int64_t size;
  void (*widen)(const void* from, void* to, std::int64_t count) = nullptr;
  void (*narrow)(const void* from, void* to, std::int64_t count) = nullptr;

 private:
  template <class T>
  void use_half() {
    widen = [](const void* from, void* to, std::int64_t count) {
      best([]<Isa isa> { return widen_row<isa, T>; })(static_cast<const T*>(from), static_cast<float*>(to), count);
    };
    narrow = [](const void* from, void* to, std::int64_t count) {
      best([]<Isa isa> { return narrow_row<isa, T>; })(static_cast<const float*>(from), static_cast<T*>(to), count);
    };
  }
};

/// An operand along a row. Row functions want neighbours that are no halves: other elements pass through a block.
class RowOperand {
 public:
  RowOperand(std::byte* first, std::int64_t step, const ElementType& type) : first_(first), step_(step), type_(type) {}

  bool is_direct() const { return step_ == 1 && !type_.is_half(); }
  std::byte* first() const { return first_; }

  const std::byte* read(std::int64_t i, std::int64_t count) {
    if (is_direct()) return at(i);
    if (step_ == 0 && i > 0) return block_;
    if (!type_.is_half()) {
      copy_elements(type_.size, at(i), step_, block_, 1, count);
    } else if (step_ == 1) {
      type_.widen(at(i), block_, count);
    } else {
      copy_elements(type_.size, at(i), step_, upper_half(), 1, count);
      type_.widen(upper_half(), block_, count);
    }
    return block_;
  }
  std::byte* place(std::int64_t i) { return is_direct() ? at(i) : block_; }
  void finish(std::int64_t i, std::int64_t count) {
    if (is_direct()) return;
    if (!type_.is_half()) return copy_elements(type_.size, block_, 1, at(i), step_, count);
    if (step_ == 1) return type_.narrow(block_, at(i), count);
    type_.narrow(block_, upper_half(), count);
    copy_elements(type_.size, upper_half(), 1, at(i), step_, count);
  }

 private:
  std::byte* at(std::int64_t i) const { return first_ + i * step_ * type_.size; }
  std::byte* upper_half() { return block_ + sizeof(block_) / 2; }

  std::byte* first_;
  std::int64_t step_;
  const ElementType& type_;
  alignas(64) std::byte block_[block * std::int64_t{sizeof(double)}];  // or floats, and halves in the upper half
};

/// Calls `row(inputs..., y, count)` for blocks of a row.
template <class Row, class... Inputs>
void run_row(Row row, std::int64_t count, RowOperand y, Inputs... inputs) {
  if (y.is_direct() && (inputs.is_direct() && ...)) return row(inputs.first()..., y.first(), count);
  for (std::int64_t i = 0; i < count; i += block) {
    const std::int64_t length = std::min(block, count - i);
    row(inputs.read(i, length)..., y.place(i), length);
    y.finish(i, length);
  }
}

/// Any operand of a walk over rows.
class Operand {
 public:
  explicit Operand(const Tensor& t) : first_(const_cast<std::byte*>(t.raw_data())), type_(t.dtype()) {}

  RowOperand along(std::int64_t offset, std::int64_t step) const { return {first_ + offset * type_.size, step, type_}; }

 private:
  std::byte* first_;
  ElementType type_;
};

/// Rows of any number of inputs: row(inputs..., y, count).
template <class Row, class... Inputs>
void map_any_rows(const Row& row, Tensor& y, const Inputs&... inputs) {
  const Operand out(y);
  const std::tuple in{Operand(inputs)...};
  for_each_row(plan_rows(y, inputs...), [&](const auto& at, const auto& step, std::int64_t count) {
    constexpr std::size_t last = sizeof...(inputs);
    [&]<std::size_t... k>(std::index_sequence<k...>) {
      run_row(row, count, out.along(at[last], step[last]), std::get<k>(in).along(at[k], step[k])...);
    }
    (std::index_sequence_for<Inputs...>());
  });
}

template <class T>
double sum_of_neighbours(const void* x, std::int64_t count) {
  T sum;
  best([]<Isa isa> { return sum_each<isa, T>; })(static_cast<const T*>(x), 0, count, &sum, 0, 1);
  return static_cast<double>(sum);
}

}  // namespace

void detail::map_all_rows(UnaryRow row, const void* op, const Tensor& x, Tensor& y) {
  check_one_dtype(x, y);
  map_any_rows([&](const void* from, void* to, std::int64_t count) { row(op, from, to, count); }, y, x);
}

void detail::map_all_rows(BinaryRow row, const void* op, const Tensor& a, const Tensor& b, Tensor& y) {
  check_one_dtype(a, b);
  const auto apply = [&](const void* left, const void* right, void* to, std::int64_t count) {
    row(op, left, right, to, count);
  };
  map_any_rows(apply, y, a, b);
}

void map_rows(TernaryRow row, const void* op, const Tensor& a, const Tensor& b, const Tensor& c, Tensor& y) {
  check_one_dtype(a, b);
  check_one_dtype(b, c);
  const auto apply = [&](const void* first, const void* second, const void* third, void* to, std::int64_t count) {
    row(op, first, second, third, to, count);
  };
  map_any_rows(apply, y, a, b, c);
}

double sum_rows(BinaryRow row, const void* op, const Tensor& a, const Tensor& b) {
  check_one_dtype(a, b);
  const auto sum = opmath_type(a.dtype()) == kFloat64 ? sum_of_neighbours<double> : sum_of_neighbours<float>;
  const Operand left(a), right(b);
  const std::int64_t count = a.numel(), chunks = (count + elements_per_chunk - 1) / elements_per_chunk;
  std::vector<double> sums(static_cast<std::size_t>(chunks));
  parallel_for(count, elements_per_chunk, [&](std::int64_t begin, std::int64_t end) {
    RowOperand x = left.along(0, 1), t = right.along(0, 1);
    alignas(64) std::byte results[block * std::int64_t{sizeof(double)}];
    for (std::int64_t i = begin; i < end; i += block) {
      const std::int64_t length = std::min(block, end - i);
      row(op, x.read(i, length), t.read(i, length), results, length);
      sums[static_cast<std::size_t>(i / elements_per_chunk)] += sum(results, length);
    }
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace ebb::kernels
