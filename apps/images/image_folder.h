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

/// A folder that has a folder for each class, with PNG and JPEG files in it; labels follow the classes' names in order,
/// as torchvision's ImageFolder has them. At most `limit` images, taken evenly from the classes; 0 for all.
FolderDataset image_folder(const std::string& path, std::int64_t size, std::int64_t limit = 0);

}  // namespace ebb::apps
