#include "ebb/io/checkpoint_files.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "ebb/io/pth.h"
#include "ebb/io/system/file.h"
#include "ebb/io/system/in_file.h"
#include "ebb/io/system/system_calls.h"

namespace ebb::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view suffix = ".pth";

/// The number in the middle, where `name` is as it would be made of it.
std::optional<std::int64_t> number_in(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return {};
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  std::int64_t number = 0;
  const auto [rest, status] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (status != std::errc() || number < 0 || name != std::to_string(number)) return {};
  return number;
}

void remove_file(const std::string& path) {
  if (system_calls::remove(path.c_str()) == 0 || errno == ENOENT) return;
  fail<FileError>("the new checkpoint is saved, but the old one ", path, " cannot be removed: ", std::strerror(errno));
}

}  // namespace

CheckpointFiles::CheckpointFiles(std::string stem, std::int64_t keep_last)
    : stem_(std::move(stem)), keep_last_(keep_last) {
  check(keep_last >= 1, "keep_last must be at least 1, got ", keep_last);
  check(!fs::path(stem_).filename().empty(), "the stem of checkpoints must end with a name, got \"", stem_, "\"");
}

std::string CheckpointFiles::path(std::int64_t number) const {
  check(number >= 0, "the number of a checkpoint must not be negative, got ", number);
  return stem_ + "-" + std::to_string(number) + std::string(suffix);
}

std::vector<std::int64_t> CheckpointFiles::numbers() const {
  const fs::path stem(stem_), folder = stem.parent_path().empty() ? fs::path(".") : stem.parent_path();
  std::vector<std::int64_t> numbers;
  for (const std::string& name : file_names(folder)) {
    const auto number = number_in(name, stem.filename().string() + "-");
    if (number) numbers.push_back(*number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

std::optional<std::string> CheckpointFiles::last() const {
  const std::vector<std::int64_t> there = numbers();
  return there.empty() ? std::optional<std::string>() : path(there.back());
}

std::string CheckpointFiles::save(std::int64_t number, const Value& value, Site site) const {
  const std::string saved = path(number);
  save_value(saved, value, site);
  in_file("save", saved, site, [&] {
    std::vector<std::int64_t> older = numbers();
    older.erase(std::ranges::lower_bound(older, number), older.end());
    const std::int64_t surplus = std::ssize(older) - (keep_last_ - 1);
    for (std::int64_t i = 0; i < surplus; ++i) remove_file(path(older[static_cast<std::size_t>(i)]));
  });
  return saved;
}

}  // namespace ebb::io
