#pragma once

/// Files: .pth, safetensors, NumPy's, checkpoints.
#include "ebb/io/checkpoint_files.h"
#include "ebb/io/idx.h"
#include "ebb/io/load_any.h"
#include "ebb/io/npy.h"
#include "ebb/io/opaque.h"
#include "ebb/io/pth.h"
#include "ebb/io/safetensors.h"
