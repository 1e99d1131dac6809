#include "apps/training/before_training.h"

#include <cstdint>
#include <filesystem>
#include <system_error>
#include <vector>

#include "ebb/core/value/state_dict.h"
#include "ebb/io/system/atomic_file.h"

#include "apps/output/printed.h"

namespace ebb::apps {

namespace fs = std::filesystem;

static std::vector<std::string> outputs(const std::string& out) {
  return {out, checkpoint_path(out), beside(out, "loss.svg"), beside(out, "predictions.png")};
}

std::string beside(const std::string& out, const std::string& name) {
  return (fs::path(out).parent_path() / name).string();
}

std::string checkpoint_path(const std::string& out) {
  return beside(out, fs::path(out).stem().string() + ".checkpoint.pth");
}

Value settings(const TrainArguments& a, const std::string& data_name) {
  Value value = Value::dict();
  value.set("model", a.model);
  value.set("data", data_name);
  value.set("limit", std::to_string(a.data.limit));
  value.set("image_size", std::to_string(a.data.image_size));
  value.set("epochs", std::to_string(a.epochs));
  value.set("batch_size", std::to_string(a.batch_size));
  value.set("lr", std::to_string(a.lr));
  value.set("seed", std::to_string(a.seed));
  if (!a.amp.empty()) value.set("amp", a.amp);
  return value;
}

void check_arguments(const TrainArguments& a) {
  check(!fs::is_directory(a.out), "--out must name a file, and ", a.out, " is a folder");
  const fs::path folder = fs::path(a.out).parent_path();
  check(folder.empty() || fs::is_directory(folder), "--out: there is no folder ", folder.string());
  try {
    for (const std::string& path : outputs(a.out)) const io::AtomicFile made_and_removed(path);
  } catch (const Error& error) {
    fail("--out: ", error.message());
  }
  check(!a.resume || fs::exists(checkpoint_path(a.out)), "--resume: there is no checkpoint ", checkpoint_path(a.out));
}

void check_disk(const nn::Module& net, const std::string& out) {
  std::uintmax_t bytes = 0;
  for (const auto& [name, tensor] : net.state_dict())
    bytes += static_cast<std::uintmax_t>(tensor.numel()) * size_of(tensor.dtype());
  const std::uintmax_t needed = 5 * bytes + (std::uintmax_t{1} << 20);
  std::error_code unknown;
  const fs::path folder = fs::absolute(out, unknown).parent_path();
  const std::uintmax_t available = fs::space(folder, unknown).available;
  check(unknown || available >= needed, "--out: the disk of ", folder.string(), " has ", size_text(available),
        " left, and ", size_text(needed), " are needed");
}

void check_shares(const TrainArguments& a, int ranks) {
  check(a.batch_size % ranks == 0, "--batch-size must be a multiple of the ", ranks, " ranks, got ", a.batch_size);
  check(a.sync_bn || a.batch_size / ranks > 1, "--batch-size must be at least 2 for each of ", ranks,
        " ranks, for batch norm; or set --sync-bn");
}

}  // namespace ebb::apps
