// The table of a load plan.
#include <algorithm>
#include <array>
#include <sstream>

#include "ebb/nn/loading/load_plan.h"

namespace ebb::nn {
namespace {

using Kind = LoadPlanEntry::Kind;
using Row = std::array<std::string, 4>;

std::string describe(const Tensor& tensor) {
  return tensor.defined() ? std::string(to_string(tensor.dtype())) + " " + to_string(tensor.shape()) : "";
}

std::string outcome(const LoadPlanEntry& entry, const std::string& suggestion) {
  std::string text = to_string(entry.kind);
  text += entry.action == Mismatch::refuse ? ": refused" : entry.action == Mismatch::skip ? ": skipped" : ": converted";
  if (!suggestion.empty()) text += "; did you mean " + suggestion + "?";
  return text;
}

Row row_of(const LoadPlanEntry& entry, const std::string& suggestion) {
  const std::string from = describe(entry.from), to = describe(entry.to);
  return {entry.name.empty() ? "-" : entry.name, entry.file_name.empty() ? "-" : entry.file_name,
          from.empty() || to.empty() ? from + to : from + " for " + to, outcome(entry, suggestion)};
}

void print_rows(std::ostream& out, const std::vector<Row>& rows) {
  std::array<std::size_t, 3> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) out << row[i] << std::string(widths[i] - row[i].size() + 2, ' ');
    out << row.back() << "\n";
  }
}

}  // namespace

const char* to_string(Kind kind) {
  constexpr std::array names{"match", "dtype", "shape", "missing", "unexpected"};
  return names[static_cast<std::size_t>(kind)];
}

std::ostream& operator<<(std::ostream& out, const LoadPlan& plan) {
  std::vector<Row> rows{{"model", "file", "dtype and shape", "what"}};
  int one_sided = 0;
  for (const LoadPlanEntry& entry : plan.entries()) {
    if (entry.kind == Kind::match) continue;
    if (entry.kind == Kind::missing || entry.kind == Kind::unexpected) ++one_sided;
    constexpr int most = 64;  // comparing names takes time
    rows.push_back(row_of(entry, one_sided <= most ? plan.suggestion(entry) : ""));
  }
  if (rows.size() > 1) print_rows(out, rows);
  if (!plan.stripped_prefix().empty()) out << "\"" << plan.stripped_prefix() << "\" is taken from the file's keys\n";
  if (!plan.added_prefix().empty()) out << "\"" << plan.added_prefix() << "\" is put before the file's keys\n";
  for (const Kind kind : {Kind::match, Kind::dtype, Kind::shape, Kind::missing, Kind::unexpected}) {
    out << plan.count(kind) << " " << to_string(kind) << (kind == Kind::unexpected ? "" : ", ");
  }
  return out << (plan.is_applicable() ? ": can be applied" : ": refused");
}

std::string to_string(const LoadPlan& plan) {
  std::ostringstream text;
  text << plan;
  return text.str();
}

}  // namespace ebb::nn
