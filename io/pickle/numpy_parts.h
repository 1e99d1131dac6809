#pragma once

#include "ebb/core/value/value.h"

/// NumPy's scalars and arrays in a pickle, as plain values.
namespace ebb::io {

/// Whether it is one of the names by which NumPy, of version 1 or 2, pickles dtypes, scalars and arrays.
bool is_numpy(const Global& global);

/// A scalar becomes a bool, an int or a float; dtypes and arrays, whose content comes with their state, objects.
Value interpret_numpy_call(const Global& global, const Value& arguments);

/// Of a dtype: its byte order. An array becomes a tensor where ebb has its dtype, and stays an object otherwise.
void set_numpy_state(Value& object, Value state);

}  // namespace ebb::io
