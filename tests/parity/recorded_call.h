#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/parity/ops/ops.h"
#include "tests/parity/tensor_file.h"

namespace parity {

/// A result differs from the recorded one.
struct Mismatch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What a call gave.
struct Results {
  Outputs outputs;
  std::map<std::size_t, ebb::Tensor> gradients;  ///< by the position of the input; undefined where unused
};

/// One call of a recording: its arguments, and the tensors that stand under "<prefix>.<what>.<k>".
class RecordedCall {
 public:
  RecordedCall(const nlohmann::json& call, const TensorFile& file, std::string prefix)
      : call_(call), file_(file), prefix_(std::move(prefix)) {}

  bool has(const std::string& what, std::size_t k) const { return file_.contains(key(what, k)); }
  ebb::Tensor tensor(const std::string& what, std::size_t k) const { return file_.read(key(what, k)); }
  Arguments arguments(const Op& op) const { return arguments(op, {}); }

  /// Makes the call, and differentiates it by the recorded cotangents; with floating tensors `as` another type.
  Results make(const Op& op, std::optional<ebb::DType> as = {}) const;

 private:
  std::string key(const std::string& what, std::size_t k) const;
  Arguments arguments(const Op& op, std::optional<ebb::DType> as) const;
  ebb::Tensor converted(const std::string& what, std::size_t k, std::optional<ebb::DType> as) const;

  const nlohmann::json& call_;
  const TensorFile& file_;
  std::string prefix_;
};

}  // namespace parity
