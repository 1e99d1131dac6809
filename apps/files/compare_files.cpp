// ebb verify and diff.
#include <algorithm>
#include <cmath>
#include <sstream>
#include <vector>

#include <nlohmann/json.hpp>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"
#include "ebb/io/load_any.h"

#include "apps/files/file_report.h"
#include "apps/files/imports.h"
#include "apps/files/load_weights.h"
#include "apps/output/command_terms.h"
#include "apps/output/printed.h"

namespace ebb::apps {
namespace {

using nlohmann::json;

/// The elements as doubles, two for a complex one.
std::vector<double> values_of(const Tensor& x) {
  const Tensor dense = x.contiguous();
  const auto copied = [&]<class T>(T) {
    const auto* from = reinterpret_cast<const T*>(dense.raw_data());
    return std::vector<double>(from, from + 2 * dense.numel());
  };
  if (x.dtype() == kComplex64) return copied(float());
  if (x.dtype() == kComplex128) return copied(double());
  const Tensor wide = dense.to(kFloat64);
  return {wide.data<double>(), wide.data<double>() + wide.numel()};
}

/// NaN in both counts as equal. Of complex numbers each part is compared.
double greatest_difference(const Tensor& a, const Tensor& b) {
  if (a.numel() == 0) return 0;
  const std::vector<double> p = values_of(a), q = values_of(b);
  double greatest = 0;
  for (std::size_t i = 0; i < std::min(p.size(), q.size()); ++i) {
    const bool same = p[i] == q[i] || (p[i] != p[i] && q[i] != q[i]);
    const double difference = same ? 0 : std::fabs(p[i] - q[i]);
    if (!(difference <= greatest)) greatest = difference;
  }
  return greatest;
}

json compare(const std::string& name, const Tensor& a, const Tensor& b) {
  json entry{{"name", name}};
  if (a.dtype() != b.dtype()) entry["dtypes"] = {to_string(a.dtype()), to_string(b.dtype())};
  if (a.shape() != b.shape()) {
    entry["shapes"] = {to_string(a.shape()), to_string(b.shape())};
  } else if (is_complex(a.dtype()) != is_complex(b.dtype())) {
    return entry;
  } else if (const double difference = greatest_difference(a, b); difference != 0) {
    entry["greatest_difference"] = std::isfinite(difference) ? json(difference) : json("not finite");
  } else if (!is_floating(a.dtype()) && !is_complex(a.dtype()) && a.dtype() == b.dtype() && !equal(a, b)) {
    entry["greatest_difference"] = "less than float64 tells";
  }
  return entry;
}

}  // namespace

json verify_file(const std::string& path, std::uint64_t most_bytes) {
  std::vector<Global> imports;
  json report{{"file", path}, {"sound", true}};
  try {
    io::load_any(path, {.allow_opaque = true, .imports = &imports, .most_bytes = most_bytes});
  } catch (const FileError& error) {
    report["sound"] = false;
    report["error"] = in_command_terms(error.message(), "verify");
  }
  report["imports"] = names_of(imports);
  report["safe_to_load"] = are_safe(imports);
  return report;
}

/// What stands before every key of one of them, and is all that the keys differ in; empty where it is not.
static std::string prefix_between(const StateDict& shorter, const StateDict& longer) {
  if (shorter.empty() || shorter.size() != longer.size()) return "";
  const std::string &first = longer.begin()->first, &second = shorter.begin()->first;
  if (first.size() <= second.size() || !first.ends_with(second)) return "";
  const std::string prefix = first.substr(0, first.size() - second.size());
  const bool is_all =
      std::ranges::all_of(shorter, [&](const auto& entry) { return longer.contains(prefix + entry.first); });
  return is_all ? prefix : "";
}

json diff_files(const std::string& first, const std::string& second, std::uint64_t most_bytes) {
  const StateDict a = load_weights(first, most_bytes), b = load_weights(second, most_bytes);
  json only_first = json::array(), only_second = json::array(), differ = json::array();
  std::size_t equal = 0;
  for (const auto& [name, tensor] : a) {
    const Tensor* other = b.find(name);
    if (other == nullptr) {
      only_first.push_back(name);
    } else if (json entry = compare(name, tensor, *other); entry.size() > 1) {
      differ.push_back(std::move(entry));
    } else {
      ++equal;
    }
  }
  for (const auto& [name, tensor] : b) {
    if (!a.contains(name)) only_second.push_back(name);
  }
  const bool same = only_first.empty() && only_second.empty() && differ.empty();
  json report{{"files", {first, second}},   {"same", same},    {"equal", equal}, {"only_first", only_first},
              {"only_second", only_second}, {"differ", differ}};
  const std::string of_first = prefix_between(b, a), of_second = prefix_between(a, b);
  if (!of_first.empty() || !of_second.empty()) {
    report["prefix"] = {{"file", of_first.empty() ? second : first}, {"text", of_first + of_second}};
  }
  return report;
}

std::string diff_to_text(const json& report) {
  std::ostringstream out;
  if (report.contains("prefix")) {
    const json& prefix = report["prefix"];
    out << "the keys differ in a prefix alone: \"" << printable(prefix["text"].get<std::string>()) << "\" in "
        << printable(prefix["file"].get<std::string>()) << "; ebb convert --strip takes it away\n";
    return out.str();
  }
  for (const char* side : {"only_first", "only_second"}) {
    const std::string file = report["files"][side == std::string("only_first") ? 0 : 1];
    for (const json& name : report[side])
      out << printable(name.get<std::string>()) << ": only in " << printable(file) << "\n";
  }
  for (const json& entry : report["differ"]) {
    out << printable(entry["name"].get<std::string>()) << ":";
    for (const char* what : {"dtypes", "shapes"}) {
      if (entry.contains(what)) {
        out << " " << entry[what][0].get<std::string>() << " and " << entry[what][1].get<std::string>();
      }
    }
    if (entry.contains("greatest_difference")) out << " differs by up to " << entry["greatest_difference"];
    out << "\n";
  }
  out << report["equal"] << " equal, " << report["differ"].size() << " differ, "
      << report["only_first"].size() + report["only_second"].size() << " in one file only\n";
  return out.str();
}

}  // namespace ebb::apps
