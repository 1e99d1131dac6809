#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/bench/cases/case.h"
#include "apps/bench/libraries/blas.h"

namespace ebb::bench {

/// A pass with its tensors, which lie on the CPU.
struct Task {
  const Case& c;
  const Pass& pass;
  const std::vector<Tensor>& inputs;
  const Tensor& dy;     ///< undefined for the forward pass
  MemoryFormat format;  ///< of images
};

/// Computes a pass: the results of Call::run().
using Run = std::function<std::vector<Tensor>()>;

/// A library beside that computes whole passes.
struct PassLibrary {
  std::string name, version;
  std::string family;                       ///< of which it has ops
  std::string missing;                      ///< why it computes none, and the likely fix; empty where it does
  std::function<Run(const Task&)> prepare;  ///< an Error for what it cannot
};

/// Libraries beside on a CPU.
struct Others {
  std::vector<Blas> products = {};
  std::vector<PassLibrary> passes = {};
};

/// Those that this machine has, and those that it lacks with the reason. They compute on `threads` threads. Those that
/// `without` names are not even opened.
Others installed_others(int threads, const std::vector<std::string>& without = {});

}  // namespace ebb::bench
