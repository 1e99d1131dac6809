// The layout rules are those of PyTorch's torch/_tensor_str.py: four digits, three items at each end, 80 columns.
#include "ebb/autograd/print.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/node.h"
#include "ebb/autograd/ops/shape/join.h"

namespace ebb {
namespace {

constexpr std::int64_t threshold = 1000, edge_items = 3, line_width = 80;

std::string printed(const char* format, double value) {
  char text[400];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

/// Chooses one form for all elements: integers as "1.", four decimals, or an exponent.
class Formatter {
 public:
  explicit Formatter(const Tensor& x) : dtype_(x.dtype()) {
    if (!is_floating(dtype_)) {
      each(x, [&](const Tensor& v) { width_ = std::max(width_, (*this)(v).size()); });
      return;
    }
    double smallest = INFINITY, largest = 0;
    each(x, [&](const Tensor& v) {
      const double magnitude = std::fabs(v.item<double>());
      if (magnitude == 0 || !std::isfinite(magnitude)) return;
      smallest = std::min(smallest, magnitude);
      largest = std::max(largest, magnitude);
      integers_ = integers_ && magnitude == std::ceil(magnitude);
    });
    if (largest == 0) return;
    exponent_ = largest / smallest > 1000 || largest > 1e8 || (!integers_ && smallest < 1e-4);
    each(x, [&](const Tensor& v) {
      const double value = v.item<double>();
      if (value != 0 && std::isfinite(value)) width_ = std::max(width_, number(value).size());
    });
  }

  std::size_t width() const { return width_; }

  std::string operator()(const Tensor& element) const {
    const std::string text = dtype_ == kBool        ? (element.item<bool>() ? "True" : "False")
                             : dtype_ == kUInt64    ? std::to_string(element.item<std::uint64_t>())
                             : !is_floating(dtype_) ? std::to_string(element.item<std::int64_t>())
                                                    : number(element.item<double>());
    return std::string(width_ - std::min(width_, text.size()), ' ') + text;
  }

 private:
  template <class Visit>
  static void each(const Tensor& x, Visit&& visit) {
    const Tensor flat = x.reshape({-1});
    for (std::int64_t i = 0; i < flat.numel(); ++i) visit(flat[i]);
  }

  std::string number(double value) const {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    if (exponent_) return printed("%.4e", value);
    return integers_ ? printed("%.0f.", value) : printed("%.4f", value);
  }

  DType dtype_;
  bool integers_ = true, exponent_ = false;
  std::size_t width_ = 1;
};

bool is_abridged(const Tensor& x, int dim) { return x.shape()[dim] > 2 * edge_items; }

/// The elements that an abridged print shows.
Tensor shown_part(Tensor x) {
  for (int d = 0; d < x.dim(); ++d) {
    if (is_abridged(x, d)) x = cat({x.narrow(d, 0, edge_items), x.narrow(d, -edge_items, edge_items)}, d);
  }
  return x;
}

std::string joined(const std::vector<std::string>& parts, const std::string& separator) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) text += (i > 0 ? separator : "") + parts[i];
  return text;
}

std::string body(const Tensor& x, std::size_t indent, bool abridge, const Formatter& format) {
  if (x.dim() == 0) return format(x);
  const bool cut = abridge && is_abridged(x, 0);
  std::vector<std::string> parts;
  for (std::int64_t i = 0; i < x.size(0); ++i) {
    if (cut && i == edge_items) {
      parts.push_back(x.dim() == 1 ? " ..." : "...");
      i = x.size(0) - edge_items;
    }
    parts.push_back(body(x[i], indent + 1, abridge, format));
  }
  const std::string margin(indent + 1, ' ');
  if (x.dim() > 1)
    return "[" + joined(parts, "," + std::string(static_cast<std::size_t>(x.dim() - 1), '\n') + margin) + "]";
  const std::size_t per_line = std::max<std::size_t>(1, (line_width - indent) / (format.width() + 2));
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < parts.size(); i += per_line) {
    const auto end = std::min(i + per_line, parts.size());
    lines.push_back(joined(
        {parts.begin() + static_cast<std::ptrdiff_t>(i), parts.begin() + static_cast<std::ptrdiff_t>(end)}, ", "));
  }
  return "[" + joined(lines, ",\n" + margin) + "]";
}

/// "max_pool2d" as PyTorch names its node: "MaxPool2dBackward0".
std::string node_name(const std::string& op) {
  std::string name;
  bool upper = true;
  for (const char c : op) {
    if (c != '_') name += upper ? static_cast<char>(std::toupper(c)) : c;
    upper = c == '_';
  }
  return name + "Backward0";
}

bool shows_elements(const Tensor& x) { return !x.device().is_meta() && !is_complex(x.dtype()); }

std::vector<std::string> suffixes(const Tensor& x) {
  std::vector<std::string> parts;
  if (x.device() != kCPU) parts.push_back("device='" + to_string(x.device()) + "'");
  if (!shows_elements(x) || (x.numel() == 0 && x.dim() != 1)) {
    std::string size;
    for (const std::int64_t s : x.shape()) size += (size.empty() ? "" : ", ") + std::to_string(s);
    if (x.dim() == 1) size += ",";
    parts.push_back("size=(" + size + ")");
  }
  const bool shows_type = x.numel() > 0 && shows_elements(x);
  const bool is_default = x.dtype() == kFloat32 || (shows_type && (x.dtype() == kInt64 || x.dtype() == kBool));
  if (!is_default) parts.push_back(std::string("dtype=torch.") + to_string(x.dtype()));
  if (const std::string op = x.grad_fn(); !op.empty()) {
    parts.push_back("grad_fn=<" + node_name(op) + ">");
  } else if (x.requires_grad()) {
    parts.push_back("requires_grad=True");
  }
  return parts;
}

/// The elements, with `indent` columns before them; "..." on meta, and for complex ones.
std::string elements(const Tensor& tensor, std::size_t indent) {
  if (!shows_elements(tensor)) return "...";
  if (tensor.numel() == 0) return "[]";
  const Tensor x = tensor.detach().to(kCPU);
  const bool abridge = x.numel() > threshold;
  return body(x, indent, abridge, Formatter(abridge ? shown_part(x) : x));
}

}  // namespace

std::string to_string(const Tensor& tensor) {
  if (!tensor.defined()) return "tensor(undefined)";
  const NoGradGuard no_grad;
  const std::string prefix = "tensor(";
  const std::string numbers = elements(tensor, prefix.size());
  std::string text = prefix + numbers;
  std::size_t line = numbers.size() -
                     (numbers.rfind('\n') == std::string::npos ? static_cast<std::size_t>(-1) : numbers.rfind('\n')) +
                     1;
  for (const std::string& part : suffixes(tensor)) {
    const bool fits = line + part.size() + 2 <= line_width;
    text += (fits ? ", " : ",\n" + std::string(prefix.size(), ' ')) + part;
    line = fits ? line + part.size() + 2 : prefix.size() + part.size();
  }
  return text + ")";
}

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) { return out << to_string(tensor); }

}  // namespace ebb
