#pragma once

/// Data sets and the loader of batches.
#include "ebb/data/datasets.h"
#include "ebb/data/loader.h"
