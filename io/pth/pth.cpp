#include "ebb/io/pth.h"

#include "ebb/io/bytes/as_file_error.h"
#include "ebb/io/formats/file_format.h"
#include "ebb/io/opaque.h"
#include "ebb/io/pickle/pickler.h"
#include "ebb/io/system/in_file.h"
#include "ebb/io/zip/zip_writer.h"

namespace ebb::io {
namespace {

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
  const FileFormat* format = find_format(file);
  if (format == nullptr) {
    fail<FileError>(describe_foreign_file(
        file, "this is no zip archive, as PyTorch's files are since version 1.6; it is damaged or of another kind"));
  }
  if (!format->is_pth) fail<FileError>(format->instead_of_pth);
  return format->read(file, options);
}

Bytes write_pth(const Value& value) {
  return collect_bytes([&](const auto& sink) { put_pth(value, sink); });
}

void save_value(const std::string& path, const Value& value, Site site) {
  save_file("save", path, site, [&](const auto& sink) { put_pth(value, sink); });
}

Value load_value(const std::string& path, const LoadOptions& options, Site site) {
  return load_file("load", path, site, options, [&](ByteView file) { return read_pth(file, options); });
}

void save(const std::string& path, const StateDict& tensors, Site site) { save_value(path, Value(tensors), site); }

StateDict load(const std::string& path, const LoadOptions& options, Site site) {
  return load_file("load", path, site, options, [&](ByteView file) {
    const Value content = read_pth(file, options);
    return as_file_error([&] { return state_dict_of(content); });
  });
}

}  // namespace ebb::io
