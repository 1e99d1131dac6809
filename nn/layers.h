#pragma once

/// Every layer.
#include "ebb/nn/activation.h"
#include "ebb/nn/batch_norm.h"
#include "ebb/nn/containers.h"
#include "ebb/nn/conv.h"
#include "ebb/nn/dropout.h"
#include "ebb/nn/embedding.h"
#include "ebb/nn/flatten.h"
#include "ebb/nn/fold.h"
#include "ebb/nn/linear.h"
#include "ebb/nn/loss.h"
#include "ebb/nn/norm.h"
#include "ebb/nn/padding.h"
#include "ebb/nn/pool.h"
#include "ebb/nn/softmax.h"
#include "ebb/nn/upsample.h"
