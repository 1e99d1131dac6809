#include "apps/images/image_folder.h"

#include <algorithm>
#include <cstdio>
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

static std::vector<Labelled> limited(std::vector<Labelled> files, std::int64_t limit) {
  if (limit <= 0 || limit >= std::ssize(files)) return files;
  std::ranges::stable_sort(files, {}, &Labelled::place);
  files.resize(static_cast<std::size_t>(limit));
  return files;
}

/// Whether it was read into `to`; false, with the reason in `first_error`, where it is broken and may be skipped.
static bool read_into(const Tensor& to, const std::string& path, const FolderOptions& options,
                      std::string& first_error) {
  try {
    to.copy_(squared(read_image(path), options.size));
    return true;
  } catch (const Error& error) {
    if (!options.skip_broken) fail<FileError>(error.message(), "; --skip-broken leaves such images out");
    if (first_error.empty()) first_error = error.message();
    return false;
  }
}

FolderDataset image_folder(const std::string& path, const FolderOptions& options) {
  check(fs::is_directory(path), path, ": there is no such folder");
  FolderDataset found;
  found.classes = names_in(path, [](const auto& entry) { return entry.is_directory(); });
  check(!found.classes.empty(), path, ": needs a folder for each class, with its images in it");
  const std::vector<Labelled> files = limited(files_of(path, found.classes), options.limit);
  check(!files.empty(), path, ": no .png, .jpg or .jpeg in the folders of its classes");
  const std::int64_t size = options.size;
  Tensor images = empty({std::ssize(files), 3, size, size}, {.dtype = kUInt8});
  Tensor labels = empty({std::ssize(files)}, {.dtype = kInt64});
  std::int64_t count = 0;
  std::string first_error;
  for (const Labelled& file : files) {
    if (!read_into(images.select(0, count), file.path, options, first_error)) continue;
    labels.data<std::int64_t>()[count++] = file.label;
  }
  check(count > 0, path, ": none of its ", files.size(), " images can be read: ", first_error);
  if (count < std::ssize(files)) {
    std::fprintf(stderr, "skipped %lld images of %s that cannot be read, the first: %s\n",
                 static_cast<long long>(std::ssize(files) - count), path.c_str(), first_error.c_str());
  }
  found.dataset = {images.narrow(0, 0, count), labels.narrow(0, 0, count), path};
  return found;
}

}  // namespace ebb::apps
