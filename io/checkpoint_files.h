#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ebb/core/site.h"
#include "ebb/core/value/value.h"

namespace ebb::io {

/// The checkpoints of a training, a file each: "runs/unet-12.pth" is number 12, an epoch or a step, of "runs/unet".
/// Saving one removes old ones, so that the last few stay.
///
///     io::CheckpointFiles files("runs/unet", 3);
///     if (const auto path = files.last()) checkpoint.restore(io::load_value(*path));
///     ...
///     files.save(checkpoint.epoch, checkpoint.to_value());
class CheckpointFiles {
 public:
  /// `stem`: a path, to which "-NUMBER.pth" is added. `keep_last`: at least 1.
  CheckpointFiles(std::string stem, std::int64_t keep_last);

  /// Saves the file, whole or not at all, and then removes those of lower numbers but for the `keep_last - 1` highest.
  /// Those of higher numbers, of a training that went further, are left alone. The path of the file. A FileError where
  /// it cannot be saved, and nothing is removed then, or where an old one cannot be removed.
  std::string save(std::int64_t number, const Value& value, Site site = Site::current()) const;

  std::string path(std::int64_t number) const;
  /// Of the files that there are, ascending. What is not named as path() names it is none of them.
  std::vector<std::int64_t> numbers() const;
  /// The path of the file of the highest number.
  std::optional<std::string> last() const;

 private:
  std::string stem_;
  std::int64_t keep_last_;
};

}  // namespace ebb::io
