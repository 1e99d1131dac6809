#include "ebb/nn/parallel/detail/reducer.h"

#include <algorithm>
#include <numeric>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/core/error.h"

namespace ebb::nn {
namespace {

constexpr std::int64_t first_bucket_bytes = 1 << 20;  // small, so that sending starts early

std::int64_t bytes_of(const Tensor& x) { return x.numel() * static_cast<std::int64_t>(size_of(x.dtype())); }

Module::NamedTensors trained(const Module::NamedTensors& parameters) {
  Module::NamedTensors result;
  std::ranges::copy_if(parameters, std::back_inserter(result),
                       [](const auto& entry) { return entry.second.requires_grad(); });
  return result;
}

}  // namespace

Reducer::Reducer(const Module::NamedTensors& parameters, std::shared_ptr<comm::Communicator> group,
                 const DistributedOptions& options)
    : parameters_(trained(parameters)), group_(std::move(group)), options_(options), places_(parameters_.size()) {
  if (!parameters_.empty()) device_ = parameters_[0].second.device();
  side_ = SideStream(device_);
  check(options_.bucket_bytes > 0, "bucket_bytes must be positive, got ", options_.bucket_bytes);
  std::vector<std::int64_t> order(parameters_.size());
  std::iota(order.rbegin(), order.rend(), 0);  // those used last get their gradients first
  fill_buckets(order);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    hooks_.push_back(parameters_[i].second.register_post_accumulate_grad_hook([this, i] { on_gradient(i); }));
  }
}

Reducer::~Reducer() {
  for (GradHookHandle& hook : hooks_) hook.remove();
}

void Reducer::fill_buckets(std::span<const std::int64_t> order) {
  buckets_.clear();
  std::int64_t bytes = 0, numel = 0;
  const auto close = [&] {
    if (buckets_.empty()) return;
    const Tensor& first = parameters_[buckets_.back().members[0]].second;
    buckets_.back().flat = empty({numel}, {.dtype = first.dtype(), .device = first.device()});
  };
  for (const std::int64_t index : order) {
    const auto i = static_cast<std::size_t>(index);
    const Tensor& parameter = parameters_[i].second;
    const std::int64_t most =
        buckets_.size() <= 1 ? std::min(first_bucket_bytes, options_.bucket_bytes) : options_.bucket_bytes;
    const Tensor* first = buckets_.empty() ? nullptr : &parameters_[buckets_.back().members[0]].second;
    const bool fits = first != nullptr && bytes + bytes_of(parameter) <= most && first->dtype() == parameter.dtype() &&
                      first->device() == parameter.device();
    if (!fits) {
      close();
      buckets_.emplace_back();
      bytes = numel = 0;
    }
    buckets_.back().members.push_back(i);
    places_[i] = {buckets_.size() - 1, numel};
    bytes += bytes_of(parameter);
    numel += parameter.numel();
  }
  close();
}

void Reducer::prepare() {
  is_running_ = false;  // where a backward has thrown, it left things behind
  worker_.wait();
}

void Reducer::restart() {
  is_running_ = true;
  next_to_send_ = 0;
  order_.clear();
  has_come_.assign(parameters_.size(), false);
  for (Bucket& bucket : buckets_) bucket.missing = bucket.members.size();
  queue_callback([this] { finish(); });
}

void Reducer::on_gradient(std::size_t parameter) {
  if (!is_on_) return;
  if (!is_running_) restart();
  if (has_come_[parameter]) return;
  has_come_[parameter] = true;
  copy_to_bucket(parameter);
  send_complete_buckets();
}

Tensor Reducer::part_of(std::size_t parameter) const {
  const Place& place = places_[parameter];
  const Tensor& of = parameters_[parameter].second;
  return buckets_[place.bucket].flat.narrow(0, place.offset, of.numel()).view(of.shape());
}

void Reducer::copy_to_bucket(std::size_t parameter) {
  order_.push_back(static_cast<std::int64_t>(parameter));
  const Tensor gradient = parameters_[parameter].second.grad(), part = part_of(parameter);
  no_grad([&] {
    if (gradient.defined()) {
      part.copy_(gradient);
    } else {
      part.zero_();
    }
  });
  --buckets_[places_[parameter].bucket].missing;
}

/// In their order, which is that of all ranks.
void Reducer::send_complete_buckets() {
  for (; next_to_send_ < buckets_.size() && buckets_[next_to_send_].missing == 0; ++next_to_send_) {
    const Tensor& flat = buckets_[next_to_send_].flat;
    worker_.give(
        side_.after_current(flat, [group = group_.get(), flat] { group->all_reduce(flat, comm::ReduceOp::mean); }));
  }
}

void Reducer::finish() {
  is_running_ = false;
  add_missing();
  send_complete_buckets();
  worker_.wait();
  side_.join();
  const std::vector<bool> is_used = options_.find_unused_parameters ? used_anywhere() : has_come_;
  no_grad([&] {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (is_used[i]) copy_back(i);
    }
  });
  if (!is_ordered_) follow_first_order();
}

std::vector<bool> Reducer::used_anywhere() {
  std::vector<std::int64_t> here;  // from an earlier backward without sync, too
  for (const auto& [name, parameter] : parameters_) here.push_back(parameter.grad().defined() ? 1 : 0);
  const Tensor own = tensor(here).to(device_);
  group_->all_reduce(own, comm::ReduceOp::max);
  const Tensor used = own.to(kCPU);
  const std::span flags(used.data<std::int64_t>(), static_cast<std::size_t>(used.numel()));
  std::vector<bool> result;
  std::ranges::transform(flags, std::back_inserter(result), [](std::int64_t flag) { return flag != 0; });
  return result;
}

void Reducer::add_missing() {
  std::string names;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (has_come_[i]) continue;
    names += (names.empty() ? "" : ", ") + parameters_[i].first;
    if (options_.find_unused_parameters) copy_to_bucket(i);
  }
  check<GraphError>(names.empty() || options_.find_unused_parameters, "this backward gives no gradient to ", names,
                    ", for which the other ranks wait; set find_unused_parameters where that is meant");
}

void Reducer::copy_back(std::size_t parameter) {
  const Tensor& of = parameters_[parameter].second;
  const Tensor part = part_of(parameter), gradient = of.grad();
  if (gradient.defined()) {
    gradient.copy_(part);
  } else {
    of.set_grad(part.clone());
  }
}

void Reducer::follow_first_order() {
  is_ordered_ = true;
  if (order_.empty()) return;
  const Tensor shared = tensor(order_).to(device_);
  group_->broadcast(shared);
  const Tensor order = shared.to(kCPU);
  fill_buckets({order.data<std::int64_t>(), static_cast<std::size_t>(order.numel())});
}

}  // namespace ebb::nn
