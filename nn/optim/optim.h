#pragma once

/// Every optimizer and scheduler, and what clips and scales gradients.
#include "ebb/nn/optim/adagrad.h"
#include "ebb/nn/optim/adam.h"
#include "ebb/nn/optim/clip_grad.h"
#include "ebb/nn/optim/grad_scaler.h"
#include "ebb/nn/optim/rmsprop.h"
#include "ebb/nn/optim/schedulers/cosine_lr.h"
#include "ebb/nn/optim/schedulers/decay_lr.h"
#include "ebb/nn/optim/schedulers/one_cycle_lr.h"
#include "ebb/nn/optim/schedulers/ramp_lr.h"
#include "ebb/nn/optim/schedulers/reduce_lr_on_plateau.h"
#include "ebb/nn/optim/schedulers/scheduler_list.h"
#include "ebb/nn/optim/sgd.h"
