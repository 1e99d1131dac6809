#include "ebb/io/file_kind.h"

#include <string_view>

namespace ebb::io {

static bool is_tar(std::string_view text) { return text.size() >= 512 && text.substr(257, 5) == "ustar"; }

static bool is_page(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '<';
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
  if (text.size() > 8 && text[8] == '{') return "this is a safetensors file";
  if (text.starts_with("\x1f\x8b")) return "this is a gzip file";
  if (text.starts_with("\x93NUMPY")) return "this is a NumPy file";
  if (is_page(text)) return "this is a web page, probably an error of the server it was fetched from";
  return "this is no zip archive, as PyTorch's files are since version 1.6; it is damaged or of another kind";
}

}  // namespace ebb::io
