#pragma once

#include <string>

namespace ebb::bench {

/// Text for XML: &lt; in place of <, and so on.
std::string xml_text(const std::string& text);

/// A drawing that grows by shapes; coordinates in pixels from the upper left.
class Svg {
 public:
  void line(double x1, double y1, double x2, double y2, const char* style);
  void circle(double x, double y, double radius, const std::string& style);
  /// Beginning, "middle" or "end" at x.
  void text(double x, double y, const std::string& content, const char* anchor = "start", int size = 11);
  /// From below, its middle at y.
  void upright_text(double x, double y, const std::string& content);
  void title(double x, double y, const std::string& content) { text(x, y, content, "start", 15); }
  /// Of a shape: what a viewer shows when pointed at.
  void circle_with_tip(double x, double y, double radius, const std::string& style, const std::string& tip);

  std::string document(double width, double height) const;

 private:
  std::string body_;
};

/// A logarithmic axis from `low` to `high`, at pixels `from` to `to`. What lies beyond is put at the end.
struct LogAxis {
  double low, high, from, to;
  double at(double value) const;
};

/// An axis that reaches over whole powers of ten.
LogAxis axis_over(double least, double greatest, double from, double to);

}  // namespace ebb::bench
