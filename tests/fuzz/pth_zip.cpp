#include "ebb/io/pth.h"
#include "ebb/io/zip_reader.h"
#include "ebb/io/zip_writer.h"

#include "tests/fuzz/pickle_mutator.h"

using namespace ebb;

namespace {

struct Record {
  std::string name;
  io::Bytes content;
};

std::vector<Record> read_records(io::ByteView archive) {
  std::vector<Record> records;
  const io::ZipReader zip(archive);
  for (const io::ZipRecord& record : zip.records()) {
    records.push_back({record.name, io::ZipReader::read(record, 1 << 20, false)});
  }
  return records;
}

/// Sound again: checksums and lengths are those of the contents.
io::Bytes write_records(const std::vector<Record>& records) {
  io::Bytes archive;
  io::ZipWriter zip([&](io::ByteView part) { archive.insert(archive.end(), part.begin(), part.end()); }, "archive");
  for (const Record& record : records) zip.add(record.name, record.content);
  zip.finish();
  return archive;
}

void mutate_records(std::vector<Record>& records, fuzz::Random& random) {
  Record& record = records[fuzz::pick(random, records.size())];
  const std::size_t choice = fuzz::pick(random, 16);
  if (choice == 0) return record.name.swap(records[fuzz::pick(random, records.size())].name);
  if (choice == 1) return records.push_back(Record(record));
  if (choice == 2) return record.content.clear();
  if (choice < 8 && record.name != "data.pkl") return fuzz::mutate_blindly(record.content);
  for (Record& other : records) {
    if (other.name == "data.pkl") fuzz::mutate_pickle(other.content, random);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    fuzz::check_value(io::read_pth(fuzz::view(data, size), {.allow_opaque = size % 2 == 0, .check_crc = size % 4 > 1}));
  } catch (const Error&) {
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate(data, size, max_size, seed, [](io::Bytes& file, fuzz::Random& random) {
    try {
      std::vector<Record> records = read_records(file);
      mutate_records(records, random);
      if (fuzz::pick(random, 4) > 0) file = write_records(records);
      if (fuzz::pick(random, 4) == 0) fuzz::mutate_blindly(file);
    } catch (const Error&) {
      fuzz::mutate_blindly(file);
    }
  });
}
