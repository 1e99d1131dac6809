#pragma once

/// Optimizers, learning rate schedulers, and what clips gradients.
#include "ebb/nn/optim/optim.h"
