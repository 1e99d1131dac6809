// The rules are those of the format's README and of its reference, safetensors/src/tensor.rs.
#include "ebb/io/safetensors/safetensors_header.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "ebb/io/bytes/elements.h"
#include "ebb/io/bytes/memory_budget.h"
#include "ebb/io/bytes/quote.h"
#include "ebb/io/safetensors/json_reader.h"
#include "ebb/io/safetensors/safetensors_types.h"

namespace ebb::io {
namespace {

constexpr std::uint64_t most_header_bytes = 100'000'000;

ByteView header_of(ByteView file) {
  check<FileError>(file.size() >= 8, "safetensors: ", file.size(), " bytes are too few for the header's size");
  const std::uint64_t size = ByteReader(file, "safetensors").u64();
  check<FileError>(size <= most_header_bytes, "safetensors: a header of ", size, " bytes, more than the ",
                   most_header_bytes, " that it may; this is no safetensors file, or a damaged one");
  check<FileError>(size <= file.size() - 8, "safetensors: a header of ", size, " bytes, but the file has only ",
                   file.size() - 8, " after its size; it is cut short");
  return file.subspan(8, size);
}

void check_new(bool is_new, const std::string& name) {
  check<FileError>(is_new, "safetensors: the header has ", quote(name), " twice");
}

SafetensorsMetadata read_metadata(JsonReader& json, MemoryBudget& budget) {
  SafetensorsMetadata metadata;
  if (json.take_null()) return metadata;
  json.object([&](const std::string& key) {
    const std::string value = json.string();
    budget.charge(MemoryBudget::entry + key.size() + value.size());
    check_new(metadata.emplace(key, value).second, key);
  });
  return metadata;
}

Shape read_shape(JsonReader& json, const std::string& name) {
  Shape shape;
  json.array([&] {
    const std::uint64_t size = json.integer();
    check<FileError>(size <= INT64_MAX && shape.size() < max_dims, "safetensors: tensor ", quote(name),
                     " has more than ", max_dims, " dimensions, or a size beyond 63 bits");
    shape.push_back(static_cast<std::int64_t>(size));
  });
  return shape;
}

void read_offsets(JsonReader& json, SafetensorsEntry& entry) {
  json.expect('[');
  entry.begin = json.integer();
  json.expect(',');
  entry.end = json.integer();
  json.expect(']');
}

SafetensorsEntry read_entry(JsonReader& json, const std::string& name) {
  SafetensorsEntry entry{.name = name, .dtype = {}, .shape = {}, .begin = 0, .end = 0};
  bool has_dtype = false, has_shape = false, has_offsets = false;
  json.object([&](const std::string& key) {
    if (key == "dtype") {
      check_new(!std::exchange(has_dtype, true), key);
      entry.dtype = safetensors_dtype(json.string());
    } else if (key == "shape") {
      check_new(!std::exchange(has_shape, true), key);
      entry.shape = read_shape(json, name);
    } else if (key == "data_offsets") {
      check_new(!std::exchange(has_offsets, true), key);
      read_offsets(json, entry);
    } else {
      json.skip_value();
    }
  });
  check<FileError>(has_dtype && has_shape && has_offsets, "safetensors: tensor ", quote(name),
                   " needs a dtype, a shape and data_offsets");
  return entry;
}

/// Each tensor starts where the one before it ends, and takes what its shape says; the last ends with the file.
void check_cover(const std::vector<SafetensorsEntry>& entries, std::uint64_t data_bytes) {
  std::uint64_t end = 0;
  for (const SafetensorsEntry& entry : entries) {
    check<FileError>(entry.begin == end && entry.end >= entry.begin, "safetensors: tensor ", quote(entry.name),
                     " lies at bytes ", entry.begin, " to ", entry.end, ", but the one before it ends at ", end,
                     "; there must be no hole and no overlap");
    const std::uint64_t bytes = bytes_of(entry.shape, entry.dtype);
    check<FileError>(entry.end - entry.begin == bytes, "safetensors: tensor ", quote(entry.name), " of shape ",
                     entry.shape, " and ", entry.dtype, " takes ", bytes, " bytes, but lies at ", entry.begin, " to ",
                     entry.end);
    end = entry.end;
  }
  check<FileError>(end == data_bytes, "safetensors: the tensors take ", end, " bytes, but the file has ", data_bytes,
                   " after its header; it is cut short or has a tail");
}

}  // namespace

SafetensorsHeader read_safetensors_header(ByteView file, std::uint64_t most_bytes) {
  const ByteView text = header_of(file);
  SafetensorsHeader header{.entries = {}, .metadata = {}, .data_begin = 8 + text.size()};
  JsonReader json(as_text(text), "safetensors header");
  std::unordered_set<std::string> names;
  MemoryBudget budget(MemoryBudget::of_file(file.size(), most_bytes));
  json.object([&](const std::string& name) {
    check_new(names.insert(name).second, name);
    if (name == "__metadata__") {
      header.metadata = read_metadata(json, budget);
    } else {
      budget.charge(MemoryBudget::named_tensor + 4 * name.size());
      header.entries.push_back(read_entry(json, name));
    }
  });
  json.finish();
  std::ranges::stable_sort(header.entries, {}, [](const auto& entry) { return std::pair(entry.begin, entry.end); });
  check_cover(header.entries, file.size() - header.data_begin);
  return header;
}

}  // namespace ebb::io
