#pragma once

#include "ebb/core/value/value.h"

/// What can be had from the objects that LoadOptions::allow_opaque keeps.
namespace ebb::io {

/// The attributes of an object, as Python's vars(object): a dict.
///
///     const Value checkpoint = io::load_value(path, {.allow_opaque = true});
///     double rate = io::vars(checkpoint["args"])["lr"].as_real();  // of an argparse.Namespace
Value vars(const Value& object);

/// model.state_dict() of a whole model, from torch.save(model): parameters and persistent buffers by name, in PyTorch's
/// order. Those of a DataParallel begin with "module.", as in PyTorch. A dict is one already, and the method itself,
/// from torch.save(model.state_dict), is understood as its result.
StateDict state_dict_of(const Value& model);

}  // namespace ebb::io
