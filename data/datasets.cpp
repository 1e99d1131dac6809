#include "ebb/data/datasets.h"

#include <filesystem>

#include "ebb/io/idx.h"

namespace ebb::data {
namespace {

constexpr const char* default_folder = "/usr/share/datasets/fashion-mnist";
constexpr std::int64_t class_count = 10;

std::string folder_or_default(const std::string& root) { return root.empty() ? default_folder : root; }

/// The path of "train-images-idx3-ubyte" or its like, compressed or not; empty where there is none.
std::string find_file(const std::string& folder, const std::string& name) {
  for (const char* suffix : {".gz", ""}) {
    const std::string path = folder + "/" + name + suffix;
    std::error_code ignored;
    if (std::filesystem::is_regular_file(path, ignored)) return path;
  }
  return "";
}

Tensor load_part(const std::string& folder, const std::string& name) {
  const std::string path = find_file(folder, name);
  check<FileError>(
      !path.empty(), folder, " has no ", name,
      ".gz: install Debian's package dataset-fashion-mnist, name the folder of its files, or take the synthetic data");
  const Tensor array = io::load_idx(path);
  check<FileError>(array.dtype() == kUInt8, path, ": expected elements of uint8, got ", array.dtype());
  return array;
}

Tensor scale(const Tensor& pixels) {
  Tensor images = allocate({pixels.size(0), 1, pixels.size(1), pixels.size(2)});
  const auto* from = pixels.data<std::uint8_t>();
  auto* to = images.data<float>();
  for (std::int64_t i = 0; i < pixels.numel(); ++i) to[i] = static_cast<float>(from[i]) / 255.0f;
  return images;
}

Tensor widen(const Tensor& bytes) {
  Tensor labels = allocate(bytes.shape(), kInt64);
  const auto* from = bytes.data<std::uint8_t>();
  auto* to = labels.data<std::int64_t>();
  for (std::int64_t i = 0; i < bytes.numel(); ++i) {
    check<FileError>(from[i] < class_count, "label ", i, " is ", int{from[i]}, ", expected one of 0 to ",
                     class_count - 1);
    to[i] = from[i];
  }
  return labels;
}

}  // namespace

Dataset fashion_mnist(const std::string& split, const std::string& root, Site site) {
  const OpScope scope("fashion_mnist", site);
  check(split == "train" || split == "test", "split must be \"train\" or \"test\", got \"", split, "\"");
  const std::string folder = folder_or_default(root), prefix = split == "train" ? "train" : "t10k";
  const Tensor pixels = load_part(folder, prefix + "-images-idx3-ubyte");
  const Tensor labels = load_part(folder, prefix + "-labels-idx1-ubyte");
  check<FileError>(pixels.dim() == 3 && labels.dim() == 1 && pixels.size(0) == labels.size(0), folder,
                   ": images of shape ", pixels.shape(), " and labels of shape ", labels.shape(),
                   " do not belong together");
  return {scale(pixels), widen(labels), "fashion-mnist"};
}

bool has_fashion_mnist(const std::string& root) {
  const std::string folder = folder_or_default(root);
  for (const char* name :
       {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}) {
    if (find_file(folder, name).empty()) return false;
  }
  return true;
}

}  // namespace ebb::data
