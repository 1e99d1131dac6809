#include "ebb/io/pth/storage_reader.h"

#include "ebb/io/bytes/elements.h"
#include "ebb/io/bytes/quote.h"
#include "ebb/io/system/prefault.h"

namespace ebb::io {

Tensor StorageReader::find(const StorageId& id) {
  auto known = storages_.find(id.key);
  if (known == storages_.end()) known = storages_.emplace(id.key, read(id)).first;
  const Tensor& storage = known->second;
  check<FileError>(storage.dtype() == id.dtype && storage.numel() == id.elements, "storage ", quote(id.key),
                   " is used as ", id.elements, " elements of ", id.dtype, " and as ", storage.numel(), " of ",
                   storage.dtype());
  if (!id.part) return storage;
  return Tensor(
      make_ref<TensorBody>(storage.body().storage, id.dtype, Shape{id.part->elements}, Strides{1}, id.part->begin));
}

Tensor StorageReader::read(const StorageId& id) const {
  const std::uint64_t bytes = storage_bytes(id), in_file = record_bytes(id.key);
  check<FileError>(in_file == bytes, "storage ", quote(id.key), " is said to have ", id.elements, " elements of ",
                   id.dtype, ", but its record has ", in_file, " bytes");
  const Device device = options_.map_location.find(id.location);
  if (device.is_meta() || bytes > options_.meta_above) return allocate({id.elements}, id.dtype, kMeta);
  Tensor storage = allocate({id.elements}, id.dtype);
  const std::span<std::byte> to(storage.raw_data(), bytes);
  prefault(to);
  read_record(id.key, to);
  check<FileError>(id.dtype != kBool || are_bools(to), "storage ", quote(id.key),
                   " of bools has bytes that are neither 0 nor 1");
  if (order_ != std::endian::native) {
    check<FileError>(!id.is_untyped, "storage ", quote(id.key),
                     " holds bytes of a big-endian machine, of a dtype that it does not say");
    swap_bytes(to, id.dtype);
  }
  return device == kCPU ? storage : storage.to(device);
}

}  // namespace ebb::io
