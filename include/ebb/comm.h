#pragma once

/// Ranks that compute together, on threads, processes or GPUs.
#include "ebb/comm/nccl.h"
#include "ebb/comm/threads.h"
