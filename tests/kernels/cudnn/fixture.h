#pragma once

#include "ebb/core/backends/backends.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/cuda/cudnn/session.h"

#include "tests/support/cuda_emulator/cudnn_emulator.h"
#include "tests/support/cuda_emulator/emulator.h"

namespace ebb::test {

/// The emulator's cuDNN and the switches as they are at first, without plans; and again when it goes.
class Fixture {
 public:
  Fixture() { reset(); }
  ~Fixture() { reset(); }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  cudnn::Session& session() const { return cudnn::Session::of(cuda_context(0)); }
  void forget() const { session().forget_plans(); }

 private:
  void reset() const {
    emulator::Cudnn& fake = emulator::cudnn();
    const std::int64_t descriptors = fake.descriptors;
    const std::uint64_t calls = fake.calls;
    fake = {};
    fake.descriptors = descriptors;
    fake.calls = calls;
    const backends::Cudnn initial;
    backends::cudnn.enabled = initial.enabled.load();
    backends::cudnn.benchmark = initial.benchmark.load();
    backends::cudnn.deterministic = initial.deterministic.load();
    backends::cudnn.allow_tf32 = initial.allow_tf32.load();
    backends::cudnn.benchmark_limit = initial.benchmark_limit.load();
    backends::cudnn.workspace_limit = initial.workspace_limit.load();
    backends::cudnn.plan_limit = initial.plan_limit.load();
    forget();
  }
};

}  // namespace ebb::test
