#include "apps/files/summarize.h"

#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "apps/files/find_model.h"

namespace ebb::apps {
namespace {

using nlohmann::json;

json sizes(const std::optional<Shape>& shape) {
  return shape ? json(std::vector<std::int64_t>(shape->begin(), shape->end())) : json();
}

}  // namespace

nn::Summary summarize(const std::string& model_or_file, const std::string& input, int depth) {
  using nn::SummaryColumn;
  const FoundModel shown = find_model(model_or_file);
  const Shape shape = input.empty() ? shown.input : parse_input(input);
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
