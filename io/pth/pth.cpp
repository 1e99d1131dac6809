#include "ebb/io/pth.h"

#include <charconv>

#include "ebb/io/bytes/memory_budget.h"
#include "ebb/io/bytes/quote.h"
#include "ebb/io/file_kind.h"
#include "ebb/io/opaque.h"
#include "ebb/io/pickle/pickler.h"
#include "ebb/io/pickle/unpickler.h"
#include "ebb/io/pth/legacy_pth.h"
#include "ebb/io/pth/storage_reader.h"
#include "ebb/io/system/atomic_file.h"
#include "ebb/io/system/in_file.h"
#include "ebb/io/zip/zip_reader.h"
#include "ebb/io/zip/zip_writer.h"

namespace ebb::io {
namespace {

constexpr std::uint64_t most_pickle_bytes = std::uint64_t{1} << 28;
constexpr std::uint64_t most_inflated_bytes = std::uint64_t{1} << 25;

StorageRecord find_record(const ZipReader& zip, const std::string& key, bool check_crc) {
  const ZipRecord* record = zip.find("data/" + key);
  check(record != nullptr, "a tensor needs storage ", quote(key), ", but the file has no record ",
        quote("data/" + key));
  return {record->size, [=](std::span<std::byte> to) { ZipReader::read(*record, to, check_crc); }};
}

std::string read_note(const ZipReader& zip, const char* name, const char* otherwise, bool check_crc) {
  const ZipRecord* record = zip.find(name);
  return record == nullptr ? otherwise : std::string(as_text(ZipReader::read(*record, 64, check_crc)));
}

void check_version(const std::string& text) {
  int version = 0;
  const auto [rest, status] = std::from_chars(text.data(), text.data() + text.size(), version);
  check(status == std::errc(), "the format's version is no number: ", quote(text));
  check(version >= 1 && version <= 10, "the file has version ", version,
        " of PyTorch's format; versions 1 to 10 are read");
}

bool is_big_endian(const ZipReader& zip, bool check_crc) {
  const std::string order = read_note(zip, "byteorder", "little", check_crc);
  check(order == "little" || order == "big", "byteorder must be little or big, got ", quote(order));
  return order == "big";
}

/// PyTorch compresses nothing. Whoever did may not fill the memory from a small file.
void check_inflation(const ZipReader& zip, std::uint64_t file_bytes) {
  const std::uint64_t most = file_bytes + most_inflated_bytes;
  check(zip.inflated_bytes() <= most, "the records inflate to more than ", most, " bytes from a file of ", file_bytes,
        "; torch.save does not compress");
}

Value read_zip_pth(ByteView file, const LoadOptions& options) {
  const ZipReader zip(file);
  check_inflation(zip, file.size());
  const bool is_script = zip.find("constants.pkl") != nullptr || zip.find(".data/version") != nullptr;
  check(!is_script, "this is a TorchScript program, not a checkpoint; in Python, torch.save(model.state_dict(), ...)");
  const ZipRecord* stream = zip.find("data.pkl");
  check(stream != nullptr, "this zip archive is no file of torch.save: it has no record \"data.pkl\"");
  const bool check_crc = options.check_crc;
  check_version(read_note(zip, "version", "3", check_crc));
  StorageReader storages([&](const std::string& key) { return find_record(zip, key, check_crc); }, options.map_location,
                         is_big_endian(zip, check_crc));
  const auto find_storage = [&](const StorageId& id) { return storages.find(id); };
  return unpickle(ZipReader::read(*stream, most_pickle_bytes, check_crc),
                  {.find_storage = find_storage,
                   .allow_opaque = options.allow_opaque,
                   .most_bytes = MemoryBudget::of_file(file.size(), options.most_bytes)});
}

void put_pth(const Value& value, const ZipWriter::Sink& sink) {
  const Pickled pickled = pickle(value);
  ZipWriter zip(sink, "archive");
  zip.add("data.pkl", pickled.stream);
  zip.add(".format_version", as_bytes("1"));
  zip.add(".storage_alignment", as_bytes(std::to_string(ZipWriter::alignment)));
  zip.add("byteorder", as_bytes("little"));
  for (std::size_t key = 0; key < pickled.storages.size(); ++key) {
    const Tensor& storage = pickled.storages[key];
    zip.add("data/" + std::to_string(key), ByteView(storage.raw_data(), storage.storage().bytes()));
  }
  zip.add("version", as_bytes("3\n"));
  zip.finish();
}

}  // namespace

Value read_pth(ByteView file, const LoadOptions& options) {
  const FileKind kind = file_kind(file);
  check(kind != FileKind::npz, "this is an archive of NumPy arrays: io::load_npz reads it");
  if (kind == FileKind::pth) return read_zip_pth(file, options);
  if (kind == FileKind::legacy_pth) return read_legacy_pth(file, options);
  fail(describe_foreign_file(file));
}

Bytes write_pth(const Value& value) {
  Bytes bytes;
  put_pth(value, [&](ByteView part) { bytes.insert(bytes.end(), part.begin(), part.end()); });
  return bytes;
}

void save_value(const std::string& path, const Value& value, Site site) {
  in_file("save", path, site, [&] {
    AtomicFile file(path);
    put_pth(value, [&](ByteView part) { file.write(part); });
    file.commit();
  });
}

Value load_value(const std::string& path, const LoadOptions& options, Site site) {
  return in_file("load", path, site, [&] {
    const FileContent content(path);
    return read_pth(content.bytes(), options);
  });
}

void save(const std::string& path, const StateDict& tensors, Site site) { save_value(path, Value(tensors), site); }

StateDict load(const std::string& path, const LoadOptions& options, Site site) {
  return in_file("load", path, site, [&] {
    const FileContent content(path);
    return state_dict_of(read_pth(content.bytes(), options));
  });
}

}  // namespace ebb::io
