// Archives of arrays: a .npy file for each, in a zip.
#include "ebb/io/bytes/memory_budget.h"
#include "ebb/io/bytes/quote.h"
#include "ebb/io/npy.h"
#include "ebb/io/system/in_file.h"
#include "ebb/io/zip/zip_reader.h"
#include "ebb/io/zip/zip_writer.h"

namespace ebb::io {
namespace {

constexpr std::string_view npy_suffix = ".npy";

Tensor read_record(const ZipRecord& record, const LoadOptions& options) {
  if (!record.is_deflated && options.check_crc && record.size <= options.meta_above) ZipReader::check_crc(record);
  try {
    if (!record.is_deflated) return read_npy(record.content, options);
    return read_npy(ZipReader::read(record, record.size, options.check_crc), options);
  } catch (const FileError& error) {
    fail<FileError>("npz: record ", quote(record.name), ": ", error.message());
  }
}

void put_npz(const StateDict& arrays, const ZipWriter::Sink& sink) {
  ZipWriter zip(sink, "");
  for (const auto& [name, array] : arrays) zip.add(name + std::string(npy_suffix), write_npy(array));
  zip.finish();
}

}  // namespace

StateDict read_npz(ByteView file, const LoadOptions& options) {
  const ZipReader zip(file, ZipLayout::flat);
  const std::uint64_t most_bytes = MemoryBudget::of_file(file.size(), options.most_bytes);
  const std::uint64_t inflated = zip.inflated_bytes();
  check<FileError>(inflated <= most_bytes, "npz: the arrays inflate to ", inflated, " bytes, more than the ",
                   most_bytes, " that they may; {.most_bytes = ", inflated, "} allows it");
  StateDict arrays;
  MemoryBudget budget(MemoryBudget::of_file(file.size()));
  for (const ZipRecord& record : zip.records()) {
    check<FileError>(record.name.ends_with(npy_suffix), "npz: record ", quote(record.name), " is no .npy file");
    budget.charge(MemoryBudget::named_tensor + 4 * record.name.size());
    const std::string name = record.name.substr(0, record.name.size() - npy_suffix.size());
    arrays.set(name, read_record(record, options));
  }
  return arrays;
}

Bytes write_npz(const StateDict& arrays) {
  return collect_bytes([&](const auto& sink) { put_npz(arrays, sink); });
}

void save_npz(const std::string& path, const StateDict& arrays, Site site) {
  save_file("save_npz", path, site, [&](const auto& sink) { put_npz(arrays, sink); });
}

StateDict load_npz(const std::string& path, const LoadOptions& options, Site site) {
  return load_file("load_npz", path, site, options, [&](ByteView file) { return read_npz(file, options); });
}

}  // namespace ebb::io
