#include "ebb/io/pth.h"

#include <algorithm>
#include <charconv>

#include "ebb/io/atomic_file.h"
#include "ebb/io/file_kind.h"
#include "ebb/io/in_file.h"
#include "ebb/io/pickler.h"
#include "ebb/io/quote.h"
#include "ebb/io/unpickler.h"
#include "ebb/io/zip_reader.h"
#include "ebb/io/zip_writer.h"

namespace ebb::io {
namespace {

constexpr std::uint64_t most_pickle_bytes = std::uint64_t{1} << 28;

/// The storages of an archive: each is read once, however many tensors see it.
class StorageReader {
 public:
  StorageReader(const ZipReader& zip, bool swaps_bytes, Device device)
      : zip_(zip), swaps_bytes_(swaps_bytes), device_(device) {}

  Tensor find(const std::string& key, DType dtype, std::int64_t elements) {
    const auto known = storages_.find(key);
    if (known == storages_.end()) return storages_[key] = read(key, dtype, elements);
    const Tensor& storage = known->second;
    check(storage.dtype() == dtype && storage.numel() == elements, "storage ", quote(key), " is used as ", elements,
          " elements of ", dtype, " and as ", storage.numel(), " of ", storage.dtype());
    return storage;
  }

 private:
  Tensor read(const std::string& key, DType dtype, std::int64_t elements) const {
    const ZipRecord* record = zip_.find("data/" + key);
    check(record != nullptr, "a tensor needs storage ", quote(key), ", but the file has no record ",
          quote("data/" + key));
    std::uint64_t bytes = 0;
    const bool fits =
        elements >= 0 && !__builtin_mul_overflow(static_cast<std::uint64_t>(elements), size_of(dtype), &bytes);
    check(fits && record->size == bytes, "storage ", quote(key), " is said to have ", elements, " elements of ", dtype,
          ", but its record has ", record->size, " bytes");
    Tensor storage = empty({elements}, {.dtype = dtype});
    const std::span<std::byte> to(storage.raw_data(), bytes);
    ZipReader::read(*record, to);
    if (dtype == kBool) check_bools(key, to);
    if (swaps_bytes_) swap_bytes(to, size_of(dtype));
    return device_.is_cpu() ? storage : storage.to(device_);
  }

  static void check_bools(const std::string& key, ByteView bytes) {
    const bool all_legal = std::ranges::all_of(bytes, [](std::byte b) { return b <= std::byte{1}; });
    check(all_legal, "storage ", quote(key), " of bools has bytes that are neither 0 nor 1");
  }

  static void swap_bytes(std::span<std::byte> bytes, std::size_t width) {
    for (std::size_t at = 0; at < bytes.size(); at += width) std::ranges::reverse(bytes.subspan(at, width));
  }

  const ZipReader& zip_;
  bool swaps_bytes_;
  Device device_;
  std::unordered_map<std::string, Tensor> storages_;
};

std::string read_note(const ZipReader& zip, const char* name, const char* otherwise) {
  const ZipRecord* record = zip.find(name);
  return record == nullptr ? otherwise : std::string(as_text(ZipReader::read(*record, 64)));
}

void check_version(const std::string& text) {
  int version = 0;
  const auto [rest, status] = std::from_chars(text.data(), text.data() + text.size(), version);
  check(status == std::errc(), "the format's version is no number: ", quote(text));
  check(version >= 1 && version <= 10, "the file has version ", version,
        " of PyTorch's format; versions 1 to 10 are read");
}

bool is_big_endian(const ZipReader& zip) {
  const std::string order = read_note(zip, "byteorder", "little");
  check(order == "little" || order == "big", "byteorder must be little or big, got ", quote(order));
  return order == "big";
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
  const bool is_zip = as_text(file).starts_with("PK\3\4");
  if (!is_zip) fail(describe_foreign_file(file));
  const ZipReader zip(file);
  const bool is_script = zip.find("constants.pkl") != nullptr || zip.find(".data/version") != nullptr;
  check(!is_script, "this is a TorchScript program, not a checkpoint; in Python, torch.save(model.state_dict(), ...)");
  const ZipRecord* stream = zip.find("data.pkl");
  check(stream != nullptr, "this zip archive is no file of torch.save: it has no record \"data.pkl\"");
  check_version(read_note(zip, "version", "3"));
  StorageReader storages(zip, is_big_endian(zip), options.map_location);
  const auto find_storage = [&](const std::string& key, DType dtype, std::int64_t elements) {
    return storages.find(key, dtype, elements);
  };
  return unpickle(ZipReader::read(*stream, most_pickle_bytes),
                  {.find_storage = find_storage, .allow_opaque = options.allow_opaque});
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
    return read_pth(content.bytes(), options).as_state_dict();
  });
}

}  // namespace ebb::io
