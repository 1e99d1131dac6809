// Archives of arrays: a .npy file for each, in a zip.
#include "ebb/io/bytes/memory_budget.h"
#include "ebb/io/bytes/quote.h"
#include "ebb/io/npy.h"
#include "ebb/io/system/atomic_file.h"
#include "ebb/io/system/in_file.h"
#include "ebb/io/zip/zip_reader.h"
#include "ebb/io/zip/zip_writer.h"

namespace ebb::io {
namespace {

constexpr std::string_view npy_suffix = ".npy";

Tensor read_record(const ZipRecord& record) {
  if (!record.is_deflated) ZipReader::check_crc(record);
  try {
    return record.is_deflated ? take_npy(ZipReader::read(record, record.size)) : read_npy(record.content);
  } catch (const Error& error) {
    fail("npz: record ", quote(record.name), ": ", error.message());
  }
}

void put_npz(const StateDict& arrays, const ZipWriter::Sink& sink) {
  ZipWriter zip(sink, "");
  for (const auto& [name, array] : arrays) zip.add(name + std::string(npy_suffix), write_npy(array));
  zip.finish();
}

}  // namespace

StateDict read_npz(ByteView file, const NpzOptions& options) {
  const ZipReader zip(file, ZipLayout::flat);
  const std::uint64_t most_bytes = MemoryBudget::of_file(file.size(), options.most_bytes);
  const std::uint64_t inflated = zip.inflated_bytes();
  check(inflated <= most_bytes, "npz: the arrays inflate to ", inflated, " bytes, more than the ", most_bytes,
        " that they may; {.most_bytes = ", inflated, "} allows it");
  StateDict arrays;
  MemoryBudget budget(MemoryBudget::of_file(file.size()));
  for (const ZipRecord& record : zip.records()) {
    check(record.name.ends_with(npy_suffix), "npz: record ", quote(record.name), " is no .npy file");
    budget.charge(MemoryBudget::named_tensor + 4 * record.name.size());
    const std::string name = record.name.substr(0, record.name.size() - npy_suffix.size());
    arrays.set(name, read_record(record));
  }
  return arrays;
}

Bytes write_npz(const StateDict& arrays) {
  Bytes bytes;
  put_npz(arrays, [&](ByteView part) { bytes.insert(bytes.end(), part.begin(), part.end()); });
  return bytes;
}

void save_npz(const std::string& path, const StateDict& arrays, Site site) {
  in_file("save_npz", path, site, [&] {
    AtomicFile file(path);
    put_npz(arrays, [&](ByteView part) { file.write(part); });
    file.commit();
  });
}

StateDict load_npz(const std::string& path, const NpzOptions& options, Site site) {
  return in_file("load_npz", path, site, [&] {
    const FileContent content(path);
    return read_npz(content.bytes(), options);
  });
}

}  // namespace ebb::io
