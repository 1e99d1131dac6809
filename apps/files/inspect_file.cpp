#include <algorithm>
#include <map>
#include <sstream>

#include "ebb/autograd/ops.h"
#include "ebb/interop/open.h"
#include "ebb/interop/whole_model.h"
#include "ebb/io/formats/file_format.h"
#include "ebb/io/system/in_file.h"

#include "apps/files/contents.h"
#include "apps/files/file_report.h"
#include "apps/files/imports.h"
#include "apps/output/printed.h"
#include "apps/output/terminal.h"

namespace ebb::apps {
namespace {

using nlohmann::json;
using Kind = Value::Kind;

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

/// Of a number, or a tensor of one element that was read; null for anything else.
json number_in(const Value* value) {
  if (value == nullptr) return nullptr;
  if (value->kind() == Kind::integer) return value->as_int();
  if (value->kind() == Kind::real) return value->as_real();
  if (!value->is_tensor() || value->as_tensor().numel() != 1 || value->as_tensor().device().is_meta()) return nullptr;
  return value->as_tensor().to(kFloat64).item<double>();
}

json describe_optimizer(const Value& dict) {
  const std::vector<Value>& groups = dict["param_groups"].items();
  json report{{"groups", groups.size()}, {"states", dict["state"].as_dict().entries.size()}};
  if (groups.empty() || !groups[0].is_dict()) return report;
  report["name"] = optimizer_name(groups[0]);
  if (const json lr = number_in(groups[0].find("lr")); !lr.is_null()) report["lr"] = lr;
  for (const auto& [id, state] : dict["state"].as_dict().entries) {
    const json step = state.is_dict() ? number_in(state.find("step")) : json();
    if (step.is_null()) continue;
    report["step"] = step.is_number_float() ? json(static_cast<std::int64_t>(step.get<double>())) : step;
    break;
  }
  return report;
}

bool is_optimizer(const Value& value) {
  if (!value.is_dict() || !value.contains("state") || !value.contains("param_groups")) return false;
  const Kind groups = value["param_groups"].kind();
  return value["state"].is_dict() && (groups == Kind::list || groups == Kind::tuple);
}

json find_optimizer(const Value& file) {
  if (is_optimizer(file)) return describe_optimizer(file);
  if (!file.is_dict()) return nullptr;
  for (const auto& [key, value] : file.as_dict().entries) {
    if (is_optimizer(value)) return describe_optimizer(value);
  }
  return nullptr;
}

json hints_for(const Value& file, const Contents& found) {
  json hints = json::array();
  if (interop::is_whole_model(file)) {
    hints.push_back("this is a whole model, of a class in Python: ebb convert writes its weights as a state dict");
  }
  const auto is_prefixed = [](const json& tensor) { return tensor["name"].get<std::string>().starts_with("module."); };
  if (!found.tensors.empty() && std::ranges::all_of(found.tensors, is_prefixed)) {
    hints.push_back("every name begins with \"module.\", of DataParallel: ebb convert --strip module. takes it away");
  }
  if (found.objects.contains("argparse.Namespace")) {
    hints.push_back("an argparse.Namespace is no plain data; in Python, save vars(args)");
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

json inspect_file(const std::string& path, std::uint64_t most_bytes) {
  constexpr std::uint64_t of_few_numbers = 1024;  // an optimizer's count of steps, and no weights
  std::map<std::string, int> locations;
  const io::MapLocation note([&](const std::string& location) {
    ++locations[location];
    return std::optional(kCPU);
  });
  const io::FileFormat* format = nullptr;
  std::vector<Global> imports;
  std::size_t file_bytes = 0;
  const io::LoadOptions options{.map_location = note,
                                .allow_opaque = true,
                                .meta_above = of_few_numbers,
                                .imports = &imports,
                                .most_bytes = most_bytes};
  const Value file = io::load_file("inspect", path, Site::current(), options, [&](io::ByteView bytes) {
    format = &io::format_of(bytes);
    file_bytes = bytes.size();
    return format->read(bytes, options);
  });
  if (!format->is_pth) locations.clear();
  const Contents found(file);
  json report{{"file", path},
              {"format", format->name},
              {"file_bytes", file_bytes},
              {"holds", file.kind_name()},
              {"tensors", found.tensors},
              {"tensor_bytes", found.bytes},
              {"values", found.values},
              {"locations", locations},
              {"objects", found.objects},
              {"imports", names_of(imports)},
              {"safe_to_load", are_safe(imports)},
              {"hints", hints_for(file, found)}};
  if (json optimizer = find_optimizer(file); !optimizer.is_null()) report["optimizer"] = optimizer;
  if (json model = recognise_model(file); !model.is_null()) report["model"] = model;
  return report;
}

namespace {

std::string text_of(const json& name) { return printable(name.get<std::string>()); }

/// Values beside the weights, but for those of each parameter group after the first.
void put_values(std::ostringstream& out, const json& values) {
  constexpr std::size_t most = 40;
  std::size_t shown = 0;
  for (const json& value : values) {
    if (++shown > most) break;
    out << "  " << text_of(value["name"]) << " = "
        << (value["value"].is_string() ? "\"" + text_of(value["value"]) + "\"" : value["value"].dump()) << "\n";
  }
  if (values.size() > most) out << "  and " << values.size() - most << " values more\n";
}

void put_tensors(std::ostringstream& out, const json& tensors) {
  std::size_t width = 0;
  for (const json& tensor : tensors) width = std::max(width, text_of(tensor["name"]).size());
  for (const json& tensor : tensors) {
    const std::string name = text_of(tensor["name"]);
    out << "  " << name << std::string(width - name.size() + 2, ' ') << tensor["dtype"].get<std::string>() << " "
        << tensor["shape"].dump() << "  " << size_text(tensor["bytes"]);
    if (tensor.contains("shares_with")) out << "  shares with " << text_of(tensor["shares_with"]);
    out << "\n";
  }
}

}  // namespace

std::string inspection_to_text(const json& report) {
  std::ostringstream out;
  out << text_of(report["file"]) << ": " << report["format"].get<std::string>() << ", "
      << size_text(report["file_bytes"]) << "\n";
  put_tensors(out, report["tensors"]);
  out << report["tensors"].size() << " tensors, " << size_text(report["tensor_bytes"]) << "\n";
  put_values(out, report["values"]);
  for (const auto& [location, count] : report["locations"].items()) {
    out << count << " storages from " << printable(location) << "\n";
  }
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
  for (const json& name : report["objects"]) out << "Python object, not data: " << text_of(name) << "\n";
  if (!report["safe_to_load"].get<bool>()) out << in_red(warning_of(report["imports"]), stdout) << "\n";
  for (const json& hint : report["hints"]) out << "hint: " << hint.get<std::string>() << "\n";
  return out.str();
}

}  // namespace ebb::apps
