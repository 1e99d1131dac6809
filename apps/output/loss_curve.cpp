#include "apps/output/loss_curve.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <vector>

namespace ebb::apps {
namespace {

constexpr double width = 720, height = 360, left = 60, right = 20, top = 40, bottom = 40;

/// Maps steps and the logarithm of losses to the picture.
class Axes {
 public:
  explicit Axes(std::span<const float> losses) : steps_(static_cast<double>(std::max<std::size_t>(losses.size(), 2))) {
    for (const float loss : losses) {
      if (!(loss > 0) || !std::isfinite(loss)) continue;
      low_ = std::min(low_, std::log10(static_cast<double>(loss)));
      high_ = std::max(high_, std::log10(static_cast<double>(loss)));
    }
    if (low_ > high_) low_ = -1, high_ = 1;
    if (high_ - low_ < 0.1) high_ += 0.1;
  }

  double x(double step) const { return left + step / (steps_ - 1) * (width - left - right); }
  double y(double log_loss) const {
    return top + (high_ - std::clamp(log_loss, low_, high_)) / (high_ - low_) * (height - top - bottom);
  }
  double low() const { return low_; }
  double high() const { return high_; }
  double steps() const { return steps_; }

 private:
  double steps_, low_ = INFINITY, high_ = -INFINITY;
};

void line(std::ostream& out, const Axes& axes, std::span<const float> values, const char* style) {
  out << "<polyline fill=\"none\" " << style << " points=\"";
  const std::size_t stride = std::max<std::size_t>(1, values.size() / 2000);
  for (std::size_t i = 0; i < values.size(); i += stride) {
    if (!(values[i] > 0) || !std::isfinite(values[i])) continue;
    out << axes.x(static_cast<double>(i)) << "," << axes.y(std::log10(static_cast<double>(values[i]))) << " ";
  }
  out << "\"/>\n";
}

std::vector<float> running_mean(std::span<const float> losses) {
  std::vector<float> smooth;
  double mean = 0, weight = 0;
  for (const float loss : losses) {
    mean = 0.97 * mean + 0.03 * static_cast<double>(loss);
    weight = 0.97 * weight + 0.03;
    smooth.push_back(static_cast<float>(mean / weight));
  }
  return smooth;
}

void grid(std::ostream& out, const Axes& axes) {
  for (double decade = std::floor(axes.low()); decade <= axes.high(); ++decade) {
    for (const int digit : {1, 2, 5}) {
      const double at = decade + std::log10(digit);
      if (at < axes.low() || at > axes.high()) continue;
      out << "<line x1=\"" << left << "\" x2=\"" << width - right << "\" y1=\"" << axes.y(at) << "\" y2=\""
          << axes.y(at) << "\" stroke=\"#ddd\"/><text x=\"" << left - 6 << "\" y=\"" << axes.y(at) + 4
          << "\" text-anchor=\"end\">" << digit * std::pow(10.0, decade) << "</text>\n";
    }
  }
  for (int i = 0; i <= 4; ++i) {
    const double step = std::round((axes.steps() - 1) * i / 4);
    out << "<text x=\"" << axes.x(step) << "\" y=\"" << height - bottom + 18 << "\" text-anchor=\"middle\">" << step
        << "</text>\n";
  }
}

}  // namespace

std::string loss_curve_svg(std::span<const float> losses, const std::string& title) {
  const Axes axes(losses);
  std::ostringstream out;
  out << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << width << " " << height
      << "\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
      << "<text x=\"" << left << "\" y=\"22\" font-size=\"15\">" << title << "</text>\n";
  grid(out, axes);
  line(out, axes, losses, "stroke=\"#9ecae1\" stroke-width=\"1\"");
  line(out, axes, running_mean(losses), "stroke=\"#08519c\" stroke-width=\"2\"");
  out << "<text x=\"" << width / 2 << "\" y=\"" << height - 6 << "\" text-anchor=\"middle\">step</text>\n</svg>\n";
  return out.str();
}

}  // namespace ebb::apps
