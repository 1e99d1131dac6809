#pragma once

/// Every layer.
#include "ebb/nn/containers/containers.h"
#include "ebb/nn/layers/activation.h"
#include "ebb/nn/layers/batch_norm.h"
#include "ebb/nn/layers/conv.h"
#include "ebb/nn/layers/dropout.h"
#include "ebb/nn/layers/embedding.h"
#include "ebb/nn/layers/flatten.h"
#include "ebb/nn/layers/fold.h"
#include "ebb/nn/layers/linear.h"
#include "ebb/nn/layers/norm.h"
#include "ebb/nn/layers/padding.h"
#include "ebb/nn/layers/pool.h"
#include "ebb/nn/layers/upsample.h"
#include "ebb/nn/loss/loss.h"
