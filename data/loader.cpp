#include "ebb/data/loader.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

#include <unistd.h>

#include "ebb/core/random/generator.h"
#include "ebb/data/sending/sending.h"

namespace ebb::data {
namespace {

/// A permutation of 0 .. count-1 that depends on (seed, epoch) alone: Fisher and Yates' shuffle.
std::vector<std::int64_t> shuffled(std::int64_t count, std::uint64_t seed, std::int64_t epoch) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const Philox random{seed};
  const std::uint64_t first = static_cast<std::uint64_t>(epoch) << 40;
  for (std::uint64_t left = order.size(); left > 1; --left) {
    std::swap(order[left - 1], order[(random(first + left)[0] * left) >> 32]);
  }
  return order;
}

/// The rows of `from` that `order` names, one after the other.
Tensor gather(const Tensor& from, std::span<const std::int64_t> order, bool is_pinned) {
  Shape shape = from.shape();
  shape[0] = static_cast<std::int64_t>(order.size());
  Tensor rows = empty_rows(shape, from.dtype(), is_pinned);
  const std::size_t row_bytes = static_cast<std::size_t>(from.numel() / from.size(0)) * size_of(from.dtype());
  std::byte* to = rows.raw_data();
  for (const std::int64_t row : order) {
    std::memcpy(to, from.raw_data() + static_cast<std::size_t>(row) * row_bytes, row_bytes);
    to += row_bytes;
  }
  return rows;
}

std::int64_t rows_of_rank(std::int64_t rows, const LoaderOptions& options) {
  return (rows + (options.drop_last ? 0 : options.num_replicas - 1)) / options.num_replicas;
}

std::vector<std::int64_t> part_of_rank(const std::vector<std::int64_t>& order, const LoaderOptions& options) {
  std::vector<std::int64_t> part;
  const std::int64_t count = rows_of_rank(std::ssize(order), options);
  for (std::int64_t i = 0; i < count; ++i) {
    part.push_back(order[static_cast<std::size_t>(options.rank + i * options.num_replicas) % order.size()]);
  }
  return part;
}

std::int64_t batch_count(std::int64_t all_rows, const LoaderOptions& options) {
  const std::int64_t rows = rows_of_rank(all_rows, options);
  return rows / options.batch_size + (!options.drop_last && rows % options.batch_size != 0 ? 1 : 0);
}

}  // namespace

/// One pass over a data set, prepared ahead by a thread of its own.
class Epoch {
 public:
  Epoch(std::shared_ptr<const Dataset> dataset, const LoaderOptions& options, std::int64_t number)
      : dataset_(std::move(dataset)), options_(options), sender_(options.device) {
    const std::int64_t rows = dataset_->images.size(0);
    batches_ = batch_count(rows, options);
    if (options.shuffle) order_ = shuffled(rows, options.seed, number);
    if (!options.shuffle) {
      order_.resize(static_cast<std::size_t>(rows));
      std::iota(order_.begin(), order_.end(), std::int64_t{0});
    }
    if (options.num_replicas > 1) order_ = part_of_rank(order_, options);
    if (options.prefetch > 0 && batches_ > 0) worker_ = std::thread([this] { work(); });
  }

  ~Epoch() {
    {
      const std::lock_guard guard(lock_);
      stop_ = true;
    }
    changed_.notify_all();
    if (worker_.joinable()) worker_.join();
  }

  bool began_here() const { return process_ == getpid(); }

  /// Undefined tensors after the last.
  Batch next() {
    check(
        options_.prefetch == 0 || began_here(),
        "loader: the thread that prepares this epoch's batches is in the process that began it, and this is a child of "
        "fork(); begin a loop here, or set prefetch to 0");
    if (taken_ == batches_) return {};
    const std::int64_t index = taken_++;
    if (options_.prefetch == 0) return Sender::receive(sender_.send(make_batch(index)));
    std::unique_lock guard(lock_);
    changed_.wait(guard, [&] { return !ready_.empty() || error_; });
    if (ready_.empty()) {
      taken_ = batches_;
      std::rethrow_exception(error_);
    }
    const Sent sent = std::move(ready_.front());
    ready_.pop_front();
    guard.unlock();
    changed_.notify_all();
    return Sender::receive(sent);
  }

