#pragma once

/// Where files and networks meet: models told by their weights, torch.nn's modules both ways.
#include "ebb/interop/open.h"
#include "ebb/interop/whole_model.h"
