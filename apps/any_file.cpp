#include "apps/any_file.h"

#include "ebb/io/file.h"
#include "ebb/io/in_file.h"
#include "ebb/io/legacy_pth.h"
#include "ebb/io/npy.h"
#include "ebb/io/safetensors.h"

namespace ebb::apps {

/// A length of eight bytes, then a JSON object, which may begin with blanks.
static bool is_safetensors(io::ByteView file) {
  const std::string_view text = io::as_text(file);
  const std::size_t first = text.size() > 8 ? text.find_first_not_of(" \t\r\n", 8) : std::string_view::npos;
  const bool is_zip_or_pickle = text.starts_with("PK\3\4") || text.starts_with("\x80");
  return !is_zip_or_pickle && first != std::string_view::npos && text[first] == '{' && text[7] == '\0';
}

AnyFile load_any(const std::string& path, const io::MapLocation& map_location) {
  return io::in_file("load", path, Site::current(), [&]() -> AnyFile {
    const io::FileContent file(path);
    if (is_safetensors(file.bytes())) return {io::read_safetensors(file.bytes()).tensors, "safetensors"};
    const bool is_legacy = io::is_legacy_pth(file.bytes());
    return {io::read_pth(file.bytes(), {.map_location = map_location, .allow_opaque = true}),
            is_legacy ? "PyTorch, from before 1.6" : "PyTorch, zip archive"};
  });
}

void save_weights(const std::string& path, const StateDict& weights) {
  if (path.ends_with(".safetensors")) return io::save_safetensors(path, weights);
  if (path.ends_with(".npz")) return io::save_npz(path, weights);
  io::save(path, weights);
}

}  // namespace ebb::apps
