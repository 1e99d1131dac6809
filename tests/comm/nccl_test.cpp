// NCCL's glue, over a fake NCCL whose ranks are threads with an emulated GPU each.
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "ebb/comm/nccl.h"
#include "ebb/comm/threads.h"
#include "ebb/core/error.h"
#include "ebb/core/streams/stream.h"
#include "ebb/core/warning.h"
#include "ebb/ebb.h"

#include "tests/comm/collectives.h"
#include "tests/support/catch.h"
#include "tests/support/cuda_emulator/emulator.h"
#include "tests/support/tensors.h"

using namespace ebb;
using namespace std::chrono_literals;

namespace {

struct Devices {
  explicit Devices(int count) { emulator::set_device_count(count); }
  ~Devices() { emulator::set_device_count(1); }
};

Device gpu(int index) { return {DeviceType::cuda, static_cast<std::int16_t>(index)}; }

/// Runs `body` on ranks with a GPU each.
void run_on_gpus(int count, const std::function<void(comm::Communicator&)>& body, comm::NcclOptions options = {}) {
  const Devices devices(count);
  comm::run_on_threads(count,
                       [&](comm::Communicator& ranks) { body(*comm::nccl(ranks.split(0), ranks.rank(), options)); });
}

}  // namespace

TEST_CASE("collectives over NCCL give every rank the right values", "[nccl]") {
  const int count = GENERATE(1, 2, 3);
  for (const bool checks : {true, false}) {
    CHECK_NOTHROW(run_on_gpus(count,
                              [](comm::Communicator& ranks) {
                                check(ranks.kind() == std::string("nccl"), "of another kind");
                                test::check_collectives(ranks, gpu(ranks.rank()));
                              },
                              {.checks_calls = checks}));
  }
}

TEST_CASE("a mismatch over NCCL is an error, and not a hang", "[nccl]") {
  try {
    run_on_gpus(2,
                [](comm::Communicator& ranks) { ranks.all_reduce(zeros({ranks.rank() + 2}).to(gpu(ranks.rank()))); });
    FAIL("nothing was thrown");
  } catch (const CommunicationError& error) {
    CHECK(error.message().find("call 0 of rank 0 is all_reduce(sum) of float32 [2]") != std::string::npos);
    CHECK(error.message().find("float32 [3]") != std::string::npos);
  }
}

TEST_CASE("ranks of the CPU take no tensor of a GPU", "[nccl]") {
  const auto ranks = comm::threads(2);
  const Tensor x = zeros({2}).to(gpu(0));
  CHECK_THROWS_WITH(ranks[0]->all_reduce(x), ContainsSubstring("on the CPU, got one on cuda:0; comm::nccl()"));
  CHECK_THROWS_AS(ranks[0]->send(x, 1), ArgumentError);
  CHECK_THROWS_AS(ranks[0]->recv(x, 1), ArgumentError);
}

TEST_CASE("tensors elsewhere, and dtypes that NCCL does not add, are refused", "[nccl]") {
  CHECK_THROWS_WITH(run_on_gpus(1, [](comm::Communicator& ranks) { ranks.all_reduce(zeros({2})); }),
                    ContainsSubstring("must be on cuda:0, got one on cpu"));
  CHECK_THROWS_WITH(
      run_on_gpus(1, [](comm::Communicator& ranks) { ranks.all_reduce(zeros({2}).to(kInt16).to(gpu(0))); }),
      ContainsSubstring("NCCL does not add elements of int16"));
}

TEST_CASE("a rank that does not come on the GPU is given up, which is warned of", "[nccl]") {
  std::string warned;
  std::mutex mutex;
  const WarningHandler before = set_warning_handler([&](const std::string& message) {
    const std::lock_guard lock(mutex);
    warned = message;
  });
  std::atomic<bool> is_told = false;
  CHECK_NOTHROW(run_on_gpus(
      2,
      [&](comm::Communicator& ranks) {
        const Tensor x = zeros({4}).to(gpu(ranks.rank()));
        if (ranks.rank() == 1) {
          while (!is_told) std::this_thread::sleep_for(1ms);
          return;
        }
        ranks.all_reduce(x);
        static_cast<void>(x.to(kCPU));  // would wait for ever
        try {
          ranks.all_reduce(x);
        } catch (const CommunicationError& error) {
          is_told = error.message().find("all_reduce(sum) of float32 [4], on rank 0 was given up") != std::string::npos;
        }
      },
      {.timeout = 50ms, .checks_calls = false}));
  set_warning_handler(before);
  CHECK(is_told);
  CHECK(warned.find("has waited 50 ms") != std::string::npos);
}

TEST_CASE("NCCL that does not start on all ranks in time is given up", "[nccl]") {
  const Devices devices(2);
  std::string told;
  comm::run_on_threads(2, [&](comm::Communicator& ranks) {
    const std::shared_ptr<comm::Communicator> host = ranks.split(0);
    if (ranks.rank() == 1) {  // does what precedes the start, and not that
      host->split(0)->broadcast(zeros({128}, {.dtype = kUInt8}));
    } else {
      try {
        comm::nccl(host, 0, {.timeout = 50ms});
      } catch (const CommunicationError& error) {
        told = error.message();
      }
    }
    ranks.barrier();
  });
  CHECK(told.find("was given up") != std::string::npos);
  CHECK(told.find("no rank may take longer than its timeout") != std::string::npos);
}

TEST_CASE("networks on several GPUs train as one, with synchronized batch norm, on any stream", "[nccl]") {
  const bool on_side = GENERATE(false, true);
  const auto net_of_seed = [] {
    manual_seed(2);
    return nn::sequential({nn::conv2d({.in_channels = 2, .out_channels = 3, .kernel_size = 3}), nn::batch_norm2d(3),
                           nn::relu(), nn::flatten(), nn::linear(3 * 4, 2)});
  };
  const Tensor x = randn({6, 2, 4, 4}), dy = randn({6, 2});
  nn::Sequential whole = net_of_seed();
  whole(x).backward(dy);
  CHECK_NOTHROW(run_on_gpus(2, [&](comm::Communicator& ranks) {
    const std::shared_ptr<comm::Communicator> group = ranks.split(0);
    const Device device = gpu(ranks.rank());
    std::optional<cuda::StreamGuard> guard;
    if (on_side) guard.emplace(cuda::Stream(ranks.rank()));
    nn::Sequential part = net_of_seed();
    part.to(device);
    nn::convert_sync_batch_norm(part, group);
    nn::DistributedDataParallel net(part, group);
    const auto own = [&](const Tensor& t) { return t.narrow(0, 3 * ranks.rank(), 3).to(device); };
    net(own(x)).backward(own(dy) * 2.0);  // the sum of two ranks' losses, and not their mean
    const auto expected = whole.named_parameters(), got = net.named_parameters();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      check(allclose(got[i].second.grad().to(kCPU), expected[i].second.grad(), 1e-3, 1e-4), got[i].first,
            " has another gradient");
    }
    check(allclose(net.module->get_buffer("1.running_var").to(kCPU), whole.get_buffer("1.running_var"), 1e-4),
          "another running_var");
  }));
}
