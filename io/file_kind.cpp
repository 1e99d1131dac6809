#include "ebb/io/file_kind.h"

#include <string_view>

#include "ebb/io/pth/legacy_pth.h"

namespace ebb::io {

static bool is_tar(std::string_view text) { return text.size() >= 512 && text.substr(257, 5) == "ustar"; }

static bool is_page(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '<';
}

/// A length of eight bytes, then a JSON object, which may begin with blanks.
static bool is_safetensors(std::string_view text) {
  const std::size_t first = text.size() > 8 ? text.find_first_not_of(" \t\r\n", 8) : std::string_view::npos;
  return first != std::string_view::npos && text[first] == '{' && text[7] == '\0';
}

/// Whether the first record of a zip archive is a .npy file.
static bool is_npz(std::string_view text) {
  constexpr std::size_t name_size = 26, name = 30;  // where they stand in the record's header
  if (text.size() < name) return false;
  ByteReader reader(as_bytes(text.substr(name_size)), "zip");
  return text.substr(name, reader.u16()).ends_with(".npy");
}

FileKind file_kind(ByteView file) {
  const std::string_view text = as_text(file);
  if (text.starts_with("PK\3\4")) return is_npz(text) ? FileKind::npz : FileKind::pth;
  if (is_legacy_pth(file)) return FileKind::legacy_pth;
  if (text.starts_with("\x93NUMPY")) return FileKind::npy;
  if (text.starts_with("\x1f\x8b")) return FileKind::gzip;
  if (is_safetensors(text)) return FileKind::safetensors;
  return text.size() > 4 && text[0] == '\0' && text[1] == '\0' ? FileKind::idx : FileKind::other;
}

const char* describe_foreign_file(ByteView file) {
  const std::string_view text = as_text(file);
  if (text.empty()) return "the file is empty";
  if (text.starts_with("PK\5\6")) return "this zip archive is empty";
  if (text.starts_with("\x80")) return "this is a bare Python pickle, not a file of torch.save";
  if (is_tar(text)) return "this is a tar archive, which PyTorch wrote before version 0.1.10; such files are not read";
  if (text.starts_with("version https://git-lfs"))
    return "this is a git-lfs pointer, not the file itself: git lfs pull";
  if (text.starts_with("\x89HDF")) return "this is an HDF5 file, as Keras writes them";
  if (is_safetensors(text)) return "this is a safetensors file: io::load_safetensors reads it";
  if (text.starts_with("\x1f\x8b")) return "this is a gzip file";
  if (text.starts_with("\x93NUMPY")) return "this is a NumPy file: io::load_npy reads it";
  if (is_page(text)) return "this is a web page, probably an error of the server it was fetched from";
  return "this is no zip archive, as PyTorch's files are since version 1.6; it is damaged or of another kind";
}

}  // namespace ebb::io
