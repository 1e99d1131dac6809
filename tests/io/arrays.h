#pragma once

#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

#include "ebb/core/value/state_dict.h"

#include "tests/support/files.h"

/// What the tests of array files share.
namespace ebb::test {

/// The elements of tools/gen_arrays.py.
inline Tensor patterned(const Shape& shape, DType dtype) {
  Tensor x = empty(shape, {.dtype = dtype});
  for (std::size_t k = 0; k < x.storage().bytes(); ++k) {
    const std::size_t value = (37 * k + 11) % 256;
    x.raw_data()[k] = static_cast<std::byte>(dtype == kBool ? value % 2 : value);
  }
  return x;
}

inline bool same_elements(const Tensor& x, const Tensor& y) {
  if (x.shape() != y.shape() || x.dtype() != y.dtype()) return false;
  const Tensor a = x.contiguous(), b = y.contiguous();
  const std::size_t bytes = static_cast<std::size_t>(a.numel()) * size_of(a.dtype());
  return bytes == 0 || std::memcmp(a.raw_data(), b.raw_data(), bytes) == 0;
}

inline bool same_elements(const StateDict& x, const StateDict& y) {
  if (x.size() != y.size()) return false;
  for (const auto& [name, tensor] : x) {
    if (!y.contains(name) || !same_elements(tensor, y.at(name))) return false;
  }
  return true;
}

/// (verdict, name) for each file of a folder of malformed ones; a verdict is accept, reject or either.
inline std::vector<std::pair<std::string, std::string>> verdicts(const std::string& folder) {
  std::ifstream file(data_path(folder + "/verdicts.txt"));
  std::vector<std::pair<std::string, std::string>> all;
  for (std::string verdict, name; file >> verdict >> name;) all.emplace_back(verdict, name);
  return all;
}

/// The sizes below that of `file` at which `accepts(the first bytes)` holds, and should not.
template <class Accepts>
std::vector<std::size_t> accepted_cuts(io::ByteView file, Accepts accepts) {
  std::vector<std::size_t> sizes;
  for (std::size_t size = 0; size < file.size(); ++size) {
    if (accepts(file.first(size))) sizes.push_back(size);
  }
  return sizes;
}

/// Changes, loses or doubles a byte.
template <class Random>
void damage(io::Bytes& bytes, Random& random) {
  const std::size_t at = random.next32() % bytes.size();
  const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  switch (random.next32() % 4) {
    case 0:
      *place ^= static_cast<std::byte>(1u << (random.next32() % 8));
      break;
    case 1:
      *place = static_cast<std::byte>(random.next32());
      break;
    case 2:
      if (bytes.size() > 1) bytes.erase(place);
      break;
    default:
      bytes.insert(place, bytes[random.next32() % bytes.size()]);
  }
}

}  // namespace ebb::test
