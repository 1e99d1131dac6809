#include "ebb/io/pth/storage_reader.h"

#include <algorithm>

#include "ebb/io/bytes/bytes.h"
#include "ebb/io/bytes/quote.h"
#include "ebb/io/system/prefault.h"

namespace ebb::io {
namespace {

void check_bools(const std::string& key, ByteView bytes) {
  const bool all_legal = std::ranges::all_of(bytes, [](std::byte b) { return b <= std::byte{1}; });
  check(all_legal, "storage ", quote(key), " of bools has bytes that are neither 0 nor 1");
}

void swap_bytes(const StorageId& id, std::span<std::byte> bytes) {
  check(!id.is_untyped, "storage ", quote(id.key),
        " holds bytes of a big-endian machine, of a dtype that it does not say");
  const std::size_t width = size_of(id.dtype) / (is_complex(id.dtype) ? 2 : 1);
  for (std::size_t at = 0; at < bytes.size(); at += width) std::ranges::reverse(bytes.subspan(at, width));
}

}  // namespace

Tensor StorageReader::find(const StorageId& id) {
  auto known = storages_.find(id.key);
  if (known == storages_.end()) known = storages_.emplace(id.key, read(id)).first;
  const Tensor& storage = known->second;
  check(storage.dtype() == id.dtype && storage.numel() == id.elements, "storage ", quote(id.key), " is used as ",
        id.elements, " elements of ", id.dtype, " and as ", storage.numel(), " of ", storage.dtype());
  if (!id.part) return storage;
  return Tensor(
      make_ref<TensorBody>(storage.body().storage, id.dtype, Shape{id.part->elements}, Strides{1}, id.part->begin));
}

Tensor StorageReader::read(const StorageId& id) const {
  const StorageRecord record = find_(id.key);
  const std::uint64_t bytes = storage_bytes(id);
  check(record.bytes == bytes, "storage ", quote(id.key), " is said to have ", id.elements, " elements of ", id.dtype,
        ", but its record has ", record.bytes, " bytes");
  const Device device = locations_.find(id.location);
  if (device.is_meta()) return empty({id.elements}, {.dtype = id.dtype, .device = device});
  Tensor storage = empty({id.elements}, {.dtype = id.dtype});
  const std::span<std::byte> to(storage.raw_data(), bytes);
  prefault(to);
  record.read(to);
  if (id.dtype == kBool) check_bools(id.key, to);
  if (swaps_bytes_) swap_bytes(id, to);
  return device.is_cpu() ? storage : storage.to(device);
}

}  // namespace ebb::io
