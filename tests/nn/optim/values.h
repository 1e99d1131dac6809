#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "ebb/core/value/value.h"

namespace ebb::test {

using Json = nlohmann::ordered_json;

/// Where `actual` differs from `expected`, "" where nowhere. The kinds of numbers, the order of keys and the bits of
/// tensors count. `actual` may have more keys in its dicts where `allow_more`.
std::string difference(const Value& expected, const Value& actual, bool allow_more = false);

/// The same for what Python's json module made of a dict of plain values. A zero may be an int or a float.
std::string difference(const Json& expected, const Value& actual);

}  // namespace ebb::test
