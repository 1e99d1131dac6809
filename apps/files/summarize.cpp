#include "apps/files/summarize.h"

#include <charconv>
#include <filesystem>
#include <map>

#include <nlohmann/json.hpp>

#include "ebb/interop/open.h"
#include "ebb/nn/loading/key_match.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/models/resnet.h"
#include "ebb/nn/models/unet.h"

namespace ebb::apps {
namespace {

using nlohmann::json;

/// A model, and the input that it usually takes.
struct Shown {
  nn::Layer net;
  Shape input;
};

template <auto make>
Shown residual() {
  return {make({}), {1, 3, 224, 224}};
}

using Make = Shown (*)();

const std::map<std::string, Make>& known_models() {
  using namespace models;
  static const std::map<std::string, Make> table{
      {"convnet", Make([] {
         return Shown{ConvNet(), {1, 1, 28, 28}};
       })},
      {"unet", Make([] {
         return Shown{UNet(3, 1), {1, 3, 256, 256}};
       })},
      {"resnet18", residual<resnet18>},
      {"resnet34", residual<resnet34>},
      {"resnet50", residual<resnet50>},
      {"resnet101", residual<resnet101>},
      {"resnet152", residual<resnet152>},
      {"resnext50_32x4d", residual<resnext50_32x4d>},
      {"resnext101_32x8d", residual<resnext101_32x8d>},
      {"wide_resnet50_2", residual<wide_resnet50_2>},
      {"wide_resnet101_2", residual<wide_resnet101_2>},
  };
  return table;
}

Shape usual_input(const models::Recognised& model) {
  using Family = models::Recognised::Family;
  const std::int64_t size = model.family == Family::convnet ? 28 : model.family == Family::unet ? 256 : 224;
  return {1, model.channels, size, size};
}

Shown find_model(const std::string& model_or_file) {
  const auto& known = known_models();
  if (const auto model = known.find(model_or_file); model != known.end()) return model->second();
  if (std::filesystem::exists(model_or_file)) {
    interop::Opened opened = interop::open(model_or_file);
    return {std::move(opened.net), usual_input(opened.model)};
  }
  std::vector<std::string> names;
  std::string listed;
  for (const auto& [name, make] : known) {
    names.push_back(name);
    listed += (listed.empty() ? "" : ", ") + name;
  }
  const std::string near = nn::closest_name(model_or_file, names);
  fail(model_or_file, ": there is no file and no model of that name",
       near.empty() ? "" : "; did you mean " + near + "?", " (models: ", listed, ")");
}

Shape parsed(const std::string& input) {
  Shape shape;
  const char *at = input.data(), *end = at + input.size();
  while (true) {
    std::int64_t size = 0;
    const auto [rest, status] = std::from_chars(at, end, size);
    const bool is_size = status == std::errc() && size > 0 && shape.size() < max_dims && (rest == end || *rest == ',');
    check(is_size, "--input must be sizes with commas between, such as 1,3,224,224, got ", input);
    shape.push_back(size);
    if (rest == end) return shape;
    at = rest + 1;
  }
}

json sizes(const std::optional<Shape>& shape) {
  return shape ? json(std::vector<std::int64_t>(shape->begin(), shape->end())) : json();
}

}  // namespace

nn::Summary summarize(const std::string& model_or_file, const std::string& input, int depth) {
  using nn::SummaryColumn;
  const Shown shown = find_model(model_or_file);
  const Shape shape = input.empty() ? shown.input : parsed(input);
  const nn::SummaryOptions options{
      .columns = {SummaryColumn::output_size, SummaryColumn::num_params, SummaryColumn::mult_adds}, .depth = depth};
  return nn::detail::summarize(
      shown.net.module(), [&](std::span<const Tensor> x) { shown.net(x[0]); }, {shape}, options);
}

json to_json(const nn::Summary& summary) {
  json rows = json::array();
  for (const nn::SummaryRow& row : summary.rows) {
    rows.push_back({{"kind", row.kind},
                    {"name", row.var_name},
                    {"depth", row.depth},
                    {"input", sizes(row.input)},
                    {"output", sizes(row.output)},
                    {"params", row.num_params},
                    {"trainable_params", row.trainable_params},
                    {"mult_adds", row.mult_adds}});
  }
  return {{"layers", rows},
          {"total_params", summary.total_params},
          {"trainable_params", summary.trainable_params},
          {"mult_adds", summary.mult_adds},
          {"input_bytes", summary.input_bytes},
          {"output_bytes", summary.output_bytes},
          {"param_bytes", summary.param_bytes}};
}

}  // namespace ebb::apps
