#include "ebb/io/zip/zip_writer.h"

#include <algorithm>
#include <iterator>

#include "ebb/io/zip/crc32.h"
#include "ebb/io/zip/zip_format.h"

namespace ebb::io {
namespace {

bool is_wide(std::uint64_t value) { return value >= zip::marker32; }

std::uint64_t narrow(std::uint64_t value) { return std::min<std::uint64_t>(value, zip::marker32); }

unsigned flags_of(std::uint64_t size) { return zip::is_utf8 | (size > 0 ? zip::has_descriptor : 0u); }

/// The 64 bit values of those of size, size, offset that do not fit 32 bits; empty where all fit.
Bytes zip64_field(std::uint64_t size, std::uint64_t offset) {
  Bytes field;
  const int values = (is_wide(size) ? 2 : 0) + (is_wide(offset) ? 1 : 0);
  if (values == 0) return field;
  append_little(field, zip::zip64_extra, 2);
  append_little(field, static_cast<std::uint64_t>(8 * values), 2);
  if (is_wide(size)) append_little(field, size, 8);
  if (is_wide(size)) append_little(field, size, 8);
  if (is_wide(offset)) append_little(field, offset, 8);
  return field;
}

/// An extra field of at least four bytes, after which the data starts at a multiple of the alignment.
void append_padding(Bytes& extra, std::uint64_t extra_begin) {
  const std::uint64_t data_begin = extra_begin + extra.size() + 4;
  const std::uint64_t padding = (ZipWriter::alignment - data_begin % ZipWriter::alignment) % ZipWriter::alignment;
  for (const char c : {'F', 'B'}) extra.push_back(static_cast<std::byte>(c));
  append_little(extra, padding, 2);
  extra.insert(extra.end(), padding, static_cast<std::byte>('Z'));
}

}  // namespace

void ZipWriter::put(ByteView bytes) {
  sink_(bytes);
  position_ += bytes.size();
}

void ZipWriter::add(const std::string& name, ByteView content) {
  entries_.push_back({root_ + name, crc32(content), content.size(), position_});
  put_local_header(entries_.back());
  put(content);
  if (!content.empty()) put_descriptor(entries_.back());
}

void ZipWriter::put_local_header(const Entry& entry) {
  Bytes extra = zip64_field(entry.size, entry.offset);
  append_padding(extra, entry.offset + zip::local_bytes + entry.name.size());
  Bytes header;
  append_little(header, zip::local_signature, 4);
  append_little(header, 0, 2);  // version
  append_little(header, flags_of(entry.size), 2);
  append_little(header, zip::stored, 2);
  for (int field = 0; field < 4; ++field) append_little(header, 0, 4);  // time, CRC, sizes: see the descriptor
  append_little(header, entry.name.size(), 2);
  append_little(header, extra.size(), 2);
  std::ranges::copy(as_bytes(entry.name), std::back_inserter(header));
  std::ranges::copy(extra, std::back_inserter(header));
  put(header);
}

void ZipWriter::put_descriptor(const Entry& entry) {
  const int bytes = is_wide(entry.size) || is_wide(entry.offset) ? 8 : 4;
  Bytes descriptor;
  append_little(descriptor, zip::descriptor_signature, 4);
  append_little(descriptor, entry.crc, 4);
  append_little(descriptor, entry.size, bytes);
  append_little(descriptor, entry.size, bytes);
  put(descriptor);
}

void ZipWriter::put_central_header(const Entry& entry) {
  const Bytes extra = zip64_field(entry.size, entry.offset);
  Bytes header;
  append_little(header, zip::central_signature, 4);
  append_little(header, 0, 4);  // versions
  append_little(header, flags_of(entry.size), 2);
  append_little(header, zip::stored, 2);
  append_little(header, 0, 4);  // time
  append_little(header, entry.crc, 4);
  append_little(header, narrow(entry.size), 4);
  append_little(header, narrow(entry.size), 4);
  append_little(header, entry.name.size(), 2);
  append_little(header, extra.size(), 2);
  for (int field = 0; field < 5; ++field) append_little(header, 0, 2);  // comment, disk, attributes
  append_little(header, narrow(entry.offset), 4);
  std::ranges::copy(as_bytes(entry.name), std::back_inserter(header));
  std::ranges::copy(extra, std::back_inserter(header));
  put(header);
}

void ZipWriter::put_end(std::uint64_t directory_begin) {
  const std::uint64_t end64_begin = position_, directory_size = position_ - directory_begin;
  Bytes end;
  append_little(end, zip::end64_signature, 4);
  append_little(end, zip::end64_bytes - 12, 8);
  append_little(end, 0x031e, 2);  // made by, as PyTorch has it
  append_little(end, 45, 2);      // needed to read
  append_little(end, 0, 8);       // disks
  append_little(end, entries_.size(), 8);
  append_little(end, entries_.size(), 8);
  append_little(end, directory_size, 8);
  append_little(end, directory_begin, 8);

  append_little(end, zip::locator_signature, 4);
  append_little(end, 0, 4);
  append_little(end, end64_begin, 8);
  append_little(end, 1, 4);

  append_little(end, zip::end_signature, 4);
  append_little(end, 0, 4);
  const std::uint64_t entries = std::min<std::uint64_t>(entries_.size(), zip::marker16);
  append_little(end, entries, 2);
  append_little(end, entries, 2);
  append_little(end, narrow(directory_size), 4);
  append_little(end, narrow(directory_begin), 4);
  append_little(end, 0, 2);
  put(end);
}

void ZipWriter::finish() {
  const std::uint64_t directory_begin = position_;
  for (const Entry& entry : entries_) put_central_header(entry);
  put_end(directory_begin);
}

}  // namespace ebb::io
