#pragma once

#include <cstdint>
#include <vector>

#include "ebb/io/map_location.h"

namespace ebb {
struct Global;
}

namespace ebb::io {

/// What a str of Python 2, which is of bytes, becomes in a .pth file that Python 2 wrote: a text of that encoding, or
/// bytes. As PyTorch's `encoding`.
enum class StringEncoding : std::uint8_t { utf8, latin1, bytes };

/// How a file is read. What its format knows nothing of has no effect.
struct LoadOptions {
  /// Where tensors go: all to the CPU, wherever they were, unless you say otherwise. Only .pth files say where they
  /// were; those of all others count as having been on the "cpu".
  MapLocation map_location = kCPU;
  /// Keeps Python objects that are no data (argparse.Namespace, a model's classes) as inert Object nodes; without, a
  /// .pth file that holds some is refused. Nothing is ever run either way. What to do with them: ebb/io/opaque.h.
  bool allow_opaque = false;
  /// Compares the checksums of .pth and .npz files. Those of a PyTorch that was told set_crc32_options(False) have
  /// none.
  bool check_crc = true;
  /// Tensors whose storage in the file has more bytes than this get no elements: they are on the meta device, with
  /// dtype and shape, and the file is not read there, nor its checksum compared. For a look at what a large file holds.
  std::uint64_t meta_above = UINT64_MAX;
  /// Where it is set: the names of Python objects that are no data, in the order in which Python would import them to
  /// load a .pth file; also of those that this file is refused for.
  std::vector<Global>* imports = nullptr;
  /// Of Python 2's strings. Those that are not UTF-8 stay bytes where that is what is asked for.
  StringEncoding encoding = StringEncoding::utf8;
  /// 0 for as many bytes as the file has, and 48 MB. Of .pth and .safetensors files, what values may take beside the
  /// elements of tensors; that is short only for files of 15,000 and more very small tensors, which take some 2800 each
  /// while they are read. Of .npz and compressed idx files, to how many bytes all arrays together may inflate.
  std::uint64_t most_bytes = 0;
};

}  // namespace ebb::io
