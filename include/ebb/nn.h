#pragma once

/// Modules: layers, losses, containers, initialisation, models, loading, many devices, summaries.
#include "ebb/nn/init/init.h"
#include "ebb/nn/layers.h"
#include "ebb/nn/loading/checkpoint.h"
#include "ebb/nn/models/bilinear_pooling.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/models/resnet.h"
#include "ebb/nn/models/unet.h"
#include "ebb/nn/parallel/data_parallel.h"
#include "ebb/nn/parallel/distributed_data_parallel.h"
#include "ebb/nn/parallel/sync_batch_norm.h"
#include "ebb/nn/summary.h"
