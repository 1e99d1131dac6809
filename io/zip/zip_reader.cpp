#include "ebb/io/zip/zip_reader.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "ebb/io/bytes/quote.h"
#include "ebb/io/zip/crc32.h"
#include "ebb/io/zip/inflate.h"
#include "ebb/io/zip/zip_directory.h"
#include "ebb/io/zip/zip_format.h"

namespace ebb::io {
namespace {

constexpr std::uint64_t most_expansion = 1032;  // of any DEFLATE stream

void check_supported(const zip::Entry& entry) {
  const unsigned known = zip::has_descriptor | zip::is_utf8 | zip::deflate_level;
  check<FileError>((entry.flags & ~known) == 0, "zip: record ", quote(entry.name),
                   " is encrypted or uses flags that are not read (", entry.flags, ")");
  check<FileError>(entry.method == zip::stored || entry.method == zip::deflated, "zip: record ", quote(entry.name),
                   " is compressed by method ", entry.method, "; only 0 (stored) and 8 (deflate) are read");
  check<FileError>(entry.method == zip::deflated || entry.size == entry.compressed_size, "zip: record ",
                   quote(entry.name), " is stored, but says it takes ", entry.compressed_size, " bytes for ",
                   entry.size);
  check<FileError>(entry.size / most_expansion <= entry.compressed_size, "zip: record ", quote(entry.name),
                   " cannot inflate from ", entry.compressed_size, " to ", entry.size, " bytes");
}

/// The values that a local header repeats: those of the directory, or zeros where a descriptor follows the data.
void check_local(const zip::Entry& entry, std::uint32_t crc, std::uint64_t compressed_size, std::uint64_t size) {
  const bool is_deferred = (entry.flags & zip::has_descriptor) != 0 && crc == 0 && compressed_size == 0 && size == 0;
  const bool agrees = crc == entry.crc && compressed_size == entry.compressed_size && size == entry.size;
  check<FileError>(is_deferred || agrees, "zip: the local header of record ", quote(entry.name),
                   " contradicts the directory");
}

/// `has_zip64`: the local header has 64 bit sizes, as Python writes to a pipe, even for small records.
void check_descriptor(const zip::Entry& entry, bool has_zip64, ByteReader& reader) {
  const bool is_wide = has_zip64 || std::max({entry.size, entry.compressed_size, entry.offset}) >= zip::marker32;
  const std::uint32_t signature = reader.u32(), crc = reader.u32();
  const std::uint64_t compressed_size = is_wide ? reader.u64() : reader.u32();
  const std::uint64_t size = is_wide ? reader.u64() : reader.u32();
  check<FileError>(signature == zip::descriptor_signature && crc == entry.crc &&
                       compressed_size == entry.compressed_size && size == entry.size,
                   "zip: the descriptor behind record ", quote(entry.name), " contradicts the directory");
}

ZipRecord read_record(ByteView archive, const zip::Entry& entry) {
  check_supported(entry);
  check<FileError>(entry.offset <= archive.size(), "zip: record ", quote(entry.name),
                   " starts past the end of the file");
  ByteReader reader(archive.subspan(entry.offset), "zip record");
  check<FileError>(reader.u32() == zip::local_signature, "zip: record ", quote(entry.name),
                   " has no header where it should start");
  reader.skip(2);  // version
  const unsigned flags = reader.u16(), method = reader.u16();
  check<FileError>(flags == entry.flags && method == entry.method, "zip: the local header of record ",
                   quote(entry.name), " contradicts the directory");
  reader.skip(4);  // time
  const std::uint32_t crc = reader.u32();
  std::uint64_t compressed_size = reader.u32(), size = reader.u32();
  const std::size_t name_bytes = reader.u16(), extra_bytes = reader.u16();
  const bool same_name = as_text(reader.take(name_bytes)) == entry.name;
  check<FileError>(same_name, "zip: record ", quote(entry.name), " has another name in its local header");
  const bool has_zip64 = zip::resolve_zip64(reader.take(extra_bytes), {&size, &compressed_size});
  check_local(entry, crc, compressed_size, size);

  ZipRecord record;
  record.name = entry.name;
  record.content = reader.take(entry.compressed_size);
  record.size = entry.size;
  record.crc = entry.crc;
  record.is_deflated = entry.method == zip::deflated;
  if ((flags & zip::has_descriptor) != 0) check_descriptor(entry, has_zip64, reader);
  record.begin = entry.offset;
  record.end = entry.offset + reader.position();
  return record;
}

void compare_crc(const ZipRecord& record, std::uint32_t computed) {
  check<FileError>(computed == record.crc, "zip: record ", quote(record.name), " is damaged: its CRC is ", computed,
                   ", but the archive says ", record.crc,
                   "; where it was written without CRCs, {.check_crc = false} reads it");
}

Bytes inflate_record(const ZipRecord& record) {
  Bytes inflated = inflate(record.content, record.size, record.size).bytes;
  check<FileError>(inflated.size() == record.size, "zip: record ", quote(record.name), " inflates to ", inflated.size(),
                   " bytes, but the archive says ", record.size);
  return inflated;
}

}  // namespace

ZipReader::ZipReader(ByteView archive, ZipLayout layout) {
  const zip::Directory directory = zip::find_directory(archive);
  for (const zip::Entry& entry : zip::read_directory(archive, directory)) {
    records_.push_back(read_record(archive.first(directory.begin), entry));
  }
  check_overlaps(directory.begin);
  std::erase_if(records_, [](const ZipRecord& record) { return record.name.ends_with('/') && record.size == 0; });
  if (layout == ZipLayout::one_folder) strip_root();
  index_names();
}

void ZipReader::strip_root() {
  check<FileError>(!records_.empty(), "zip: the archive is empty");
  const std::string root = records_.front().name.substr(0, records_.front().name.find('/') + 1);
  check<FileError>(root.size() > 1, "zip: records must lie in one folder, but ", quote(records_.front().name),
                   " lies in none");
  for (ZipRecord& record : records_) {
    check<FileError>(record.name.starts_with(root) && record.name.size() > root.size(),
                     "zip: records must lie in one folder, but ", quote(record.name), " does not lie in ", quote(root));
    record.name.erase(0, root.size());
  }
}

void ZipReader::index_names() {
  for (const ZipRecord& record : records_) {
    const bool is_new = places_.emplace(record.name, places_.size()).second;
    check<FileError>(is_new, "zip: two records are named ", quote(record.name));
  }
}

void ZipReader::check_overlaps(std::uint64_t directory_begin) const {
  std::vector<std::size_t> order(records_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return records_[i].begin; });
  std::uint64_t free_from = 0;
  for (const std::size_t i : order) {
    check<FileError>(records_[i].begin >= free_from, "zip: record ", quote(records_[i].name),
                     " overlaps the one before it");
    free_from = records_[i].end;
  }
  check<FileError>(free_from <= directory_begin, "zip: a record overlaps the directory");
}

