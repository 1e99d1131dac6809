#include "apps/files/imports.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <nlohmann/json.hpp>

#include "apps/output/printed.h"

namespace ebb::apps {

using nlohmann::json;

/// Classes of PyTorch's modules begin with a capital; a function there, or a name reached through a module, may be
/// anything.
static bool is_class_of_networks(const Global& global) {
  const bool is_class = !global.name.empty() && std::isupper(static_cast<unsigned char>(global.name[0])) != 0 &&
                        global.name.find('.') == std::string::npos;
  constexpr std::array modules{"torch.nn.modules.", "torch.nn.parallel.", "torch.optim.", "torchvision.models."};
  return is_class &&
         std::ranges::any_of(modules, [&](const char* module) { return global.module.starts_with(module); });
}

static bool is_harmless(const Global& global) {
  constexpr std::array names{
      "argparse.Namespace", "collections.defaultdict", "pathlib.PosixPath",  "pathlib.PurePosixPath",
      "pathlib.Path",       "datetime.datetime",       "datetime.timedelta", "types.SimpleNamespace",
      "builtins.dict",      "builtins.list",           "builtins.int",       "builtins.float",
      "builtins.str",       "builtins.tuple",          "builtins.object"};
  return is_class_of_networks(global) || std::ranges::find(names, global.text()) != names.end();
}

bool are_safe(const std::vector<Global>& imports) { return std::ranges::all_of(imports, is_harmless); }

json names_of(const std::vector<Global>& imports) {
  json names = json::array();
  for (const Global& global : imports) names.push_back(global.text());
  return names;
}

std::string warning_of(const json& imports) {
  std::string names;
  for (const json& name : imports) names += (names.empty() ? "" : ", ") + printable(name.get<std::string>());
  return "sound for ebb, not safe for torch.load(weights_only=False): Python would import " + names;
}

}  // namespace ebb::apps
