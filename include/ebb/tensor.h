#pragma once

/// Tensors, every op, autograd, random numbers and threads.
#include "ebb/autograd/autocast.h"
#include "ebb/autograd/backward.h"
#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/gradcheck.h"
#include "ebb/autograd/graph.h"
#include "ebb/autograd/inference_mode.h"
#include "ebb/autograd/ops.h"
#include "ebb/autograd/print.h"
#include "ebb/core/backends/backends.h"
#include "ebb/core/dlpack/dlpack.h"
#include "ebb/core/random/generator.h"
#include "ebb/core/tensor.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/core/warning.h"
