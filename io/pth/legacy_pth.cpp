#include "ebb/io/pth/legacy_pth.h"

#include <cstring>

#include "ebb/io/bytes/as_file_error.h"
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
  check<FileError>(is_magic, "the file does not begin with PyTorch's magic number");
  const std::int64_t version = take_pickle(rest).as_int();
  check<FileError>(version == protocol, "the file has protocol ", version, " of PyTorch's format; ", protocol,
                   " is read");
  const Value machine = take_pickle(rest);
  check<FileError>(machine.is_dict(), "what describes the machine must be a dict, got ", machine.kind_name());
}

/// Storages without elements, for a first reading: those come after the object, which says what they are.
class StorageCollector final : public StorageSource {
 public:
  Tensor find(const StorageId& id) override {
    ids.try_emplace(id.key, id);
    return allocate({id.part ? id.part->elements : id.elements}, id.dtype, kMeta);
  }

  Ids ids;
};

class LegacyStorages final : public StorageReader {
 public:
  LegacyStorages(const Records& records, const LoadOptions& options) : StorageReader(options), records_(records) {}

 private:
  std::uint64_t record_bytes(const std::string& key) const override { return record(key).size(); }

  void read_record(const std::string& key, std::span<std::byte> to) const override {
    if (!to.empty()) std::memcpy(to.data(), record(key).data(), to.size());
  }

  ByteView record(const std::string& key) const {
    const auto found = records_.find(key);
    check<FileError>(found != records_.end(), "a tensor needs storage ", quote(key), ", but the file does not have it");
    return found->second;
  }

  const Records& records_;
};

ByteView take_record(ByteReader& reader, const StorageId& id) {
  const auto elements = static_cast<std::int64_t>(reader.u64());
  check<FileError>(elements == id.elements, "storage ", quote(id.key), " is said to have ", id.elements,
                   " elements and to have ", elements);
  return reader.take(storage_bytes(id));
}

Records take_records(ByteView rest, const Ids& ids) {
  const Value keys = take_pickle(rest);
  ByteReader reader(rest, "storages");
  Records records;
  for (const Value& key : keys.items()) {
    const auto id = ids.find(key.as_text());
    check<FileError>(id != ids.end(), "the file has a storage ", quote(key.as_text()), " that no tensor needs");
    const bool is_new = records.emplace(key.as_text(), take_record(reader, id->second)).second;
    check<FileError>(is_new, "the file has storage ", quote(key.as_text()), " twice");
  }
  check<FileError>(reader.left() == 0, "the file has ", reader.left(), " bytes after its last storage");
  return records;
}

}  // namespace

bool is_legacy_pth(ByteView file) {
  constexpr std::size_t longest_start = 32;  // newer protocols put a frame before the number
  const std::string_view start = as_text(file).substr(0, longest_start);
  return start.starts_with('\x80') && start.find(magic) != std::string_view::npos;
}

Value read_legacy_pth(ByteView file, const LoadOptions& options) {
  UnpickleOptions object_options{.allow_opaque = options.allow_opaque,
                                 .is_legacy = true,
                                 .encoding = options.encoding,
                                 .imports = options.imports,
                                 .most_bytes = MemoryBudget::of_file(file.size(), options.most_bytes)};
  as_file_error([&] { take_header(file); });
  const ByteView object = file;
  StorageCollector collector;
  object_options.storages = &collector;
  take_pickle(file, object_options);
  const std::size_t object_bytes = object.size() - file.size();
  const Records records = as_file_error([&] { return take_records(file, collector.ids); });
  LegacyStorages storages(records, options);
  object_options.storages = &storages;
  return unpickle(object.first(object_bytes), object_options);
}

}  // namespace ebb::io
