#pragma once

#include <span>
#include <string>

namespace ebb::apps {

/// An SVG picture of the losses, step by step, with their running mean; the y axis is logarithmic.
std::string loss_curve_svg(std::span<const float> losses, const std::string& title);

}  // namespace ebb::apps
