#include "tests/comm/collectives.h"

#include <cmath>
#include <limits>

#include "ebb/core/error.h"

#include "tests/support/tensors.h"

namespace ebb::test {
namespace {

using comm::Communicator;
using comm::ReduceOp;

const std::vector<DType> added = {kUInt8, kInt32, kInt64, kFloat16, kBFloat16, kFloat32, kFloat64};
const std::vector<DType> moved = {kBool,  kUInt8,  kInt8,    kInt16,    kUInt16,  kInt32,  kUInt32,
                                  kInt64, kUInt64, kFloat16, kBFloat16, kFloat32, kFloat64};

thread_local Device place = kCPU;  // of the tensors

Tensor here(const Tensor& x) { return x.to(place); }

/// Element i of rank r: small integers, exact in every dtype.
double element(int rank, std::int64_t i) { return static_cast<double>((rank * 7 + i * 3) % 5); }

Tensor made(int rank, const Shape& shape, DType dtype) {
  Tensor x = zeros(shape, {.dtype = kFloat64});
  for (std::int64_t i = 0; i < x.numel(); ++i) x.data<double>()[i] = element(rank, i);
  return here(x.to(dtype));
}

void require_equal(const Tensor& x, const std::vector<double>& expected, const std::string& what) {
  check(values(x.to(kCPU)) == expected, what, ": of ", x.dtype(), " ", x.shape(),
        " some element is not what it must be");
}

std::vector<double> reduced(const Communicator& ranks, ReduceOp op, std::int64_t numel) {
  std::vector<double> result;
  for (std::int64_t i = 0; i < numel; ++i) {
    double value = element(0, i);
    for (int rank = 1; rank < ranks.size(); ++rank) {
      const double other = element(rank, i);
      value = op == ReduceOp::max   ? std::max(value, other)
              : op == ReduceOp::min ? std::min(value, other)
                                    : value + other;
    }
    result.push_back(value);
  }
  return result;
}

void check_all_reduce(Communicator& ranks) {
  for (const DType dtype : added) {
    for (const ReduceOp op : {ReduceOp::sum, ReduceOp::max, ReduceOp::min}) {
      for (const std::int64_t n : {0, 1, 3, 64, 1000, 30000}) {
        const Tensor x = made(ranks.rank(), {n}, dtype);
        ranks.all_reduce(x, op);
        require_equal(x, reduced(ranks, op, n), std::string("all_reduce of ") + to_string(op));
      }
    }
  }
  const Tensor x = made(ranks.rank(), {2, 3}, kFloat64);
  ranks.all_reduce(x, ReduceOp::mean);
  std::vector<double> expected = reduced(ranks, ReduceOp::sum, 6);
  for (double& value : expected) value /= ranks.size();
  require_equal(x, expected, "all_reduce of mean");
}

void check_odd_elements(Communicator& ranks) {
  const bool is_last = ranks.rank() == ranks.size() - 1;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const ReduceOp op : {ReduceOp::max, ReduceOp::min, ReduceOp::sum, ReduceOp::mean}) {
    for (const bool from_last : {false, true}) {
      const Tensor x = here(tensor({is_last == from_last || ranks.size() == 1 ? nan : 1.0}));
      ranks.all_reduce(x, op);
      check(std::isnan(x.to(kCPU).item<double>()), "all_reduce of ", to_string(op), " loses a NaN");
    }
  }
  const Tensor any = here(tensor({is_last, false}).to(kBool));
  ranks.all_reduce(any);
  require_equal(any, {1, 0}, "all_reduce of bool");
  const Tensor wide = here(full({1}, 255, {.dtype = kUInt8}));
  ranks.all_reduce(wide);
  require_equal(wide, {static_cast<double>((255 * ranks.size()) % 256)}, "all_reduce that wraps");
}

/// Rounding shows the order: the ranks', on every rank.
void check_order(Communicator& ranks) {
  const auto value = [](int rank) { return 1e8f / static_cast<float>(3 * rank + 1) * (rank % 2 == 0 ? 1.0f : -1.0f); };
  float expected = value(0);
  for (int rank = 1; rank < ranks.size(); ++rank) expected += value(rank);
  const Tensor x = here(full({257}, value(ranks.rank())));
  ranks.all_reduce(x);
  require_equal(x, std::vector<double>(257, expected), "all_reduce in the order of the ranks");
}

void check_all_gather(Communicator& ranks) {
  for (const DType dtype : moved) {
    const auto shape_of = [](int rank) { return Shape{rank, 2}; };  // of rank 0 nothing
    const std::vector<Tensor> parts = ranks.all_gather(made(ranks.rank(), shape_of(ranks.rank()), dtype));
    check(static_cast<int>(parts.size()) == ranks.size(), "all_gather gives ", parts.size(), " parts");
    for (int rank = 0; rank < ranks.size(); ++rank) {
      const Tensor& part = parts[static_cast<std::size_t>(rank)];
      check(part.shape() == shape_of(rank), "all_gather: rank ", rank, " gave another shape than ", part.shape());
      require_equal(part, values(made(rank, shape_of(rank), dtype).to(kCPU)), "all_gather");
    }
  }
  const Tensor image =
      here(made(ranks.rank(), {2, 3, 4, 5}, kFloat32).to(kCPU).contiguous(MemoryFormat::channels_last));
  const Tensor last = ranks.all_gather(image).back();
  check(last.strides() == image.strides(), "all_gather changes strides to ", last.strides());
  require_equal(last, values(made(ranks.size() - 1, {2, 3, 4, 5}, kFloat32).to(kCPU)),
                "all_gather of channels-last images");
}

void check_reduce_scatter(Communicator& ranks) {
  for (const DType dtype : added) {
    for (const std::int64_t n : {0, 1, 3, 500}) {
      const Tensor part = ranks.reduce_scatter(made(ranks.rank(), {n * ranks.size(), 2}, dtype));
      check(part.shape() == Shape{n, 2}, "reduce_scatter gives shape ", part.shape());
      const std::vector<double> all = reduced(ranks, ReduceOp::sum, n * ranks.size() * 2);
      const auto begin = all.begin() + ranks.rank() * n * 2;
      require_equal(part, {begin, begin + n * 2}, "reduce_scatter");
    }
  }
}

void check_broadcast(Communicator& ranks) {
  for (const DType dtype : moved) {
    for (int root = 0; root < ranks.size(); ++root) {
      const Tensor x = made(ranks.rank(), {5, 3}, dtype);
      ranks.broadcast(x, root);
      require_equal(x, values(made(root, {5, 3}, dtype).to(kCPU)), "broadcast");
    }
  }
}

const std::vector<std::pair<int, std::int64_t>> letters = {{0, 3}, {1, 0}, {2, 30000}};  // what they hold, their sizes

/// A ring, with several letters on the way. Over NCCL no letter is on the way before somebody asks for it.
void check_send(Communicator& ranks) {
  if (ranks.size() == 1) return;
  const int next = (ranks.rank() + 1) % ranks.size(), previous = (ranks.rank() + ranks.size() - 1) % ranks.size();
  for (const DType dtype : moved) {
    const auto send_all = [&] {
      for (const auto& [shift, n] : letters) ranks.send(made(ranks.rank() + shift, {n}, dtype), next);
    };
    const bool sends_first = ranks.kind() != std::string("nccl") || ranks.rank() % 2 == 0;
    if (sends_first) send_all();
    for (const auto& [shift, n] : letters) {
      const Tensor x = here(zeros({n}).to(dtype));
      ranks.recv(x, previous);
      require_equal(x, values(made(previous + shift, {n}, dtype).to(kCPU)), "recv");
    }
    if (!sends_first) send_all();
  }
}

/// It costs that letter alone.
void check_wrong_letter(Communicator& ranks) {
  if (ranks.size() == 1 || ranks.rank() > 1) return;
  const Tensor sent = here(ones({2, 3}));
  if (ranks.rank() == 0) {
    ranks.send(sent, 1);
    return ranks.send(sent, 1);
  }
  std::string message;
  try {
    ranks.recv(here(zeros({6})), 0);
  } catch (const CommunicationError& error) {
    message = error.message();
  }
  check(message.find("recv from rank 0 of float32 [6] gets float32 [2, 3]") != std::string::npos,
        "a letter of another shape is told as: ", message);
  const Tensor x = here(zeros({2, 3}));
  ranks.recv(x, 0);
  require_equal(x, std::vector<double>(6, 1), "recv after a wrong letter");
}

void check_split(Communicator& ranks) {
  const int color = ranks.rank() % 2;
  const auto part = ranks.split(color, -ranks.rank());
  const int expected = (ranks.size() + 1 - color) / 2;
  check(part->size() == expected, "split: ", part->size(), " of one color and not ", expected);
  check(part->rank() == expected - 1 - ranks.rank() / 2, "split does not number by key");
  const Tensor x = here(full({3}, ranks.rank()));
  part->all_reduce(x);
  double sum = 0;
  for (int rank = color; rank < ranks.size(); rank += 2) sum += rank;
  require_equal(x, std::vector<double>(3, sum), "all_reduce in a part");
  check((ranks.split(ranks.rank() == 0 ? 0 : -1) != nullptr) == (ranks.rank() == 0),
        "split: a negative color is in no part");
}

}  // namespace

void check_collectives(Communicator& ranks, Device device) {
  place = device;
  check_all_reduce(ranks);
  check_odd_elements(ranks);
  check_order(ranks);
  check_all_gather(ranks);
  check_reduce_scatter(ranks);
  check_broadcast(ranks);
  check_send(ranks);
  check_wrong_letter(ranks);
  check_split(ranks);
  ranks.barrier();
}

}  // namespace ebb::test
