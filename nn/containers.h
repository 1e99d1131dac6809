#pragma once

/// Every container of layers and of parameters.
#include "ebb/nn/module_dict.h"
#include "ebb/nn/module_list.h"
#include "ebb/nn/open_module.h"
#include "ebb/nn/parameter_list.h"
#include "ebb/nn/sequential.h"
