#include "ebb/io/pth/legacy_pth.h"

#include <cstring>

#include "ebb/io/bytes/memory_budget.h"
#include "ebb/io/bytes/quote.h"
#include "ebb/io/pickle/unpickler.h"
#include "ebb/io/pth/storage_reader.h"

namespace ebb::io {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view magic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv;  // an integer of ten bytes
constexpr std::int64_t protocol = 1001;

using Ids = std::unordered_map<std::string, StorageId>;
using Records = std::unordered_map<std::string, ByteView>;

/// Takes the pickle at the front.
Value take_pickle(ByteView& rest, const UnpickleOptions& options = {}) {
  Unpickled pickle = unpickle_front(rest, options);
  rest = rest.subspan(pickle.bytes);
  return std::move(pickle.value);
}

void take_header(ByteView& rest) {
  const Value number = take_pickle(rest);
  const bool is_magic = number.kind() == Value::Kind::object && number.as_object().arguments.items().size() == 1 &&
                        number.as_object().arguments.items()[0].as_bytes() == magic;
  check(is_magic, "the file does not begin with PyTorch's magic number");
  const std::int64_t version = take_pickle(rest).as_int();
  check(version == protocol, "the file has protocol ", version, " of PyTorch's format; ", protocol, " is read");
  const Value machine = take_pickle(rest);
  check(machine.is_dict(), "what describes the machine must be a dict, got ", machine.kind_name());
}

UnpickleOptions object_options(std::function<Tensor(const StorageId&)> find_storage, bool allow_opaque,
                               std::uint64_t most_bytes) {
  return {std::move(find_storage), allow_opaque, true, most_bytes};
}

/// The tensors of a first reading have no elements: those come after the object, which says what they are.
ByteView take_object(ByteView& rest, bool allow_opaque, std::uint64_t most_bytes, Ids& ids) {
  const ByteView from = rest;
  const auto find_storage = [&](const StorageId& id) {
    ids.try_emplace(id.key, id);
    return empty({id.part ? id.part->elements : id.elements}, {.dtype = id.dtype, .device = kMeta});
  };
  take_pickle(rest, object_options(find_storage, allow_opaque, most_bytes));
  return from.first(from.size() - rest.size());
}

ByteView take_record(ByteReader& reader, const StorageId& id) {
  const auto elements = static_cast<std::int64_t>(reader.u64());
  check(elements == id.elements, "storage ", quote(id.key), " is said to have ", id.elements, " elements and to have ",
        elements);
  return reader.take(storage_bytes(id));
}

Records take_records(ByteView rest, const Ids& ids) {
  const Value keys = take_pickle(rest);
  ByteReader reader(rest, "storages");
  Records records;
  for (const Value& key : keys.items()) {
    const auto id = ids.find(key.as_text());
    check(id != ids.end(), "the file has a storage ", quote(key.as_text()), " that no tensor needs");
    const bool is_new = records.emplace(key.as_text(), take_record(reader, id->second)).second;
    check(is_new, "the file has storage ", quote(key.as_text()), " twice");
  }
  check(reader.left() == 0, "the file has ", reader.left(), " bytes after its last storage");
  return records;
}

StorageRecord find_record(const Records& records, const std::string& key) {
  const auto found = records.find(key);
  check(found != records.end(), "a tensor needs storage ", quote(key), ", but the file does not have it");
  const ByteView bytes = found->second;
  return {bytes.size(), [bytes](std::span<std::byte> to) {
            if (!to.empty()) std::memcpy(to.data(), bytes.data(), to.size());
          }};
}

}  // namespace

bool is_legacy_pth(ByteView file) {
  constexpr std::size_t longest_start = 32;  // newer protocols put a frame before the number
  const std::string_view start = as_text(file).substr(0, longest_start);
  return start.starts_with('\x80') && start.find(magic) != std::string_view::npos;
}

Value read_legacy_pth(ByteView file, const LoadOptions& options) {
  const std::uint64_t most_bytes = MemoryBudget::of_file(file.size(), options.most_bytes);
  take_header(file);
  Ids ids;
  const ByteView object = take_object(file, options.allow_opaque, most_bytes, ids);
  const Records records = take_records(file, ids);
  StorageReader storages([&](const std::string& key) { return find_record(records, key); }, options.map_location);
  const auto find_storage = [&](const StorageId& id) { return storages.find(id); };
  return unpickle(object, object_options(find_storage, options.allow_opaque, most_bytes));
}

}  // namespace ebb::io