 private:
  Batch make_batch(std::int64_t index) const {
    const auto first = static_cast<std::size_t>(index * options_.batch_size);
    const auto count = std::min(static_cast<std::size_t>(options_.batch_size), order_.size() - first);
    const auto rows = std::span(order_).subspan(first, count);
    const bool is_pinned = options_.pin_memory || options_.device.is_cuda();
    return {gather(dataset_->images, rows, is_pinned), gather(dataset_->labels, rows, is_pinned)};
  }

  bool wait_for_room() {
    std::unique_lock guard(lock_);
    changed_.wait(guard, [&] { return stop_ || ready_.size() < static_cast<std::size_t>(options_.prefetch); });
    return !stop_;
  }

  void work() noexcept {
    try {
      for (std::int64_t i = 0; i < batches_ && wait_for_room(); ++i) {
        Sent sent = sender_.send(make_batch(i));
        const std::lock_guard guard(lock_);
        ready_.push_back(std::move(sent));
        changed_.notify_all();
      }
    } catch (...) {
      const std::lock_guard guard(lock_);
      error_ = std::current_exception();
      changed_.notify_all();
    }
  }

  std::shared_ptr<const Dataset> dataset_;
  LoaderOptions options_;
  Sender sender_;
  std::vector<std::int64_t> order_;
  std::int64_t batches_ = 0, taken_ = 0;
  pid_t process_ = getpid();

  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<Sent> ready_;
  std::exception_ptr error_;
  bool stop_ = false;
  std::thread worker_;
};

DataLoader::DataLoader(Dataset dataset, LoaderOptions options) : options_(options) {
  const Tensor &images = dataset.images, &labels = dataset.labels;
  check(options.batch_size >= 1, "loader: batch_size must be at least 1, got ", options.batch_size);
  check(options.prefetch >= 0, "loader: prefetch must not be negative, got ", options.prefetch);
  check(options.num_replicas >= 1 && options.rank >= 0 && options.rank < options.num_replicas, "loader: rank ",
        options.rank, " must be one of the ", options.num_replicas, " replicas, counted from 0");
  check(images.dim() >= 1 && labels.dim() >= 1 && images.size(0) == labels.size(0), "loader: images of shape ",
        images.shape(), " and labels of shape ", labels.shape(), " must agree in their first dimension");
  check(images.size(0) <= UINT32_MAX, "loader: at most 2^32 rows can be shuffled, got ", images.size(0));
  check(images.device().is_cpu() && labels.device().is_cpu(), "loader: the data set must lie on the CPU");
  check_pinning(options);
  dataset.images = images.contiguous();
  dataset.labels = labels.contiguous();
  dataset_ = std::make_shared<const Dataset>(std::move(dataset));
}

DataLoader::Iterator::Iterator(std::shared_ptr<Epoch> epoch) : epoch_(std::move(epoch)) { ++*this; }

DataLoader::Iterator& DataLoader::Iterator::operator++() {
  batch_ = epoch_->next();
  return *this;
}

DataLoader::Iterator DataLoader::begin() {
  // A child of fork() that leaves a loop keeps the epoch: there is no thread whose end its destructor could wait for.
  const auto destroy = [](Epoch* epoch) { epoch->began_here() ? delete epoch : void(); };
  auto epoch = std::shared_ptr<Epoch>(new Epoch(dataset_, options_, epoch_), destroy);
  ++epoch_;
  return Iterator(std::move(epoch));
}

std::int64_t DataLoader::size() const { return batch_count(dataset_->images.size(0), options_); }

void DataLoader::set_epoch(std::int64_t epoch) {
  check(epoch >= 0, "loader: the epoch must not be negative, got ", epoch);
  epoch_ = epoch;
}

DataLoader loader(Dataset dataset, LoaderOptions options) { return {std::move(dataset), options}; }

}  // namespace ebb::data
