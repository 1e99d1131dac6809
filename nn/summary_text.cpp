// The layout is torchinfo's.
#include <algorithm>
#include <cstdio>
#include <ostream>

#include "ebb/nn/summary.h"

namespace ebb::nn {
namespace {

/// In characters, not bytes.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, width_of(text)), ' ');
}

std::string repeated(const std::string& text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

/// "1,234,567"
std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (auto i = static_cast<std::ptrdiff_t>(text.size()) - 3; i > 0; i -= 3)
    text.insert(static_cast<std::size_t>(i), ",");
  return text;
}

std::string fixed(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string or_dashes(const std::string& text) { return text.empty() ? "--" : text; }
std::string shape_or_dashes(const std::optional<Shape>& shape) {
  return shape && !shape->empty() ? to_string(*shape) : "--";
}

const char* title(SummaryColumn column) {
  switch (column) {
    case SummaryColumn::input_size:
      return "Input Shape";
    case SummaryColumn::output_size:
      return "Output Shape";
    case SummaryColumn::num_params:
      return "Param #";
    case SummaryColumn::params_percent:
      return "Param %";
    case SummaryColumn::kernel_size:
      return "Kernel Shape";
    case SummaryColumn::mult_adds:
      return "Mult-Adds";
    default:
      return "Trainable";
  }
}

/// Writes the rows of one summary.
class Table {
 public:
  explicit Table(const Summary& summary) : summary_(summary), o_(summary.options) {
    std::size_t longest = 0;
    for (const SummaryRow& row : summary.rows) {
      longest = std::max(longest, name(row).size() + static_cast<std::size_t>(row.depth) * 5 + 1);
    }
    if (longest >= name_width_) name_width_ = (longest + 4) / 5 * 5;
  }

  std::string text() const {
    const std::string divider = std::string(name_width_ + o_.columns.size() * column_width(), '=') + "\n";
    std::string text = divider + header() + divider;
    for (std::size_t i = 0; i < summary_.rows.size(); ++i) {
      const SummaryRow& row = summary_.rows[i];
      const bool is_hidden = row.depth > o_.depth || (o_.hide_recursive_layers && row.is_recursive);
      if (!is_hidden) text += line(i);
    }
    return text + divider + totals(divider);
  }

 private:
  std::size_t column_width() const { return static_cast<std::size_t>(o_.column_width); }

  std::string name(const SummaryRow& row) const {
    std::string name = row.kind;
    if (o_.var_names) name += " (" + row.var_name + ")";
    if (row.depth > 0) name += ": " + std::to_string(row.depth) + "-" + std::to_string(row.index);
    return name;
  }

  template <class Cell>
  std::string cells(const std::string& first, Cell&& cell) const {
    std::string text = padded(first, name_width_) + " ";
    for (const SummaryColumn column : o_.columns) text += padded(cell(column), column_width()) + " ";
    return text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  }

  std::string header() const {
    return cells(std::string("Layer (type") + (o_.var_names ? " (var_name)" : "") + ":depth-idx)", title);
  }

  std::string branch(int depth) const {
    if (depth == 0) return "";
    if (depth == 1) return o_.ascii_only ? "+ " : "├─";
    return repeated(o_.ascii_only ? "|    " : "│    ", depth - 1) + (o_.ascii_only ? "+ " : "└─");
  }

  std::string line(std::size_t i) const {
    const SummaryRow& row = summary_.rows[i];
    return cells(branch(row.depth) + name(row), [&](SummaryColumn column) { return cell(column, i); });
  }

  std::string cell(SummaryColumn column, std::size_t i) const {
    const SummaryRow& row = summary_.rows[i];
    switch (column) {
      case SummaryColumn::input_size:
        return shape_or_dashes(row.input);
      case SummaryColumn::output_size:
        return shape_or_dashes(row.output);
      case SummaryColumn::num_params:
        return params(i);
      case SummaryColumn::params_percent:
        return percent(i);
      case SummaryColumn::kernel_size:
        return or_dashes(row.kernel_size);
      case SummaryColumn::mult_adds:
        return mult_adds(i);
      default:
        return trainable(row);
    }
  }

  bool shows_all(const SummaryRow& row) const { return row.is_leaf || row.depth == o_.depth; }

  std::int64_t shown_params(std::size_t i) const {
    const SummaryRow& row = summary_.rows[i];
    return shows_all(row) ? row.num_params : detail::own_params(summary_.rows, i).params;
  }

  std::string params(std::size_t i) const {
    const SummaryRow& row = summary_.rows[i];
    if (row.num_params == 0) return "--";
    if (row.is_recursive) return "(recursive)";
    const std::int64_t count = shown_params(i);
    if (!shows_all(row)) return count > 0 ? grouped(count) : "--";
    return row.trainable_params > 0 ? grouped(count) : "(" + grouped(count) + ")";
  }

  std::string percent(std::size_t i) const {
    if (summary_.total_params == 0) return "     --";
    if (summary_.rows[i].is_recursive) return "(recursive)";
    const auto share = static_cast<double>(shown_params(i)) / static_cast<double>(summary_.total_params);
    return share == 0 ? "     --" : fixed("%6.2f%%", share * 100);
  }

  std::string mult_adds(std::size_t i) const {
    const SummaryRow& row = summary_.rows[i];
    if (row.mult_adds <= 0 || !shows_all(row)) return "--";
    if (row.is_leaf) return grouped(row.mult_adds);
    std::int64_t sum = 0;
    for (std::size_t j = i + 1; j < summary_.rows.size() && summary_.rows[j].depth > row.depth; ++j) {
      if (summary_.rows[j].is_leaf) sum += summary_.rows[j].mult_adds;
    }
    return grouped(sum);
  }

  static std::string trainable(const SummaryRow& row) {
    if (row.num_params == 0) return "--";
    if (row.trainable_params == 0) return "False";
    return row.trainable_params == row.num_params ? "True" : "Partial";
  }

  std::string totals(const std::string& divider) const {
    const Summary& s = summary_;
    std::string text = "Total params: " + grouped(s.total_params) +
                       "\nTrainable params: " + grouped(s.trainable_params) +
                       "\nNon-trainable params: " + grouped(s.total_params - s.trainable_params) + "\n";
    const auto megabytes = [](std::int64_t bytes) { return fixed("%.2f\n", static_cast<double>(bytes) / 1e6); };
    if (s.ran) {
      text += "Total mult-adds" + in_units(s.mult_adds) + "\n" + divider;
      text += "Input size (MB): " + megabytes(s.input_bytes);
      text += "Forward/backward pass size (MB): " + megabytes(s.output_bytes);
      text += "Params size (MB): " + megabytes(s.param_bytes);
      text += "Estimated Total Size (MB): " + megabytes(s.input_bytes + s.output_bytes + s.param_bytes);
    }
    return text + divider.substr(0, divider.size() - 1);
  }

  /// " (M): 2.86"
  static std::string in_units(std::int64_t number) {
    const auto value = static_cast<double>(number);
    const char unit = value >= 1e12 ? 'T' : value >= 1e9 ? 'G' : 'M';
    const double scaled = value / (unit == 'T' ? 1e12 : unit == 'G' ? 1e9 : 1e6);
    const std::string digits = fixed("%.2f", scaled);
    const auto whole = static_cast<std::int64_t>(scaled);
    const bool is_whole = static_cast<double>(whole) == scaled;
    return std::string(" (") + unit +
           "): " + (is_whole ? grouped(whole) : grouped(std::stoll(digits)) + digits.substr(digits.find('.')));
  }

  const Summary& summary_;
  const SummaryOptions& o_;
  std::size_t name_width_ = 40;
};

}  // namespace

std::string to_string(const Summary& summary) { return Table(summary).text(); }

std::ostream& operator<<(std::ostream& out, const Summary& summary) { return out << to_string(summary); }

}  // namespace ebb::nn
