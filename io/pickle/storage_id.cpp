#include "ebb/io/pickle/storage_id.h"

#include "ebb/io/bytes/quote.h"
#include "ebb/io/pickle/tensor_parts.h"

namespace ebb::io {

/// Where Python 2's strings are left as bytes, these are, too.
static const std::string& name_in(const Value& value) {
  return value.kind() == Value::Kind::bytes ? value.as_bytes() : value.as_text();
}

static bool is_tagged(const Value& id, std::size_t count, std::string_view tag) {
  if (id.kind() != Value::Kind::tuple || id.items().size() != count) return false;
  const Value::Kind kind = id.items()[0].kind();
  return (kind == Value::Kind::text || kind == Value::Kind::bytes) && name_in(id.items()[0]) == tag;
}

static StorageId::Part read_part(const Value& part, std::int64_t elements) {
  const bool is_triple = part.kind() == Value::Kind::tuple && part.items().size() == 3;
  check<FileError>(is_triple, "a part of a storage must be a tuple of key, begin and size, got ", part.kind_name());
  const std::int64_t begin = part.items()[1].as_int(), count = part.items()[2].as_int();
  const bool fits = begin >= 0 && count >= 0 && begin <= elements && count <= elements - begin;
  check<FileError>(fits, "a part of a storage has ", count, " elements from element ", begin, ", but the storage has ",
                   elements);
  return {begin, count};
}

StorageId read_storage_id(const Value& id, bool is_legacy) {
  check<FileError>(is_tagged(id, is_legacy ? 6 : 5, "storage"),
                   "a persistent id must be a tuple of 'storage', class, key, location and size",
                   is_legacy ? ", and part" : "");
  const std::vector<Value>& items = id.items();
  StorageId storage;
  storage.dtype = storage_dtype(items[1].as_global());
  storage.is_foreign = is_foreign(items[1].as_global());
  storage.is_untyped = is_untyped(items[1].as_global());
  storage.key = name_in(items[2]);
  storage.location = name_in(items[3]);
  storage.elements = items[4].as_int();
  storage_bytes(storage);
  if (is_legacy && !items[5].is_none()) storage.part = read_part(items[5], storage.elements);
  return storage;
}

bool is_class_id(const Value& id) { return is_tagged(id, 4, "module"); }

std::uint64_t storage_bytes(const StorageId& id) {
  std::uint64_t bytes = 0;
  const bool fits =
      id.elements >= 0 && !__builtin_mul_overflow(static_cast<std::uint64_t>(id.elements), size_of(id.dtype), &bytes);
  check<FileError>(fits, "storage ", quote(id.key), " is said to have ", id.elements, " elements of ", id.dtype);
  return bytes;
}

}  // namespace ebb::io
