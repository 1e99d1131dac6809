#include "tests/parity/recorded_call.h"

#include "ebb/autograd/backward.h"

namespace parity {

using ebb::Tensor;
using nlohmann::json;

static std::size_t count_tensors(const json& value) {
  if (value.is_object()) return value.contains("T") ? 1 : 0;
  std::size_t count = 0;
  if (value.is_array()) {
    for (const json& item : value) count += count_tensors(item);
  }
  return count;
}

static std::size_t count_tensors_of_call(const json& call) {
  std::size_t count = count_tensors(call.at("args"));
  for (const json& value : call.at("kwargs")) count += count_tensors(value);
  return count;
}

std::string RecordedCall::key(const std::string& what, std::size_t k) const {
  return prefix_ + "." + what + "." + std::to_string(k);
}

Tensor RecordedCall::converted(const std::string& what, std::size_t k, std::optional<ebb::DType> as) const {
  const Tensor x = tensor(what, k);
  return as && x.defined() && ebb::is_floating(x.dtype()) ? x.to(*as) : x;
}

Arguments RecordedCall::arguments(const Op& op, std::optional<ebb::DType> as) const {
  std::vector<Tensor> tensors;
  for (std::size_t k = 0; k < count_tensors_of_call(call_); ++k) {
    tensors.push_back(converted("in", k, as));
    const bool wants_gradient = call_.contains("req") && call_.at("req").at(k).get<bool>();
    if (wants_gradient && tensors.back().defined()) tensors.back().requires_grad_();
  }
  return Arguments(op.parameters, call_, std::move(tensors));
}

Results RecordedCall::make(const Op& op, std::optional<ebb::DType> as) const {
  const Arguments arguments = this->arguments(op, as);
  Results results{op.call(arguments), {}};
  if (results.outputs.size() != call_.at("n_out").get<std::size_t>()) throw Mismatch("another number of outputs");
  std::vector<Tensor> made, inputs, cotangents;
  for (std::size_t k = 0; k < results.outputs.size(); ++k) {
    if (!has("cot", k)) continue;
    if (!results.outputs[k].requires_grad()) throw Mismatch("output " + std::to_string(k) + " has no gradient");
    made.push_back(results.outputs[k]);
    cotangents.push_back(converted("cot", k, as));
  }
  if (made.empty()) return results;
  std::vector<std::size_t> places;
  for (std::size_t k = 0; k < arguments.all_tensors().size(); ++k) {
    const Tensor& x = arguments.all_tensors()[k];
    if (!x.defined() || !x.requires_grad()) continue;
    inputs.push_back(x);
    places.push_back(k);
  }
  const auto gradients = ebb::grad(made, inputs, cotangents, {.allow_unused = true});
  for (std::size_t i = 0; i < places.size(); ++i) results.gradients[places[i]] = gradients[i];
  return results;
}

}  // namespace parity
