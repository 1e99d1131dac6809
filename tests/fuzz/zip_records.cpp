#include "tests/fuzz/zip_records.h"

#include "ebb/io/zip/zip_writer.h"

namespace ebb::fuzz {

std::vector<Record> read_records(io::ByteView archive, io::ZipLayout layout) {
  std::vector<Record> records;
  const io::ZipReader zip(archive, layout);
  for (const io::ZipRecord& record : zip.records()) {
    records.push_back({record.name, io::ZipReader::read(record, 1 << 20, false)});
  }
  return records;
}

io::Bytes write_records(const std::vector<Record>& records, const std::string& folder) {
  io::Bytes archive;
  io::ZipWriter zip([&](io::ByteView part) { archive.insert(archive.end(), part.begin(), part.end()); }, folder);
  for (const Record& record : records) zip.add(record.name, record.content);
  zip.finish();
  return archive;
}

}  // namespace ebb::fuzz
