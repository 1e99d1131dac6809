#pragma once

/// Every container of layers and of parameters.
#include "ebb/nn/containers/module_dict.h"
#include "ebb/nn/containers/module_list.h"
#include "ebb/nn/containers/open_module.h"
#include "ebb/nn/containers/parameter_list.h"
#include "ebb/nn/containers/sequential.h"
