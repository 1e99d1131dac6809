#pragma once

/// GPUs: their streams, events and graphs, and the allocators of their memory.
#include "ebb/core/context.h"
#include "ebb/core/streams/graph.h"
#include "ebb/core/streams/stream.h"
