#pragma once

#include "ebb/core/value/value.h"
#include "ebb/io/load_options.h"

/// What the calls in PyTorch's pickles stand for. Nothing is called: each known name has its meaning here.
namespace ebb::io {

/// Whether the name may stand in a file: a container, a tensor, a storage, a dtype, or plain data such as torch.Size.
bool is_known(const Global& global);

/// The value of `global(*arguments)` for a known name; an inert object where it is no plain data, or a tensor of a kind
/// that ebb does not have: sparse, quantised, a conjugate view.
Value interpret_call(const Global& global, const Value& arguments);
Value inert_object(const Global& global, const Value& arguments);

/// The str of Python 2 that has these bytes.
Value python2_string(Value bytes, StringEncoding encoding);

/// What stands in the place of a container within itself, which no Value can be.
Value recursive_reference();

/// About what the value of such a call takes, in bytes.
std::uint64_t cost_of_call(const Global& global, const Value& arguments);

/// `object.__setstate__(state)`: attributes of an ordered dict, the elements of NumPy's array, state of an object; an
/// Error for anything else.
void set_state(Value& object, Value state);

/// Why these names may stand in a file that somebody took for a checkpoint; empty for no idea.
std::string explain_unknown(const std::vector<Global>& unknown);

}  // namespace ebb::io
