#include "tests/parity/cases.h"

#include <algorithm>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/index/gather.h"

#include "tests/parity/compare.h"
#include "tests/parity/recorded_call.h"

namespace parity {

using ebb::Tensor;
using nlohmann::json;

namespace {

const Op& op_named(const std::string& name) {
  const auto found = ops().find(name);
  if (found == ops().end()) throw Unsupported("no such op");
  return found->second;
}

/// A result beside what was recorded for it.
struct Pair {
  std::string label;
  Tensor got, expected;
};

std::vector<Pair> pairs_of(const Results& results, const RecordedCall& call) {
  std::vector<Pair> pairs;
  for (std::size_t k = 0; k < results.outputs.size(); ++k) {
    pairs.push_back({"output " + std::to_string(k), results.outputs[k], call.tensor("out", k)});
  }
  for (const auto& [k, gradient] : results.gradients) {
    const bool recorded = call.has("grad", k);
    if (!recorded && !gradient.defined()) continue;
    const Tensor expected = recorded ? call.tensor("grad", k) : ebb::zeros_like(gradient);  // none is as good as zeros
    pairs.push_back({"gradient " + std::to_string(k), gradient, expected});
  }
  return pairs;
}

/// How a case passed.
enum class Pass { plain, by_float64 };

/// Whether indices of sort or topk differ among equal elements only, which PyTorch leaves in any order: gradients then
/// belong to other elements.
bool differ_by_ties(const std::string& name, const Arguments& a, const std::vector<Pair>& pairs) {
  if (name != "sort" && name != "topk") return false;
  const Pair& indices = pairs.at(1);
  if (difference(indices.got, indices.expected).empty() || indices.got.shape() != indices.expected.shape())
    return false;
  const Tensor x = a.tensor("input");
  const std::int64_t dim = a.integer("dim", -1);
  return difference(gather(x, dim, indices.got), gather(x, dim, indices.expected)).empty();
}

Pass compare(const Op& op, const std::string& name, const RecordedCall& call) {
  auto pairs = pairs_of(call.make(op), call);
  if (differ_by_ties(name, call.arguments(op), pairs)) pairs.resize(1);
  std::vector<Pair> reference;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const std::string problem = difference(pairs[i].got, pairs[i].expected);
    if (problem.empty()) continue;
    if (reference.empty()) reference = pairs_of(call.make(op, ebb::kFloat64), call);
    if (!is_as_accurate(pairs[i].got, pairs[i].expected, reference.at(i).got)) {
      throw Mismatch(pairs[i].label + ": " + problem);
    }
  }
  return reference.empty() ? Pass::plain : Pass::by_float64;
}

bool draws_a_mask(const std::string& name, const Arguments& a) {
  const double p = name == "nn.functional.dropout" ? a.real("p", 0.5) : 0;
  return p > 0 && p < 1 && a.flag("training", true);
}

void compare_dropout(const Op& op, const RecordedCall& call) {
  const Arguments a = call.arguments(op);
  const Results r = call.make(op);
  const std::string problem = dropout_difference(a.tensor("input"), r.outputs.at(0), call.tensor("cot", 0),
                                                 r.gradients.at(0), a.real("p", 0.5));
  if (!problem.empty()) throw Mismatch(problem);
}

/// What one op recorded.
class Recording {
 public:
  explicit Recording(const std::filesystem::path& description)
      : json_(read_json(description)),
        file_(std::filesystem::path(description).replace_extension(".safetensors")),
        name_(json_.at("op").get<std::string>()) {}

  Result run() const {
    Result result;
    result.op = name_;
    for (std::size_t i = 0; i < json_.at("cases").size(); ++i) {
      count(result, "case " + std::to_string(i), [&] { return run_case(i); });
    }
    for (std::size_t i = 0; i < json_.at("errors").size(); ++i) {
      count(result, "refused call " + std::to_string(i), [&] { return run_refused(i); });
    }
    return result;
  }

 private:
  Pass run_case(std::size_t i) const {
    const json& recorded = json_.at("cases").at(i);
    if (recorded.contains("skip")) throw Unsupported("not recorded: " + recorded.at("skip").get<std::string>());
    const Op& op = op_named(name_);
    const RecordedCall call(recorded, file_, std::to_string(i));
    if (was_overwritten(i)) throw Unsupported("a later case wrote to its inputs before they were recorded");
    if (!draws_a_mask(name_, call.arguments(op))) return compare(op, name_, call);
    compare_dropout(op, call);
    return Pass::plain;
  }

  /// tools/gen_opinfo.py writes tensors at the end. A batch norm in training has by then moved the running statistics
  /// that it shares with earlier cases, whose results belong to others.
  bool was_overwritten(std::size_t i) const {
    const json& cases = json_.at("cases");
    const auto trains = [&](std::size_t j) { return cases.at(j).at("kwargs").value("training", false); };
    const auto key = [](std::size_t j) { return std::to_string(j) + ".in.1"; };
    if (name_ != "nn.functional.batch_norm" || trains(i) || !file_.contains(key(i))) return false;
    for (std::size_t j = i + 1; j < cases.size(); ++j) {
      const bool shares = trains(j) && file_.contains(key(j)) && file_.read(key(j)).numel() > 0 &&
                          difference(file_.read(key(j)), file_.read(key(i))).empty();
      if (shares) return true;
    }
    return false;
  }

  Pass run_refused(std::size_t i) const {
    const json& recorded = json_.at("errors").at(i);
    const Op& op = op_named(name_);
    const Arguments arguments = RecordedCall(recorded, file_, std::string("e").append(std::to_string(i))).arguments(op);
    try {
      op.call(arguments);
    } catch (const ebb::Error&) {
      return Pass::plain;
    }
    throw Mismatch("was not refused; PyTorch says: " + recorded.at("regex").get<std::string>());
  }

  template <class Run>
  static void count(Result& result, const std::string& label, Run&& run) {
    try {
      const Pass pass = run();
      ++result.passed;
      result.by_float64 += pass == Pass::by_float64 ? 1 : 0;
    } catch (const Unsupported& reason) {
      ++result.unsupported;
      result.not_supported.push_back(label + ": " + reason.what());
    } catch (const BadFolder&) {
      throw;
    } catch (const json::exception&) {
      throw;
    } catch (const std::exception& error) {
      ++result.failed;
      result.failures.push_back(label + ": " + error.what());
    }
  }

  json json_;
  TensorFile file_;
  std::string name_;
};

std::vector<std::filesystem::path> descriptions_in(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) throw BadFolder(folder.string() + ": is no folder");
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  if (files.empty()) throw BadFolder(folder.string() + ": holds no .json file; write one with tools/gen_opinfo.py");
  std::ranges::sort(files);
  return files;
}

}  // namespace

std::vector<Result> run_folder(const std::filesystem::path& folder) {
  std::vector<Result> results;
  for (const auto& file : descriptions_in(folder)) {
    try {
      results.push_back(Recording(file).run());
    } catch (const json::exception& error) {
      throw BadFolder(file.string() + ": " + error.what());
    }
  }
  return results;
}

}  // namespace parity
