#pragma once

/// All of ebb: tensors and their ops, autograd, modules, optimizers, files, data sets, ranks that compute together,
/// GPUs.
#include "ebb/comm.h"
#include "ebb/cuda.h"
#include "ebb/data.h"
#include "ebb/interop.h"
#include "ebb/io.h"
#include "ebb/nn.h"
#include "ebb/optim.h"
#include "ebb/tensor.h"
