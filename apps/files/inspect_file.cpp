#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include <nlohmann/json.hpp>

#include "ebb/interop/open.h"
#include "ebb/interop/whole_model.h"
#include "ebb/io/formats/file_format.h"
#include "ebb/io/pickle/python_calls.h"
#include "ebb/io/system/in_file.h"

#include "apps/files/file_report.h"

namespace ebb::apps {
namespace {

using nlohmann::json;
using Kind = Value::Kind;

std::string path_of(const std::string& prefix, const Value& key) {
  const std::string name = key.is_text()                 ? key.as_text()
                           : key.kind() == Kind::integer ? std::to_string(key.as_int())
                                                         : key.kind_name();
  return prefix.empty() ? name : prefix + "." + name;
}

/// Collects what stands in the tree of a file's values, each container once.
class Collector {
 public:
  // Values are nested at most Value::max_depth deep.
  void visit(const Value& value, const std::string& path) {
    if (value.is_tensor()) return add_tensor(value.as_tensor(), path);
    const void* identity = value.identity();
    if (identity != nullptr && !value.is_text() && !seen_.insert(identity).second) return;
    if (value.is_dict()) visit_entries(value.as_dict().entries, path);
    if (value.kind() == Kind::list || value.kind() == Kind::tuple) visit_items(value.items(), path);
    if (value.kind() == Kind::object) visit_object(value.as_object(), path);
    if (value.kind() == Kind::global) add_global(value.as_global());
  }

  json tensors = json::array();
  std::set<std::string> objects;
  std::uint64_t bytes = 0;

 private:
  void visit_entries(const std::vector<std::pair<Value, Value>>& entries, const std::string& path) {
    for (const auto& [key, item] : entries) visit(item, path_of(path, key));
  }
  void visit_items(const std::vector<Value>& items, const std::string& path) {
    for (std::size_t i = 0; i < items.size(); ++i) visit(items[i], path_of(path, i));
  }
  void visit_object(const Object& object, const std::string& path) {
    add_global(object.global);
    visit(object.arguments, path);
    visit(object.state, path);
    visit_items(object.items, path);
    visit_entries(object.entries, path);
  }

  void add_global(const Global& global) {
    if (!io::is_known(global) && global.text() != "builtins.int") objects.insert(global.text());
  }

  void add_tensor(const Tensor& tensor, const std::string& path) {
    const auto [first, is_new] = storages_.try_emplace(&tensor.storage(), path);
    if (is_new) bytes += tensor.storage().bytes();
    json entry{{"name", path},
               {"dtype", to_string(tensor.dtype())},
               {"shape", std::vector<std::int64_t>(tensor.shape().begin(), tensor.shape().end())},
               {"bytes", static_cast<std::uint64_t>(tensor.numel()) * size_of(tensor.dtype())}};
    if (!is_new) entry["shares_with"] = first->second;
    tensors.push_back(std::move(entry));
  }

