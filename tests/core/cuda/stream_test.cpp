// Streams that keep their work until something waits for it: what is not waited for gives a wrong value.
#include <cstring>
#include <string>
#include <thread>

#include "ebb/core/context.h"
#include "ebb/core/streams/stream.h"
#include "ebb/tensor.h"

#include "tests/support/catch.h"
#include "tests/support/cuda_emulator/emulator.h"

namespace ebb::test {
namespace {

Device gpu(int index) { return {DeviceType::cuda, static_cast<std::int16_t>(index)}; }

/// What the GPU's memory holds now, without a wait.
float peek(const Tensor& x) { return *x.data<float>(); }

}  // namespace

TEST_CASE("a stream is a value, and the thread's own while its guard lives") {
  const cuda::Stream side, fast(0, -1);
  CHECK(side.device() == 0);
  CHECK(side.priority() == 0);
  CHECK(fast.priority() == -1);
  CHECK(side != fast);
  CHECK(side.native() != nullptr);
  CHECK(cuda::current_stream() == cuda::default_stream());
  {
    const cuda::StreamGuard guard(side);
    CHECK(cuda::current_stream() == side);
    CHECK(cuda::default_stream() != side);
    {
      const cuda::StreamGuard inner(fast);
      CHECK(cuda::current_stream() == fast);
    }
    CHECK(cuda::current_stream() == side);
    std::thread([] { CHECK(cuda::current_stream() == cuda::default_stream()); }).join();
  }
  CHECK(cuda::current_stream() == cuda::default_stream());
  CHECK_THROWS_WITH(cuda::Stream(7), ContainsSubstring("no device cuda:7"));
}

TEST_CASE("kernels run on the stream that is chosen, in its order") {
  Tensor x = zeros({4}, {.device = kCUDA});
  const cuda::Stream side;
  cuda::synchronize();
  const emulator::LazyStreams lazy;
  {
    const cuda::StreamGuard guard(side);
    x.add_(1);
    x.mul_(3);
    CHECK(peek(x) == 0);
    CHECK_FALSE(side.query());
  }
  CHECK(cuda::current_stream().query());
  side.synchronize();
  CHECK(side.query());
  CHECK(peek(x) == 3);
}

TEST_CASE("an event orders two streams, and without it the second is too early") {
  for (const bool waits : {true, false}) {
    Tensor x = zeros({4}, {.device = kCUDA}), y = zeros({4}, {.device = kCUDA});
    const cuda::Stream first, second;
    cuda::synchronize();
    const emulator::LazyStreams lazy;
    cuda::Event computed;
    {
      const cuda::StreamGuard guard(first);
      x.fill_(5);
      computed.record();
    }
    {
      const cuda::StreamGuard guard(second);
      if (waits) computed.wait();
      y.copy_(x);
    }
    second.synchronize();
    CHECK(peek(y) == (waits ? 5 : 0));
    CHECK(computed.query() == waits);
    first.synchronize();
    CHECK(computed.query());
  }
}

TEST_CASE("an event measures time, and says what it needs for that") {
  cuda::Event start(true), end(true), plain;
  CHECK(start.query());
  CHECK_THROWS_WITH(start.elapsed_time(end), ContainsSubstring("must have been recorded"));
  start.record();
  end.record();
  plain.record();
  end.synchronize();
  CHECK(start.elapsed_time(end) >= 0);
  CHECK_THROWS_WITH(start.elapsed_time(plain), ContainsSubstring("enable_timing"));
}

TEST_CASE("memory that a stream frees is for that stream alone") {
  const cuda::Stream side;
  cuda::synchronize();
  const void* block = nullptr;
  {
    const Tensor x = zeros({1000}, {.device = kCUDA});
    block = x.raw_data();
  }
  {
    const cuda::StreamGuard guard(side);
    const Tensor y = empty({1000}, {.device = kCUDA});
    CHECK(y.raw_data() != block);
  }
  const Tensor z = empty({1000}, {.device = kCUDA});
  CHECK(z.raw_data() == block);
}

TEST_CASE("memory that another stream was recorded to use waits for it") {
  for (const bool records : {true, false}) {
    const cuda::Stream side;
    Tensor y = zeros({1000}, {.device = kCUDA});
    Tensor x = full({1000}, 7, {.device = kCUDA});
    cuda::synchronize();
    const emulator::LazyStreams lazy;
    {
      const cuda::StreamGuard guard(side);
      y.copy_(x);
    }
    if (records) cuda::record_stream(x, side);
    const void* block = x.raw_data();
    x = {};
    const Tensor z = full({1000}, 9, {.device = kCUDA});
    CHECK((z.raw_data() == block) == !records);
    cuda::current_stream().synchronize();
    side.synchronize();
    CHECK(peek(y) == (records ? 7 : 9));  // 9: of the tensor that took the memory
  }
}

TEST_CASE("a copy from one GPU to another is ordered on both, without a wait of the host") {
  emulator::set_device_count(2);
  {
    Tensor x = zeros({4}, {.device = gpu(0)});
    cuda::synchronize(0);
    cuda::synchronize(1);
    const emulator::LazyStreams lazy;
    x.fill_(3);
    const auto waits = emulator::statistics().host_waits;
    const Tensor y = x.to(gpu(1)) * 2;
    CHECK(emulator::statistics().host_waits == waits);
    cuda::current_stream(1).synchronize();
    CHECK(peek(y) == 6);
    CHECK(equal(y.to(gpu(0)).to(kCPU), full({4}, 6)));
  }
  emulator::set_device_count(1);
}

TEST_CASE("pinned memory is copied while the host goes on") {
  Tensor x = full({4}, 2).pin_memory();
  CHECK(x.is_pinned());
  CHECK_FALSE(full({4}, 2).is_pinned());
  CHECK(x.pin_memory().is_same(x));
  CHECK(x.narrow(0, 1, 2).is_pinned());
  CHECK_FALSE(x.clone().is_pinned());
  CHECK_FALSE(x.to(kCUDA).is_pinned());
  CHECK_THROWS_WITH(x.to(kCUDA).pin_memory(), ContainsSubstring("only memory of the CPU"));
  const Tensor turned = rand({3, 5}).t();
  CHECK(equal(turned.pin_memory(), turned));
  cuda::synchronize();
  const emulator::LazyStreams lazy;
  const auto waits = emulator::statistics().host_waits;
  const auto pageable = emulator::statistics().pageable_copies;
  const Tensor on_gpu = x.to(kCUDA, true);
  const Tensor back = (on_gpu * 3).to(kCPU, true);
  CHECK(back.is_pinned());
  CHECK(emulator::statistics().host_waits == waits);
  CHECK(emulator::statistics().pageable_copies == pageable);
  cuda::current_stream().synchronize();
  CHECK(equal(back, full({4}, 6)));
}

TEST_CASE("a copy that blocks takes the values of the moment") {
  Tensor x = full({4}, 2).pin_memory();
  const emulator::LazyStreams lazy;
  const Tensor on_gpu = x.to(kCUDA);
  x.fill_(9);
  CHECK(equal(on_gpu.to(kCPU), full({4}, 2)));
}

TEST_CASE("pinned memory is given out again when the copy from it is done") {
  Tensor x = full({4}, 2).pin_memory();
  cuda::synchronize();
  const emulator::LazyStreams lazy;
  const Tensor on_gpu = x.to(kCUDA, true);
  const void* block = x.raw_data();
  x = {};
  const Tensor next = full({4}, 9).pin_memory();
  CHECK(next.raw_data() != block);
  cuda::current_stream().synchronize();
  CHECK(peek(on_gpu) == 2);
  CHECK(full({4}, 9).pin_memory().raw_data() == block);
}

TEST_CASE("what is from the CPU's ordinary memory may be overwritten at once") {
  for (const bool non_blocking : {false, true}) {
    Tensor x = full({4}, 2);
    const emulator::LazyStreams lazy;
    const auto waits = emulator::statistics().host_waits;
    const Tensor on_gpu = x.to(kCUDA, non_blocking);
    CHECK((emulator::statistics().host_waits == waits) == non_blocking);
    x.fill_(9);
    CHECK(equal(on_gpu.to(kCPU), full({4}, 2)));
  }
}

TEST_CASE("where memory has run out, what other streams use is waited for") {
  cuda_allocator(0).release_cached();
  const cuda::Stream side;
  Tensor x = zeros({4 << 20}, {.device = kCUDA});
  cuda::synchronize();
  const emulator::LazyStreams lazy;
  emulator::set_memory_limit(emulator::memory_used() + (1 << 20));
  {
    const cuda::StreamGuard guard(side);
    x.add_(1);
  }
  cuda::record_stream(x, side);
  x = {};
  CHECK_NOTHROW(empty({4 << 20}, {.device = kCUDA}));
  emulator::set_memory_limit(0);
}

TEST_CASE("threads compute on streams of their own") {
  std::vector<char> right(4);
  std::vector<std::thread> threads;
  for (char& r : right) {
    threads.emplace_back([&] {
      const cuda::StreamGuard guard{cuda::Stream()};
      Tensor x = zeros({64}, {.device = kCUDA});
      for (int i = 0; i < 20; ++i) x = x + 1;
      r = equal(x.to(kCPU), full({64}, 20));
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == std::vector<char>(4, true));
}

}  // namespace ebb::test
