#include "apps/bench/report/picture.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "apps/bench/report/numbers.h"
#include "apps/bench/report/svg.h"

namespace ebb::bench {
namespace {

constexpr double width = 1200, margin = 60, row_height = 20, roof_height = 420;
constexpr const char *thin = "stroke=\"#ddd\"", *thick = "stroke=\"#222\" stroke-width=\"1.5\"";

/// Everyone has a colour, in the order of appearance: those of Okabe and Ito, which the colour-blind can tell apart,
/// and some of Tol's.
class Colours {
 public:
  explicit Colours(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      for (const Entry& entry : row.entries) {
        if (entry.refusal.empty() && std::ranges::find(names_, entry.name) == names_.end())
          names_.push_back(entry.name);
      }
    }
  }

  std::string of(const std::string& name) const {
    constexpr std::array<const char*, 12> colours{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
                                                  "#000000", "#b8a800", "#882255", "#44aa99", "#999999", "#aa6633"};
    const auto place = static_cast<std::size_t>(std::ranges::find(names_, name) - names_.begin());
    return colours[place % colours.size()];
  }

  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

/// What the library takes is filled.
std::string style_of(const Entry& entry, const Colours& colours) {
  const std::string colour = colours.of(entry.name);
  return "stroke=\"" + colour + "\" stroke-width=\"1.5\" fill=\"" + (entry.is_chosen ? colour : "white") + "\"";
}

/// Returns where it ends.
double draw_legend(Svg& svg, const Colours& colours, double y) {
  double x = margin;
  for (const std::string& name : colours.names()) {
    const double taken = 30 + 7 * static_cast<double>(name.size());
    if (x + taken > width - margin) {
      x = margin;
      y += row_height;
    }
    svg.circle(x, y - 4, 5, "fill=\"" + colours.of(name) + "\"");
    svg.text(x + 10, y, name);
    x += taken;
  }
  svg.text(margin, y + row_height, "filled: what ebb takes where nobody forces it");
  return y + row_height;
}

void draw_axes(Svg& svg, const LogAxis& x, const LogAxis& y) {
  for (double power = x.low; power <= x.high * 1.001; power *= 10) {
    svg.line(x.at(power), y.from, x.at(power), y.to, thin);
    svg.text(x.at(power), y.from + 16, formatted("%g", power), "middle");
  }
  for (double power = y.low; power <= y.high * 1.001; power *= 10) {
    svg.line(x.from, y.at(power), x.to, y.at(power), thin);
    svg.text(x.from - 6, y.at(power) + 4, formatted("%g", power), "end");
  }
  svg.text((x.from + x.to) / 2, y.from + 34, "operations a byte, at most", "middle");
  svg.upright_text(16, (y.from + y.to) / 2, "GFLOP/s");
}

/// A point of the roofline: operations a byte, and GFLOP/s.
struct Point {
  const Row* row;
  const Entry* entry;
  double intensity, gflops;
};

std::vector<Point> points_of(const Result& result) {
  std::vector<Point> points;
  for (const Row& row : result.rows) {
    if (row.work.flops == 0) continue;
    for (const Entry& entry : row.entries) {
      if (entry.cold.median == 0) continue;
      const double tflops = rates_of(row, entry.cold, result.ceilings).tflop_per_s;
      points.push_back({&row, &entry, row.work.flops / row.work.bytes(row.dtype), tflops * 1e3});
    }
  }
  return points;
}

void draw_roof(Svg& svg, const Ceilings& ceilings, const LogAxis& x, const LogAxis& y) {
  const double peak = ceilings.flops * 1e-9, slope = ceilings.bandwidth * 1e-9, ridge = peak / slope;
  const double left = std::max(x.low, y.low / slope), corner = std::clamp(ridge, left, x.high);
  svg.line(x.at(left), y.at(std::min(peak, slope * left)), x.at(corner), y.at(slope * corner), thick);
  svg.line(x.at(corner), y.at(peak), x.to, y.at(peak), thick);
  svg.text(x.at(corner) + 6, y.at(peak) - 6, formatted("%.4g GFLOP/s and %.4g GB/s", peak, slope));
}

/// Returns how high it is.
double draw_roofline(Svg& svg, const Result& result, const Colours& colours, double top) {
  const std::vector<Point> points = points_of(result);
  if (points.empty()) return 0;
  double least_x = HUGE_VAL, most_x = 0, least_y = HUGE_VAL, most_y = result.ceilings.flops * 1e-9;
  for (const Point& p : points) {
    least_x = std::min(least_x, p.intensity);
    most_x = std::max(most_x, p.intensity);
    least_y = std::min(least_y, p.gflops);
    most_y = std::max(most_y, p.gflops);
  }
  svg.title(margin, top, "Roofline, cold");
  const LogAxis x = axis_over(least_x, most_x, margin, width - margin);
  const LogAxis y = axis_over(least_y, most_y, top + roof_height - 60, top + 14);
  draw_axes(svg, x, y);
  draw_roof(svg, result.ceilings, x, y);
  for (const Point& p : points) {
    svg.circle_with_tip(x.at(p.intensity), y.at(p.gflops), 4, style_of(*p.entry, colours),
                        p.row->name() + ": " + p.entry->name);
  }
  return roof_height;
}

/// Everyone a little below the one before, so that who is alike can be told apart.
void draw_ratio_row(Svg& svg, const Row& row, const Colours& colours, const LogAxis& x, double y) {
  std::string label = row.name();
  if (label.size() > 84) label = label.substr(0, 81) + "...";
  svg.text(x.from - 10, y + 4, label, "end", 10);
  svg.line(x.from, y, x.to, y, thin);
  const auto has_ratio = [](const Entry& entry) { return entry.cold.ratio.value > 0; };
  const auto count = static_cast<double>(std::ranges::count_if(row.entries, has_ratio));
  const double step = std::min(3.5, 14 / std::max(1.0, count - 1));
  y -= step * (count - 1) / 2;
  for (const Entry& entry : row.entries) {
    if (!has_ratio(entry)) continue;
    const auto& [value, interval] = entry.cold.ratio;
    const std::string bar = "stroke=\"" + colours.of(entry.name) + "\" stroke-width=\"2\"";
    svg.line(x.at(interval.low), y, x.at(interval.high), y, bar.c_str());
    svg.circle_with_tip(x.at(value), y, 3.5, style_of(entry, colours),
                        formatted("%s: %.2f [%.2f, %.2f]", entry.name.c_str(), value, interval.low, interval.high));
    y += step;
  }
}

void draw_ratio_ticks(Svg& svg, const LogAxis& x, double top, double bottom) {
  for (const double tick : {0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0}) {
    svg.line(x.at(tick), top + 6, x.at(tick), bottom, tick == 1 ? thick : thin);
    const char* beyond = tick == 0.1 ? "or less" : tick == 10 ? "or more" : tick == 1 ? "alike" : "";
    svg.text(x.at(tick), top, formatted("%g %s", tick, beyond), "middle", 10);
  }
}

/// Returns how high it is.
double draw_ratios(Svg& svg, const Result& result, const Colours& colours, double top) {
  std::vector<const Row*> rows;
  for (const Row& row : result.rows) {
    const bool has_ratio = std::ranges::any_of(row.entries, [](const Entry& e) { return e.cold.ratio.value > 0; });
    if (has_ratio) rows.push_back(&row);
  }
  if (rows.empty()) return 0;
  const LogAxis x{0.1, 10, 560, width - margin};
  svg.title(margin, top, "Time of the best of the others over one's own, cold, with its 95 % interval");
  const double height = 40 + row_height * static_cast<double>(rows.size());
  draw_ratio_ticks(svg, x, top + 22, top + height - 8);
  double y = top + 40;
  for (const Row* row : rows) {
    draw_ratio_row(svg, *row, colours, x, y);
    y += row_height;
  }
  return height;
}

}  // namespace

std::string picture_of(const Result& result) {
  Svg svg;
  const Colours colours(result.rows);
  svg.title(
      margin, 30,
      "ebb bench on " + result.device + formatted(", %d threads, ", result.threads) + result.math + ", " + result.date);
  double y = draw_legend(svg, colours, 54) + 36;
  y += draw_roofline(svg, result, colours, y);
  y += draw_ratios(svg, result, colours, y + 10);
  return svg.document(width, y + 40);
}

}  // namespace ebb::bench
