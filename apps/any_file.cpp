#include "apps/any_file.h"

#include "ebb/io/file_kind.h"
#include "ebb/io/idx.h"
#include "ebb/io/npy.h"
#include "ebb/io/safetensors.h"
#include "ebb/io/system/file.h"
#include "ebb/io/system/in_file.h"

namespace ebb::apps {

namespace {

AnyFile read_any(io::ByteView file, const io::MapLocation& map_location) {
  using io::FileKind;
  const FileKind kind = io::file_kind(file);
  if (kind == FileKind::safetensors) return {io::read_safetensors(file).tensors, "safetensors"};
  if (kind == FileKind::npz) return {io::read_npz(file), "NumPy, archive of arrays"};
  if (kind == FileKind::npy) return {io::read_npy(file), "NumPy, array"};
  if (kind == FileKind::gzip) return {io::parse_idx(file), "idx, compressed by gzip"};
  if (kind == FileKind::idx) return {io::parse_idx(file), "idx"};
  return {io::read_pth(file, {.map_location = map_location, .allow_opaque = true}),
          kind == FileKind::legacy_pth ? "PyTorch, from before 1.6" : "PyTorch, zip archive"};
}

}  // namespace

AnyFile load_any(const std::string& path, const io::MapLocation& map_location) {
  return io::in_file("load", path, Site::current(), [&] {
    const io::FileContent content(path);
    return read_any(content.bytes(), map_location);
  });
}

void save_weights(const std::string& path, const StateDict& weights) {
  if (path.ends_with(".safetensors")) return io::save_safetensors(path, weights);
  if (path.ends_with(".npz")) return io::save_npz(path, weights);
  if (path.ends_with(".npy")) {
    check(weights.size() == 1, "a .npy file holds one tensor, got ", weights.size(), "; a .npz file takes them all");
    return io::save_npy(path, weights.begin()->second);
  }
  io::save(path, weights);
}

}  // namespace ebb::apps
