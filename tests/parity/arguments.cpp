#include "tests/parity/arguments.h"

#include <algorithm>
#include <limits>

namespace parity {

using ebb::Scalar;
using ebb::Tensor;
using nlohmann::json;

static bool holds_tensor(const json& value) { return value.is_object() && value.contains("T"); }

static double real_of(const json& value) {
  if (!value.is_object()) return value.get<double>();
  const auto text = value.at("float").get<std::string>();
  const double infinity = std::numeric_limits<double>::infinity();
  return text == "inf" ? infinity : text == "-inf" ? -infinity : std::numeric_limits<double>::quiet_NaN();
}

[[noreturn]] static void refuse_value(const std::string& name, const json& value) {
  throw Unsupported(name + " = " + value.dump());
}

Arguments::Arguments(std::span<const std::string> parameters, const json& call, std::vector<Tensor> tensors)
    : values_(json::object()), tensors_(std::move(tensors)) {
  const json& positional = call.at("args");
  if (positional.size() > parameters.size()) throw Unsupported("more arguments than ebb's op takes");
  for (std::size_t i = 0; i < positional.size(); ++i) values_[parameters[i]] = positional[i];
  for (const auto& [name, value] : call.at("kwargs").items()) {
    if (std::ranges::find(parameters, name) == parameters.end()) throw Unsupported("argument " + name);
    values_[name] = value;
  }
}

const json& Arguments::at(const std::string& name) const {
  if (!has(name)) throw Unsupported("without " + name);
  return values_.at(name);
}

bool Arguments::has(const std::string& name) const { return values_.contains(name) && !values_.at(name).is_null(); }

bool Arguments::is_tensor(const std::string& name) const { return has(name) && holds_tensor(values_.at(name)); }

Tensor Arguments::decoded(const json& value, const std::string& name) const {
  if (!holds_tensor(value)) refuse_value(name, value);
  const Tensor& x = tensors_.at(value.at("T").get<std::size_t>());
  if (ebb::is_storage_only(x.dtype())) throw Unsupported(name + " of a type in which ebb does not compute");
  return x;
}

Tensor Arguments::tensor(const std::string& name) const { return decoded(at(name), name); }

Tensor Arguments::tensor_or_none(const std::string& name) const { return has(name) ? tensor(name) : Tensor(); }

std::vector<Tensor> Arguments::tensors(const std::string& name) const {
  const json& list = at(name);
  if (!list.is_array()) refuse_value(name, list);
  std::vector<Tensor> out;
  for (const json& value : list) out.push_back(decoded(value, name));
  return out;
}

Tensor Arguments::tensor_as_dtype(const std::string& name) const {
  if (!has("dtype")) return tensor(name);
  const json& dtype = at("dtype");
  const std::string text = dtype.is_object() ? dtype.value("dtype", "") : "";
  for (const ebb::DType known : {ebb::kBool, ebb::kUInt8, ebb::kInt32, ebb::kInt64, ebb::kFloat32, ebb::kFloat64}) {
    if (text == std::string("torch.") + ebb::to_string(known)) return tensor(name).to(known);
  }
  refuse_value("dtype", dtype);
}

Scalar Arguments::scalar(const std::string& name) const {
  const json& value = at(name);
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float() || (value.is_object() && value.contains("float"))) return real_of(value);
  refuse_value(name, value);
}

Scalar Arguments::scalar(const std::string& name, Scalar otherwise) const {
  return has(name) ? scalar(name) : otherwise;
}

double Arguments::real(const std::string& name, double otherwise) const { return scalar(name, otherwise).to<double>(); }

std::int64_t Arguments::integer(const std::string& name) const {
  const json& value = at(name);
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!holds_tensor(value)) refuse_value(name, value);
  const Tensor x = tensor(name);  // PyTorch takes an integer scalar tensor for an index
  if (x.dim() != 0 || ebb::is_floating(x.dtype()) || x.dtype() == ebb::kBool)
    throw Unsupported(name + " as a tensor that is no index");
  return x.item<std::int64_t>();
}

std::int64_t Arguments::integer(const std::string& name, std::int64_t otherwise) const {
  return has(name) ? integer(name) : otherwise;
}

std::optional<std::int64_t> Arguments::optional_integer(const std::string& name) const {
  return has(name) ? std::optional(integer(name)) : std::nullopt;
}

bool Arguments::flag(const std::string& name, bool otherwise) const {
  if (!has(name)) return otherwise;
  if (!is_flag(name)) refuse_value(name, at(name));
  return at(name).get<bool>();
}

bool Arguments::is_flag(const std::string& name) const { return has(name) && at(name).is_boolean(); }

bool Arguments::is_text(const std::string& name) const { return has(name) && at(name).is_string(); }

std::string Arguments::text(const std::string& name, const std::string& otherwise) const {
  if (!has(name)) return otherwise;
  if (!is_text(name)) refuse_value(name, at(name));
  return at(name).get<std::string>();
}

bool Arguments::is_list(const std::string& name) const { return has(name) && at(name).is_array(); }

std::vector<std::int64_t> Arguments::integers(const std::string& name) const {
  return at(name).get<std::vector<std::int64_t>>();
}

std::vector<double> Arguments::reals(const std::string& name) const {
  if (!has(name)) return {};
  const json& value = at(name);
  if (!value.is_array()) return {real_of(value)};
  std::vector<double> all;
  for (const json& v : value) all.push_back(real_of(v));
  return all;
}

std::vector<std::optional<std::int64_t>> Arguments::optional_sizes(const std::string& name) const {
  const auto size_of = [](const json& v) { return v.is_null() ? std::nullopt : std::optional(v.get<std::int64_t>()); };
  const json& value = values_.at(name);
  if (!value.is_array()) return {size_of(value)};
  std::vector<std::optional<std::int64_t>> all;
  for (const json& v : value) all.push_back(size_of(v));
  return all;
}

ebb::Dims Arguments::dims(const std::string& name) const {
  if (!has(name)) return {};
  const json& value = at(name);
  if (value.is_number_integer()) return {value.get<std::int64_t>()};
  const bool is_list =
      value.is_array() && std::ranges::all_of(value, [](const json& v) { return v.is_number_integer(); });
  if (!is_list || value.size() > ebb::max_dims) refuse_value(name, value);
  return ebb::Dims(value.get<std::vector<std::int64_t>>());
}

ebb::Size2 Arguments::size2(const std::string& name, ebb::Size2 otherwise) const {
  const ebb::Dims sizes = dims(name);
  if (sizes.empty()) return otherwise;
  if (sizes.size() > 2) refuse_value(name, at(name));
  return {sizes[0], sizes.back()};
}

ebb::Reduction Arguments::reduction() const {
  refuse({"size_average", "reduce"});
  const std::string name = text("reduction", "mean");
  if (name == "none") return ebb::Reduction::none;
  if (name == "sum") return ebb::Reduction::sum;
  if (name == "batchmean") return ebb::Reduction::batchmean;
  if (name != "mean") throw ebb::Error("cannot be written in ebb: reduction " + name);
  return ebb::Reduction::mean;
}

void Arguments::refuse(std::initializer_list<const char*> names) const {
  for (const char* name : names) {
    if (has(name)) throw Unsupported(std::string("argument ") + name);
  }
}

}  // namespace parity
