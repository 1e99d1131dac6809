#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ebb/autograd/ops/conv/conv.h"
#include "ebb/autograd/ops/loss/loss.h"
#include "ebb/core/tensor.h"

namespace parity {

/// ebb has no such op, argument or type (yet): the case counts as neither passed nor failed.
struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The arguments of one recorded call, by the names of PyTorch's parameters. What cannot be said in ebb's types is
/// Unsupported when it is asked for.
class Arguments {
 public:
  Arguments(std::span<const std::string> parameters, const nlohmann::json& call, std::vector<ebb::Tensor> tensors);

  bool has(const std::string& name) const;  ///< given, and not None
  bool is_tensor(const std::string& name) const;
  ebb::Tensor tensor(const std::string& name) const;
  ebb::Tensor tensor_or_none(const std::string& name) const;
  std::vector<ebb::Tensor> tensors(const std::string& name) const;
  /// In the type that the argument dtype names, where there is one.
  ebb::Tensor tensor_as_dtype(const std::string& name) const;
  ebb::Scalar scalar(const std::string& name) const;
  ebb::Scalar scalar(const std::string& name, ebb::Scalar otherwise) const;
  double real(const std::string& name, double otherwise) const;
  std::int64_t integer(const std::string& name) const;
  std::int64_t integer(const std::string& name, std::int64_t otherwise) const;
  std::optional<std::int64_t> optional_integer(const std::string& name) const;
  bool flag(const std::string& name, bool otherwise) const;
  std::string text(const std::string& name, const std::string& otherwise) const;
  bool is_text(const std::string& name) const;
  bool is_flag(const std::string& name) const;
  /// One number, or a list; empty where absent.
  bool is_list(const std::string& name) const;
  std::vector<std::int64_t> integers(const std::string& name) const;
  std::vector<double> reals(const std::string& name) const;  ///< one or a list; none where not given
  std::vector<std::optional<std::int64_t>> optional_sizes(const std::string& name) const;  ///< likewise, with None
  ebb::Dims dims(const std::string& name) const;
  ebb::Size2 size2(const std::string& name, ebb::Size2 otherwise) const;
  ebb::Reduction reduction() const;
  /// Fails where one of these is given: ebb has no such argument.
  void refuse(std::initializer_list<const char*> names) const;

  const std::vector<ebb::Tensor>& all_tensors() const { return tensors_; }

 private:
  const nlohmann::json& at(const std::string& name) const;
  ebb::Tensor decoded(const nlohmann::json& value, const std::string& name) const;

  nlohmann::json values_;
  std::vector<ebb::Tensor> tensors_;
};

}  // namespace parity