  std::set<const void*> seen_;
  std::map<const Storage*, std::string> storages_;
};

/// The optimizer whose state dict this is, by the options that only it has.
std::string optimizer_name(const Value& group) {
  if (group.contains("betas")) {
    const Value* decoupled = group.find("decoupled_weight_decay");
    const bool is_adamw = decoupled != nullptr && decoupled->kind() == Kind::boolean && decoupled->as_bool();
    return is_adamw ? "AdamW" : "Adam or AdamW";
  }
  if (group.contains("alpha") && group.contains("centered")) return "RMSprop";
  if (group.contains("lr_decay")) return "Adagrad";
  return group.contains("nesterov") ? "SGD" : "an optimizer";
}

json describe_optimizer(const Value& dict) {
  const std::vector<Value>& groups = dict["param_groups"].items();
  json report{{"groups", groups.size()}, {"states", dict["state"].as_dict().entries.size()}};
  if (groups.empty()) return report;
  report["name"] = optimizer_name(groups[0]);
  if (const Value* lr = groups[0].find("lr"); lr != nullptr && !lr->is_tensor()) report["lr"] = lr->as_real();
  for (const auto& [id, state] : dict["state"].as_dict().entries) {
    const Value* step = state.is_dict() ? state.find("step") : nullptr;
    if (step == nullptr) continue;
    report["step"] = step->is_tensor() ? step->as_tensor().to(kInt64).item<std::int64_t>() : step->as_int();
    break;
  }
  return report;
}

bool is_optimizer(const Value& value) {
  return value.is_dict() && value.contains("state") && value.contains("param_groups") && value["state"].is_dict();
}

json find_optimizer(const Value& file) {
  if (is_optimizer(file)) return describe_optimizer(file);
  if (!file.is_dict()) return nullptr;
  for (const auto& [key, value] : file.as_dict().entries) {
    if (is_optimizer(value)) return describe_optimizer(value);
  }
  return nullptr;
}

json hints_for(const Value& file, const Collector& found) {
  json hints = json::array();
  if (interop::is_whole_model(file)) {
    hints.push_back(
        "this is a whole model: its weights load with io::load_value and io::state_dict_of, and ebb convert "
        "writes them as a state dict");
  }
  const auto is_prefixed = [](const json& tensor) { return tensor["name"].get<std::string>().starts_with("module."); };
  if (!found.tensors.empty() && std::ranges::all_of(found.tensors, is_prefixed)) {
    hints.push_back(
        "every name begins with \"module.\", of DataParallel: net.plan_load() finds that out, and ebb "
        "convert --strip module. takes it away");
  }
  if (found.objects.contains("argparse.Namespace")) {
    hints.push_back("an argparse.Namespace is read with {.allow_opaque = true}; in Python, save vars(args)");
  }
  if (found.objects.contains("builtins.getattr")) {
    hints.push_back("this looks like torch.save(model.state_dict), without the parentheses");
  }
  return hints;
}

json recognise_model(const Value& file) {
  try {
    const models::Recognised model = models::recognise(interop::find_weights(file));
    return {{"name", model.name}, {"classes", model.classes}};
  } catch (const Error&) {
    return nullptr;
  }
}

}  // namespace

json inspect_file(const std::string& path) {
  std::map<std::string, int> locations;
  const io::MapLocation note([&](const std::string& location) {
    ++locations[location];
    return std::optional(kCPU);
  });
  const io::FileFormat* format = nullptr;
  const Value file = io::load_file("load", path, Site::current(), [&](io::ByteView bytes) {
    format = &io::format_of(bytes);
    return format->read(bytes, {.map_location = note, .allow_opaque = true});
  });
  if (!format->is_pth) locations.clear();
  Collector found;
  found.visit(file, "");
  json report{{"file", path},
              {"format", format->name},
              {"file_bytes", std::filesystem::file_size(path)},
              {"holds", file.kind_name()},
              {"tensors", found.tensors},
              {"tensor_bytes", found.bytes},
              {"locations", locations},
              {"objects", found.objects},
              {"hints", hints_for(file, found)}};
  if (json optimizer = find_optimizer(file); !optimizer.is_null()) report["optimizer"] = optimizer;
  if (json model = recognise_model(file); !model.is_null()) report["model"] = model;
  return report;
}

namespace {

std::string size_text(std::uint64_t bytes) {
  std::ostringstream text;
  text.precision(bytes < 1000 ? 4 : 3);
  if (bytes < 1000) {
    text << bytes << " B";
  } else if (bytes < 1'000'000) {
    text << static_cast<double>(bytes) / 1e3 << " kB";
  } else {
    text << static_cast<double>(bytes) / 1e6 << " MB";
  }
  return text.str();
}

}  // namespace

std::string to_text(const json& report) {
  std::ostringstream out;
  out << report["file"].get<std::string>() << ": " << report["format"].get<std::string>() << ", "
      << size_text(report["file_bytes"]) << "\n";
  std::size_t width = 0;
  for (const json& tensor : report["tensors"]) width = std::max(width, tensor["name"].get<std::string>().size());
  for (const json& tensor : report["tensors"]) {
    const std::string name = tensor["name"];
    out << "  " << name << std::string(width - name.size() + 2, ' ') << tensor["dtype"].get<std::string>() << " "
        << tensor["shape"].dump() << "  " << size_text(tensor["bytes"]);
    if (tensor.contains("shares_with")) out << "  shares with " << tensor["shares_with"].get<std::string>();
    out << "\n";
  }
  out << report["tensors"].size() << " tensors, " << size_text(report["tensor_bytes"]) << "\n";
  for (const auto& [location, count] : report["locations"].items())
    out << count << " storages from " << location << "\n";
  if (report.contains("model")) {
    out << "weights of a " << report["model"]["name"].get<std::string>() << " for " << report["model"]["classes"]
        << " classes\n";
  }
  if (report.contains("optimizer")) {
    const json& optimizer = report["optimizer"];
    out << "optimizer: " << optimizer.value("name", "unknown") << ", " << optimizer["groups"] << " groups, "
        << optimizer["states"] << " states";
    if (optimizer.contains("lr")) out << ", lr " << optimizer["lr"];
    if (optimizer.contains("step")) out << ", step " << optimizer["step"];
    out << "\n";
  }
  for (const json& name : report["objects"]) out << "Python object, not data: " << name.get<std::string>() << "\n";
  for (const json& hint : report["hints"]) out << "hint: " << hint.get<std::string>() << "\n";
  return out.str();
}

}  // namespace ebb::apps
