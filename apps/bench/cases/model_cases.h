#pragma once

#include <vector>

#include "ebb/nn/layer.h"

#include "apps/bench/cases/case.h"

namespace ebb::bench {

/// What the layers of a model are called with: its distinct convolutions, linear layers, poolings, norms, softmaxes and
/// ReLUs, in the order of the first call, and how many layers call each. Nothing is computed; see nn::summary. An Error
/// where the model does not take the input, or has no such layer.
std::vector<Case> cases_of(const nn::Layer& model, const Shape& input);

}  // namespace ebb::bench