const ZipRecord* ZipReader::find(const std::string& name) const {
  const auto place = places_.find(name);
  return place == places_.end() ? nullptr : &records_[place->second];
}

void ZipReader::read(const ZipRecord& record, std::span<std::byte> to, bool check_crc) {
  check<FileError>(to.size() == record.size, "zip: record ", quote(record.name), " has ", record.size, " bytes, but ",
                   to.size(), " are needed");
  const Bytes inflated = record.is_deflated ? inflate_record(record) : Bytes();
  const ByteView from = record.is_deflated ? inflated : record.content;
  constexpr std::size_t chunk = std::size_t{1} << 16;  // copied and summed while in cache
  std::uint32_t crc = 0;
  for (std::size_t at = 0; at < from.size(); at += chunk) {
    const ByteView part = from.subspan(at, std::min(chunk, from.size() - at));
    std::memcpy(to.data() + at, part.data(), part.size());
    if (check_crc) crc = crc32(part, crc);
  }
  if (check_crc) compare_crc(record, crc);
}

Bytes ZipReader::read(const ZipRecord& record, std::uint64_t limit, bool check_crc) {
  check<FileError>(record.size <= limit, "zip: record ", quote(record.name), " has ", record.size,
                   " bytes, more than the ", limit, " that it may");
  if (record.is_deflated) {
    Bytes inflated = inflate_record(record);
    if (check_crc) compare_crc(record, crc32(inflated));
    return inflated;
  }
  Bytes bytes(record.size);
  read(record, bytes, check_crc);
  return bytes;
}

void ZipReader::check_crc(const ZipRecord& record) { compare_crc(record, crc32(record.content)); }

std::uint64_t ZipReader::inflated_bytes() const {
  std::uint64_t bytes = 0;
  for (const ZipRecord& record : records_) {
    if (record.is_deflated && __builtin_add_overflow(bytes, record.size, &bytes)) return UINT64_MAX;
  }
  return bytes;
}

}  // namespace ebb::io
