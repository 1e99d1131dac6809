#include "ebb/io/zip/zip_directory.h"

#include "ebb/io/zip/zip_format.h"

namespace ebb::io::zip {
namespace {

constexpr std::uint64_t most_entries = std::uint64_t{1} << 18;  // each takes more memory than bytes of the file
constexpr const char* cut_short = "; the file is cut short or damaged";

Directory read_end(ByteView archive) {
  check<FileError>(archive.size() >= end_bytes, "zip: ", archive.size(), " bytes are no archive", cut_short);
  ByteReader reader(archive.last(end_bytes), "zip");
  check<FileError>(reader.u32() == end_signature, "zip: the end record is missing", cut_short);
  const unsigned disk = reader.u16(), first_disk = reader.u16();
  check<FileError>(disk == 0 && first_disk == 0, "zip: archives of several parts are not read");
  Directory directory;
  const std::uint64_t entries_here = reader.u16();
  directory.entries = reader.u16();
  check<FileError>(entries_here == directory.entries, "zip: the end record counts ", entries_here, " and ",
                   directory.entries, " records");
  directory.size = reader.u32();
  directory.begin = reader.u32();
  const unsigned comment = reader.u16();
  check<FileError>(comment == 0, "zip: archives with a comment are not read");
  return directory;
}

std::uint64_t locate_end64(ByteView locator) {
  ByteReader reader(locator, "zip");
  reader.skip(4);
  const unsigned disk = reader.u32();
  const std::uint64_t at = reader.u64();
  const unsigned disks = reader.u32();
  check<FileError>(disk == 0 && disks <= 1, "zip: archives of several parts are not read");
  return at;
}

Directory read_end64(ByteView record) {
  ByteReader reader(record, "zip");
  check<FileError>(reader.u32() == end64_signature, "zip: the ZIP64 end record is missing where its locator points",
                   cut_short);
  const std::uint64_t size = reader.u64();
  check<FileError>(size == end64_bytes - 12, "zip: a ZIP64 end record of ", size, " bytes, expected ",
                   end64_bytes - 12);
  reader.skip(4);  // versions
  const unsigned disk = reader.u32(), first_disk = reader.u32();
  const std::uint64_t entries_here = reader.u64();
  Directory directory;
  directory.entries = reader.u64();
  directory.size = reader.u64();
  directory.begin = reader.u64();
  check<FileError>(disk == 0 && first_disk == 0 && entries_here == directory.entries,
                   "zip: archives of several parts are not read");
  return directory;
}

void check_agreement(const Directory& classic, const Directory& wide) {
  const auto agree = [](std::uint64_t narrow, std::uint64_t marker, std::uint64_t value) {
    return narrow == marker || narrow == value;
  };
  check<FileError>(agree(classic.entries, marker16, wide.entries) && agree(classic.size, marker32, wide.size) &&
                       agree(classic.begin, marker32, wide.begin),
                   "zip: the two end records contradict each other");
}

bool needs_end64(const Directory& directory) {
  return directory.entries == marker16 || directory.size == marker32 || directory.begin == marker32;
}

Entry read_entry(ByteReader& reader) {
  check<FileError>(reader.u32() == central_signature, "zip: a record of the directory is damaged, before byte ",
                   reader.position());
  reader.skip(4);  // versions
  Entry entry;
  entry.flags = reader.u16();
  entry.method = reader.u16();
  reader.skip(4);  // time
  entry.crc = reader.u32();
  entry.compressed_size = reader.u32();
  entry.size = reader.u32();
  const std::size_t name = reader.u16(), extra = reader.u16(), comment = reader.u16();
  const unsigned disk = reader.u16();
  check<FileError>(disk == 0, "zip: archives of several parts are not read");
  reader.skip(6);  // attributes
  entry.offset = reader.u32();
  entry.name = as_text(reader.take(name));
  resolve_zip64(reader.take(extra), {&entry.size, &entry.compressed_size, &entry.offset});
  reader.skip(comment);
  return entry;
}

}  // namespace

bool resolve_zip64(ByteView extra, std::initializer_list<std::uint64_t*> fields) {
  ByteReader reader(extra, "zip extra field");
  while (reader.left() >= 4) {
    const unsigned kind = reader.u16();
    const std::size_t size = reader.u16();
    ByteReader wide(reader.take(size), "ZIP64 extra field");
    if (kind != zip64_extra) continue;
    for (std::uint64_t* field : fields) {
      if (*field == marker32) *field = wide.u64();
    }
    return true;
  }
  for (const std::uint64_t* field : fields)
    check<FileError>(*field != marker32, "zip: a record lacks its 64 bit sizes");
  return false;
}

Directory find_directory(ByteView archive) {
  Directory directory = read_end(archive);
  std::uint64_t end = archive.size() - end_bytes;  // of the directory
  const bool has_locator =
      end >= locator_bytes && ByteReader(archive.subspan(end - locator_bytes), "zip").u32() == locator_signature;
  check<FileError>(has_locator || !needs_end64(directory), "zip: the ZIP64 end record is missing", cut_short);
  if (has_locator) {
    const std::uint64_t at = locate_end64(archive.subspan(end - locator_bytes, locator_bytes));
    end -= locator_bytes;
    check<FileError>(at <= end && end - at == end64_bytes, "zip: the ZIP64 end record is not where it belongs",
                     cut_short);
    const Directory wide = read_end64(archive.subspan(at, end64_bytes));
    check_agreement(directory, wide);
    directory = wide;
    end = at;
  }
  check<FileError>(directory.begin <= end && end - directory.begin == directory.size,
                   "zip: the directory is said to take ", directory.size, " bytes from byte ", directory.begin,
                   ", but ends at byte ", end, cut_short);
  return directory;
}

std::vector<Entry> read_directory(ByteView archive, const Directory& directory) {
  check<FileError>(directory.entries <= most_entries, "zip: ", directory.entries, " records are more than the ",
                   most_entries, " that are read");
  check<FileError>(directory.entries <= directory.size / central_bytes, "zip: ", directory.entries,
                   " records do not fit a directory of ", directory.size, " bytes");
  ByteReader reader(archive.subspan(directory.begin, directory.size), "zip directory");
  std::vector<Entry> entries;
  entries.reserve(directory.entries);
  for (std::uint64_t i = 0; i < directory.entries; ++i) entries.push_back(read_entry(reader));
  check<FileError>(reader.left() == 0, "zip: the directory has ", reader.left(), " bytes more than its ",
                   entries.size(), " records");
  return entries;
}

}  // namespace ebb::io::zip
