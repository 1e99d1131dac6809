#pragma once

#include <string>

#include "ebb/core/site.h"
#include "ebb/core/tensor.h"

namespace ebb::data {

/// Images to learn from, and what they show.
struct Dataset {
  Tensor images;  ///< (N, C, H, W), float32 in [0, 1] or uint8 in [0, 255]
  Tensor labels;  ///< int64: a class for each image (N), or for each pixel (N, H, W)
  std::string name;
};

/// Fashion-MNIST: 28 x 28 grey images of 10 kinds of clothes; split "train" has 60000, "test" 10000. Read from the idx
/// files in `root`, plain or .gz; by default where Debian's package dataset-fashion-mnist puts them.
Dataset fashion_mnist(const std::string& split, const std::string& root = "", Site site = Site::current());

/// Whether fashion_mnist(...) would find its files.
bool has_fashion_mnist(const std::string& root = "");

/// Ten kinds of shapes, drawn at random places and sizes with noise, in the format of Fashion-MNIST: split "train" has
/// 6000 images, "test" 1000. The same on every machine.
Dataset synthetic(const std::string& split, Site site = Site::current());

struct CollageOptions {
  std::int64_t count;      ///< collages
  std::int64_t size = 64;  ///< their height and width; at least that of the items
  std::int64_t items = 4;  ///< at most so many in each, and at least one
  std::uint64_t seed = 0;  ///< of what lies where
};

/// Images to be segmented: `items` of a data set of grey images, such as fashion_mnist, cut out along their outlines
/// and thrown on a background of noise, over one another and over the edges. The label of a pixel is 0 on the
/// background and 1 + the item's label where one is seen. The same on every machine.
Dataset collages(const Dataset& items, const CollageOptions& options, Site site = Site::current());

}  // namespace ebb::data
