#include "apps/images/image_folder.h"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"

namespace ebb::apps {
namespace {

namespace fs = std::filesystem;

struct Labelled {
  std::string path;
  std::int64_t label;
  std::int64_t place;  // among the files of its class
};

std::vector<std::string> names_in(const fs::path& folder, auto&& wanted) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (wanted(entry)) names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

std::vector<Labelled> files_of(const fs::path& root, const std::vector<std::string>& classes) {
  std::vector<Labelled> files;
  for (std::size_t label = 0; label < classes.size(); ++label) {
    const fs::path folder = root / classes[label];
    const auto names = names_in(folder, [](const auto& entry) { return is_image_name(entry.path().string()); });
    for (std::size_t i = 0; i < names.size(); ++i) {
      files.push_back({(folder / names[i]).string(), static_cast<std::int64_t>(label), static_cast<std::int64_t>(i)});
    }
  }
  return files;
}

}  // namespace

Tensor squared(const Image& image, std::int64_t size) {
  const NoGradGuard no_grad;
  const std::int64_t height = image.height, width = image.width, shorter = std::min(height, width);
  Tensor pixels = empty({1, height, width, 3}, {.dtype = kUInt8});
  std::memcpy(pixels.raw_data(), image.rgb.data(), image.rgb.size());
  const Tensor planes = pixels.permute({0, 3, 1, 2}).to(kFloat32);
  const std::int64_t new_height = std::max(size, height * size / shorter);
  const std::int64_t new_width = std::max(size, width * size / shorter);
  const auto mode = shorter > size ? InterpolateMode::area : InterpolateMode::bilinear;  // area leaves no pixel out
  const Tensor scaled = interpolate(planes, {.size = {new_height, new_width}, .mode = mode});
  const Tensor middle =
      scaled.narrow(2, (new_height - size) / 2, size).narrow(3, (new_width - size) / 2, size).squeeze(0);
  return (middle + 0.5).to(kUInt8).contiguous();
}

FolderDataset image_folder(const std::string& path, std::int64_t size, std::int64_t limit) {
  check(fs::is_directory(path), path, ": there is no such folder");
  FolderDataset found;
  found.classes = names_in(path, [](const auto& entry) { return entry.is_directory(); });
  check(!found.classes.empty(), path, ": needs a folder for each class, with its images in it");
  std::vector<Labelled> files = files_of(path, found.classes);
  check(!files.empty(), path, ": no .png, .jpg or .jpeg in the folders of its classes");
  if (limit > 0 && limit < std::ssize(files)) {
    std::ranges::stable_sort(files, {}, &Labelled::place);
    files.resize(static_cast<std::size_t>(limit));
  }
  const auto count = static_cast<std::int64_t>(files.size());
  found.dataset = {empty({count, 3, size, size}, {.dtype = kUInt8}), empty({count}, {.dtype = kInt64}), path};
  for (std::int64_t i = 0; i < count; ++i) {
    const Labelled& file = files[static_cast<std::size_t>(i)];
    found.dataset.images.select(0, i).copy_(squared(read_image(file.path), size));
    found.dataset.labels.data<std::int64_t>()[i] = file.label;
  }
  return found;
}

}  // namespace ebb::apps
