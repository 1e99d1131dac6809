#include "apps/files/find_model.h"

#include <charconv>
#include <filesystem>
#include <map>
#include <utility>
#include <vector>

#include "ebb/interop/open.h"
#include "ebb/nn/loading/key_match.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/models/resnet.h"
#include "ebb/nn/models/unet.h"

namespace ebb::apps {
namespace {

template <auto make>
FoundModel residual() {
  return {make({}), {1, 3, 224, 224}};
}

using Make = FoundModel (*)();

const std::map<std::string, Make>& known_models() {
  using namespace models;
  static const std::map<std::string, Make> table{
      {"convnet", Make([] {
         return FoundModel{ConvNet(), {1, 1, 28, 28}};
       })},
      {"unet", Make([] {
         return FoundModel{UNet(3, 1), {1, 3, 256, 256}};
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

}  // namespace

FoundModel find_model(const std::string& model_or_file) {
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

Shape parse_input(const std::string& input) {
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

}  // namespace ebb::apps
