#include "ebb/io/formats/file_format.h"

#include <array>
#include <string_view>

#include "ebb/io/idx.h"
#include "ebb/io/npy.h"
#include "ebb/io/pth/legacy_pth.h"
#include "ebb/io/pth/zip_pth.h"
#include "ebb/io/safetensors.h"
#include "ebb/io/zip/gzip.h"

namespace ebb::io {
namespace {

bool begins_with(ByteView file, std::string_view magic) { return as_text(file).starts_with(magic); }

bool is_zip(ByteView file) { return begins_with(file, "PK\3\4"); }

/// Whether the first record of a zip archive is a .npy file.
bool is_npz(ByteView file) {
  constexpr std::size_t name_size = 26, name = 30;  // where they stand in the record's header
  if (!is_zip(file) || file.size() < name) return false;
  const std::size_t size = ByteReader(file.subspan(name_size), "zip").u16();
  return as_text(file).substr(name, size).ends_with(".npy");
}

bool is_npy(ByteView file) { return begins_with(file, "\x93NUMPY"); }

/// A length of eight bytes, then a JSON object, which may begin with blanks.
bool is_safetensors(ByteView file) {
  const std::string_view text = as_text(file);
  const std::size_t first = text.size() > 8 ? text.find_first_not_of(" \t\r\n", 8) : std::string_view::npos;
  return first != std::string_view::npos && text[first] == '{' && text[7] == '\0';
}

/// Two zeros, then the type of the elements, from 8 on, and the number of dimensions.
bool is_idx(ByteView file) {
  const std::string_view text = as_text(file);
  return text.size() >= 4 && text[0] == '\0' && text[1] == '\0' && text[2] >= 8 && text[2] <= 14 && text[3] > 0;
}

Value npz_value(ByteView file, const LoadOptions& options) { return read_npz(file, options); }
Value npy_value(ByteView file, const LoadOptions& options) { return read_npy(file, options); }
Value idx_value(ByteView file, const LoadOptions& options) { return read_idx(file, options); }
Value safetensors_value(ByteView file, const LoadOptions& options) { return read_safetensors(file, options).tensors; }

/// In the order in which a file is tried: an .npz file is a zip archive, too.
constexpr std::array formats{
    FileFormat{.name = "NumPy, archive of arrays",
               .matches = is_npz,
               .read = npz_value,
               .instead_of_pth = "this is an archive of NumPy arrays: io::load_npz reads it"},
    FileFormat{.name = "PyTorch, zip archive", .matches = is_zip, .read = read_zip_pth, .is_pth = true},
    FileFormat{.name = "PyTorch, from before 1.6", .matches = is_legacy_pth, .read = read_legacy_pth, .is_pth = true},
    FileFormat{.name = "NumPy, array",
               .matches = is_npy,
               .read = npy_value,
               .instead_of_pth = "this is a NumPy file: io::load_npy reads it"},
    FileFormat{.name = "idx, compressed by gzip",
               .matches = is_gzip,
               .read = idx_value,
               .instead_of_pth = "this is a gzip file"},
    FileFormat{.name = "safetensors",
               .matches = is_safetensors,
               .read = safetensors_value,
               .instead_of_pth = "this is a safetensors file: io::load_safetensors reads it"},
    FileFormat{.name = "idx",
               .matches = is_idx,
               .read = idx_value,
               .instead_of_pth = "this is an idx file: io::load_idx reads it"},
};

/// What people take for a file of tensors.
struct ForeignFile {
  bool (*matches)(ByteView file);
  const char* description;
};

bool is_tar(ByteView file) { return file.size() >= 512 && as_text(file).substr(257, 5) == "ustar"; }

bool is_page(ByteView file) {
  const std::string_view text = as_text(file);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '<';
}

constexpr std::array foreign_files{
    ForeignFile{[](ByteView file) { return file.empty(); }, "the file is empty"},
    ForeignFile{[](ByteView file) { return begins_with(file, "PK\5\6"); }, "this zip archive is empty"},
    ForeignFile{[](ByteView file) { return begins_with(file, "\x80"); },
                "this is a bare Python pickle, not a file of torch.save"},
    ForeignFile{is_tar, "this is a tar archive, which PyTorch wrote before version 0.1.10; such files are not read"},
    ForeignFile{[](ByteView file) { return begins_with(file, "version https://git-lfs"); },
                "this is a git-lfs pointer, not the file itself: git lfs pull"},
    ForeignFile{[](ByteView file) { return begins_with(file, "\x89HDF"); },
                "this is an HDF5 file, as Keras writes them"},
    ForeignFile{is_page, "this is a web page, probably an error of the server it was fetched from"},
};

}  // namespace

const FileFormat* find_format(ByteView file) {
  for (const FileFormat& format : formats) {
    if (format.matches(file)) return &format;
  }
  return nullptr;
}

const FileFormat& format_of(ByteView file) {
  const FileFormat* format = find_format(file);
  if (format != nullptr) return *format;
  fail<FileError>(describe_foreign_file(
      file, "this is no .pth, safetensors, .npy, .npz or idx file; it is damaged or of another kind"));
}

const char* describe_foreign_file(ByteView file, const char* otherwise) {
  for (const ForeignFile& foreign : foreign_files) {
    if (foreign.matches(file)) return foreign.description;
  }
  return otherwise;
}

}  // namespace ebb::io
