#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>

#include "ebb/core/error.h"
#include "ebb/core/value/value.h"
#include "ebb/io/bytes/bytes.h"

/// What the harnesses share. A harness is a file with LLVMFuzzerTestOneInput, and LLVMFuzzerCustomMutator where bytes
/// that are mutated blindly would get no further than a checksum.
namespace ebb::fuzz {

using Random = std::minstd_rand;

/// Below `count`, which is not 0.
inline std::size_t pick(Random& random, std::size_t count) { return random() % count; }

/// libFuzzer's own mutation, which knows the words of the dictionary, with room for some bytes more.
void mutate_blindly(io::Bytes& bytes);

/// Mutates what follows a length, which stands at `at` in `width` bytes, lowest first, and stays right; now and then
/// also cuts off or adds bytes at the end. Blindly where there is no such length.
void mutate_sized_part(io::Bytes& file, std::size_t at, int width, Random& random);

/// Copies to where libFuzzer wants a mutated input; leaves that alone where it does not fit. Its size.
std::size_t put(const io::Bytes& bytes, std::uint8_t* data, std::size_t size, std::size_t max_size);

inline io::ByteView view(const std::uint8_t* data, std::size_t size) { return std::as_bytes(std::span(data, size)); }

/// libFuzzer's custom mutator: `change(bytes, random)` changes the input.
template <class Change>
std::size_t mutate(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed, Change change) {
  Random random(seed);
  const io::ByteView input = view(data, size);
  io::Bytes bytes(input.begin(), input.end());
  change(bytes, random);
  return put(bytes, data, size, max_size);
}

/// What `read` returns, or nothing where it throws a FileError, as a file's fault is.
template <class Read>
auto accepted(Read read) -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const FileError&) {
    return {};
  }
}

/// Reads the first and last element of every tensor, for a sanitizer to see, and holds the value to its promises: where
/// it can be written, what is written can be read, and is written the same again.
void check_value(const Value& value);

/// Ends the program, for libFuzzer to report, unless `ok`.
void require(bool ok);

}  // namespace ebb::fuzz
