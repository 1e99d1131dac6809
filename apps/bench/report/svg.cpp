#include "apps/bench/report/svg.h"

#include <algorithm>
#include <cmath>

#include "apps/bench/report/numbers.h"

namespace ebb::bench {

std::string xml_text(const std::string& text) {
  std::string made;
  for (const char c : text) {
    made += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : std::string(1, c);
  }
  return made;
}

void Svg::line(double x1, double y1, double x2, double y2, const char* style) {
  body_ += formatted("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1, x2, y2, style);
}

void Svg::circle(double x, double y, double radius, const std::string& style) {
  body_ += formatted("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" ", x, y, radius) + style + "/>\n";
}

void Svg::circle_with_tip(double x, double y, double radius, const std::string& style, const std::string& tip) {
  body_ += formatted("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" ", x, y, radius) + style + "><title>" + xml_text(tip) +
           "</title></circle>\n";
}

void Svg::text(double x, double y, const std::string& content, const char* anchor, int size) {
  body_ += formatted("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"%d\">", x, y, anchor, size) +
           xml_text(content) + "</text>\n";
}

void Svg::upright_text(double x, double y, const std::string& content) {
  body_ +=
      formatted("<text transform=\"translate(%.1f %.1f) rotate(-90)\" text-anchor=\"middle\" font-size=\"11\">", x, y) +
      xml_text(content) + "</text>\n";
}

std::string Svg::document(double width, double height) const {
  return formatted(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
             "font-family=\"sans-serif\" fill=\"#222\">\n<rect width=\"100%%\" height=\"100%%\" "
             "fill=\"white\"/>\n",
             width, height, width, height) +
         body_ + "</svg>\n";
}

double LogAxis::at(double value) const {
  const double share = std::log(std::clamp(value, low, high) / low) / std::log(high / low);
  return from + share * (to - from);
}

LogAxis axis_over(double least, double greatest, double from, double to) {
  const double low = std::pow(10, std::floor(std::log10(least)));
  return {low, std::max(std::pow(10, std::ceil(std::log10(greatest))), 10 * low), from, to};
}

}  // namespace ebb::bench
