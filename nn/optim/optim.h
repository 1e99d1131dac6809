#pragma once

/// Every optimizer and scheduler, and what clips gradients.
#include "ebb/nn/optim/adagrad.h"
#include "ebb/nn/optim/adam.h"
#include "ebb/nn/optim/clip_grad.h"
#include "ebb/nn/optim/cosine_lr.h"
#include "ebb/nn/optim/decay_lr.h"
#include "ebb/nn/optim/one_cycle_lr.h"
#include "ebb/nn/optim/ramp_lr.h"
#include "ebb/nn/optim/reduce_lr_on_plateau.h"
#include "ebb/nn/optim/rmsprop.h"
#include "ebb/nn/optim/scheduler_list.h"
#include "ebb/nn/optim/sgd.h"
