#include "ebb/io/pth/zip_pth.h"

#include <charconv>

#include "ebb/io/bytes/memory_budget.h"
#include "ebb/io/bytes/quote.h"
#include "ebb/io/pickle/unpickler.h"
#include "ebb/io/pth/storage_reader.h"
#include "ebb/io/zip/zip_reader.h"

namespace ebb::io {
namespace {

constexpr std::uint64_t most_pickle_bytes = std::uint64_t{1} << 28;
constexpr std::uint64_t most_inflated_bytes = std::uint64_t{1} << 25;

std::string read_text_record(const ZipReader& zip, const char* name, const char* otherwise, bool check_crc) {
  const ZipRecord* record = zip.find(name);
  return record == nullptr ? otherwise : std::string(as_text(ZipReader::read(*record, 64, check_crc)));
}

void check_version(const std::string& text) {
  int version = 0;
  const auto [rest, status] = std::from_chars(text.data(), text.data() + text.size(), version);
  check<FileError>(status == std::errc(), "the format's version is no number: ", quote(text));
  check<FileError>(version >= 1 && version <= 10, "the file has version ", version,
                   " of PyTorch's format; versions 1 to 10 are read");
}

std::endian read_byte_order(const ZipReader& zip, bool check_crc) {
  const std::string order = read_text_record(zip, "byteorder", "little", check_crc);
  check<FileError>(order == "little" || order == "big", "byteorder must be little or big, got ", quote(order));
  return order == "big" ? std::endian::big : std::endian::little;
}

class ZipStorages final : public StorageReader {
 public:
  ZipStorages(const ZipReader& zip, const LoadOptions& options)
      : StorageReader(options, read_byte_order(zip, options.check_crc)), zip_(zip), check_crc_(options.check_crc) {}

 private:
  std::uint64_t record_bytes(const std::string& key) const override { return record(key).size; }

  void read_record(const std::string& key, std::span<std::byte> to) const override {
    ZipReader::read(record(key), to, check_crc_);
  }

  const ZipRecord& record(const std::string& key) const {
    const std::string name = "data/" + key;
    const ZipRecord* record = zip_.find(name);
    check<FileError>(record != nullptr, "a tensor needs storage ", quote(key), ", but the file has no record ",
                     quote(name));
    return *record;
  }

  const ZipReader& zip_;
  bool check_crc_;
};

/// PyTorch compresses nothing. Whoever did may not fill the memory from a small file.
void check_inflation(const ZipReader& zip, std::uint64_t file_bytes) {
  const std::uint64_t most = file_bytes + most_inflated_bytes;
  check<FileError>(zip.inflated_bytes() <= most, "the records inflate to more than ", most, " bytes from a file of ",
                   file_bytes, "; torch.save does not compress");
}

}  // namespace

Value read_zip_pth(ByteView file, const LoadOptions& options) {
  const ZipReader zip(file);
  check_inflation(zip, file.size());
  const bool is_script = zip.find("constants.pkl") != nullptr || zip.find(".data/version") != nullptr;
  check<FileError>(!is_script,
                   "this is a TorchScript program, not a checkpoint; in Python, torch.save(model.state_dict(), ...)");
  const ZipRecord* stream = zip.find("data.pkl");
  check<FileError>(stream != nullptr, "this zip archive is no file of torch.save: it has no record \"data.pkl\"");
  check_version(read_text_record(zip, "version", "3", options.check_crc));
  ZipStorages storages(zip, options);
  return unpickle(ZipReader::read(*stream, most_pickle_bytes, options.check_crc),
                  {.storages = &storages,
                   .allow_opaque = options.allow_opaque,
                   .encoding = options.encoding,
                   .imports = options.imports,
                   .most_bytes = MemoryBudget::of_file(file.size(), options.most_bytes)});
}

}  // namespace ebb::io
