#pragma once

#include <string>
#include <vector>

#include "ebb/data/datasets.h"

#include "apps/images/image_file.h"

namespace ebb::apps {

/// Scaled so that its shorter side is `size`, and cut to the middle: (3, size, size) uint8.
Tensor squared(const Image& image, std::int64_t size);

struct FolderDataset {
  data::Dataset dataset;             ///< images (N, 3, size, size) uint8
  std::vector<std::string> classes;  ///< names by label
};

struct FolderOptions {
  std::int64_t size = 224;   ///< height and width that images are brought to
  std::int64_t limit = 0;    ///< so many images at most, taken evenly from the classes; 0 for all
  bool skip_broken = false;  ///< leaves out images that cannot be read, with a line on stderr that counts them
};

/// A folder that has a folder for each class, with PNG and JPEG files in it; labels follow the classes' names in order,
/// as torchvision's ImageFolder has them. An Error that names the first image that cannot be read.
FolderDataset image_folder(const std::string& path, const FolderOptions& options);

}  // namespace ebb::apps
