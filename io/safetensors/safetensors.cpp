#include "ebb/io/safetensors.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "ebb/io/bytes/elements.h"
#include "ebb/io/bytes/quote.h"
#include "ebb/io/safetensors/json_reader.h"
#include "ebb/io/safetensors/safetensors_header.h"
#include "ebb/io/safetensors/safetensors_types.h"
#include "ebb/io/system/in_file.h"

namespace ebb::io {
namespace {

using Sink = std::function<void(ByteView)>;

std::vector<StateDict::Entry> in_writing_order(const StateDict& tensors) {
  std::vector<StateDict::Entry> entries(tensors.begin(), tensors.end());
  std::ranges::sort(entries, {}, [](const StateDict::Entry& entry) {
    return std::pair<int, std::string_view>(-safetensors_rank(entry.second.dtype()), entry.first);
  });
  return entries;
}

std::string describe(const SafetensorsMetadata& metadata) {
  std::string text;
  for (const auto& [key, value] : metadata)
    text += (text.empty() ? "" : ",") + json_quote(key) + ":" + json_quote(value);
  return "\"__metadata__\":{" + text + "}";
}

std::string describe(const StateDict::Entry& entry, std::uint64_t begin, std::uint64_t end) {
  const auto& [name, tensor] = entry;
  check(name != "__metadata__", "safetensors: no tensor can be named \"__metadata__\"");
  std::string sizes;
  for (const std::int64_t size : tensor.shape()) sizes += (sizes.empty() ? "" : ",") + std::to_string(size);
  return json_quote(name) + ":{\"dtype\":\"" + safetensors_name(tensor.dtype()) + "\",\"shape\":[" + sizes +
         "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

/// The size and the header, padded so that the data starts at a multiple of 8.
std::string make_header(const std::vector<StateDict::Entry>& entries, const SafetensorsMetadata& metadata) {
  std::string json = metadata.empty() ? "" : describe(metadata);
  std::uint64_t begin = 0;
  for (const StateDict::Entry& entry : entries) {
    const std::uint64_t end = begin + bytes_of(entry.second.shape(), entry.second.dtype());
    json += (json.empty() ? "" : ",") + describe(entry, begin, end);
    begin = end;
  }
  json = "{" + json + "}";
  json.append((8 - json.size() % 8) % 8, ' ');
  std::string header;
  append_little(header, json.size(), 8);
  return header + json;
}

void put_safetensors(const StateDict& tensors, const SafetensorsMetadata& metadata, const Sink& sink) {
  const std::vector<StateDict::Entry> entries = in_writing_order(tensors);
  sink(as_bytes(make_header(entries, metadata)));
  for (const auto& [name, tensor] : entries) sink(DenseElements(tensor).bytes);
}

}  // namespace

Safetensors read_safetensors(ByteView file, const LoadOptions& options) {
  SafetensorsHeader header = read_safetensors_header(file, options.most_bytes);
  const ByteView data = file.subspan(header.data_begin);
  Safetensors content;
  for (const SafetensorsEntry& entry : header.entries) {
    const ByteView elements = data.subspan(entry.begin, entry.end - entry.begin);
    content.tensors.set(entry.name, read_placed(elements, entry.shape, entry.dtype, std::endian::little, options));
  }
  content.metadata = std::move(header.metadata);
  return content;
}

Bytes write_safetensors(const StateDict& tensors, const SafetensorsMetadata& metadata) {
  return collect_bytes([&](const auto& sink) { put_safetensors(tensors, metadata, sink); });
}

void save_safetensors(const std::string& path, const StateDict& tensors, const SafetensorsMetadata& metadata,
                      Site site) {
  save_file("save_safetensors", path, site, [&](const auto& sink) { put_safetensors(tensors, metadata, sink); });
}

Safetensors load_safetensors(const std::string& path, const LoadOptions& options, Site site) {
  return load_file("load_safetensors", path, site, options,
                   [&](ByteView file) { return read_safetensors(file, options); });
}

}  // namespace ebb::io
