#pragma once

#include "apps/images/image_file.h"
#include "apps/training/task.h"

namespace ebb::apps {

/// What the net makes of the first images of `split`. Segmentation: a row an image, with the image, the true classes
/// and the found ones in colours. Classification: a grid of images, framed green where the class was found and red
/// where not.
Image predictions(const Task& task, const Split& split, Device device);

}  // namespace ebb::apps
