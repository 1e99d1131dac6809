#include "ebb/io/pth.h"

#include "tests/fuzz/pickle_mutator.h"
#include "tests/fuzz/zip_records.h"

using namespace ebb;

namespace {

void mutate_records(std::vector<fuzz::Record>& records, fuzz::Random& random) {
  fuzz::Record& record = records[fuzz::pick(random, records.size())];
  const std::size_t choice = fuzz::pick(random, 16);
  if (choice == 0) return record.name.swap(records[fuzz::pick(random, records.size())].name);
  if (choice == 1) return records.push_back(fuzz::Record(record));
  if (choice == 2) return record.content.clear();
  if (choice < 8 && record.name != "data.pkl") return fuzz::mutate_blindly(record.content);
  for (fuzz::Record& other : records) {
    if (other.name == "data.pkl") fuzz::mutate_pickle(other.content, random);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    fuzz::check_value(io::read_pth(fuzz::view(data, size), {.allow_opaque = size % 2 == 0, .check_crc = size % 4 > 1}));
  } catch (const FileError&) {
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate(data, size, max_size, seed, [](io::Bytes& file, fuzz::Random& random) {
    try {
      std::vector<fuzz::Record> records = fuzz::read_records(file, io::ZipLayout::one_folder);
      mutate_records(records, random);
      if (fuzz::pick(random, 4) > 0) file = fuzz::write_records(records, "archive");
      if (fuzz::pick(random, 4) == 0) fuzz::mutate_blindly(file);
    } catch (const Error&) {
      fuzz::mutate_blindly(file);
    }
  });
}
