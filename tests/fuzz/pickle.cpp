#include "ebb/io/pickle/unpickler.h"

#include "tests/fuzz/pickle_mutator.h"

using namespace ebb;

namespace {

struct SmallStorages final : io::StorageSource {
  Tensor find(const io::StorageId& id) override {
    check<FileError>(io::storage_bytes(id) <= 4096, "a storage too large to play with");
    Tensor storage = empty({id.elements}, {.dtype = id.dtype});
    std::fill_n(storage.raw_data(), storage.storage().bytes(), std::byte{1});
    return storage;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bool is_legacy = size % 4 == 0, allow_opaque = size % 2 == 0;
  SmallStorages storages;
  try {
    fuzz::check_value(io::unpickle_front(fuzz::view(data, size), {&storages, allow_opaque, is_legacy}).value);
  } catch (const FileError&) {
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate(data, size, max_size, seed, [](io::Bytes& pickle, fuzz::Random& random) {
    if (fuzz::pick(random, 8) == 0) return fuzz::mutate_blindly(pickle);
    fuzz::mutate_pickle(pickle, random);
  });
}
