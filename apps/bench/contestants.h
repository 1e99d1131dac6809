#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apps/bench/cases/call.h"
#include "apps/bench/libraries/others.h"

namespace ebb::bench {

/// One way to compute a pass of a case.
struct Contestant {
  std::string name;          ///< as the library names it: "winograd4", "cudnn"; of another library: "openblas"
  bool is_own = true;        ///< ebb's own kernels, and not those of cuDNN, cuBLAS, Eigen or a library beside
  bool is_external = false;  ///< a library beside, which ebb does not use
  bool is_chosen = false;    ///< what the library takes where nobody forces it
  std::string refusal = {};  ///< why it does not compute this; empty where it does
  std::function<std::vector<Tensor>()> run = {};
};

/// What all contestants of a case are given.
struct Setting {
  DType dtype;
  Device device;
  MemoryFormat format;
  bool tunes = false;  ///< whether cuDNN's fastest engine takes part beside its first choice
};

/// An implementation of an operation in a pass that has several.
struct Candidate {
  std::string operation, name;
  std::string refusal;     ///< why it does not take the task; empty where it does
  bool is_chosen = false;  ///< in all choices of the pass
};
/// What a pass chooses from, in the library's order, each once. Computes the pass.
std::vector<Candidate> candidates_of(const Call& call);

/// The implementations that the library itself names for the pass, each forced, and those of `others` that have it.
/// `inputs` lie on the CPU. Those that fail say why.
std::vector<Contestant> contestants_of(const Case& c, const Pass& pass, const std::vector<Tensor>& inputs,
                                       const Tensor& dy, const Setting& setting, const Others& others);

/// Of a case of the family "step": as it is, and with switches turned off.
std::vector<Contestant> step_contestants_of(const Case& c, const Setting& setting);

}  // namespace ebb::bench
