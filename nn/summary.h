#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ebb/nn/call.h"

namespace ebb::nn {

enum class SummaryColumn : std::uint8_t {
  input_size,
  output_size,
  num_params,
  params_percent,
  kernel_size,
  mult_adds,
  trainable
};

struct SummaryOptions {
  std::vector<SummaryColumn> columns = {SummaryColumn::output_size, SummaryColumn::num_params};
  int depth = 3;  ///< layers below are summed up in the last one that is shown
  int column_width = 25;
  bool var_names = false;  ///< "Conv2d (conv1): 1-1"
  bool ascii_only = false;
  bool hide_recursive_layers = false;
  bool train = false;              ///< runs the model in training mode and not in eval()
  Device device = kMeta;           ///< where the inputs are made; but for kMeta, where the model lies
  std::vector<DType> dtypes = {};  ///< of the inputs; float32 where absent
};

/// One call of a module, or a container of modules that were called.
struct SummaryRow {
  const void* module = nullptr;  ///< tells which rows are calls of one module
  std::string kind, var_name, kernel_size;
  int depth = 0, index = 0;
  bool is_leaf = true;
  bool is_recursive = false;  ///< called before: its parameters have been counted
  std::optional<Shape> input, output;
  std::int64_t num_params = 0, trainable_params = 0, param_bytes = 0, output_bytes = 0;
  std::int64_t mult_adds = 0;
};

/// What torchinfo's summary() prints of a model, and the figures in it.
struct Summary {
  std::vector<SummaryRow> rows;  ///< in the order of the calls
  SummaryOptions options;
  bool ran = true;  ///< whether the model was called
  std::int64_t total_params = 0, trainable_params = 0, mult_adds = 0;
  std::int64_t input_bytes = 0, output_bytes = 0,
               param_bytes = 0;  ///< output: of layers with parameters, and gradients
};

std::string to_string(const Summary& summary);
std::ostream& operator<<(std::ostream& out, const Summary& summary);

namespace detail {

/// The parameters of a row that none of the rows below it has counted.
struct OwnParams {
  std::int64_t params, trainable;
};
OwnParams own_params(const std::vector<SummaryRow>& rows, std::size_t row);

Summary summarize(Module& model, const std::function<void(std::span<const Tensor>)>& run,
                  const std::vector<Shape>& inputs, const SummaryOptions& options);

/// Calls the model with as many of the tensors as it takes.
template <std::size_t count, class M>
void call_with(M& model, std::span<const Tensor> x) {
  constexpr std::size_t most = 8;
  const auto call_all = [&]<std::size_t... i>(std::index_sequence<i...>) {
    if constexpr (std::is_invocable_v<M&, decltype(x[i])...>) {
      if (x.size() == count) call(model, x[i]...);
    }
  };
  call_all(std::make_index_sequence<count>());
  if constexpr (count < most) call_with<count + 1>(model, x);
}

}  // namespace detail

/// The layers of a model and their shapes, parameters, multiplications and memory, as torchinfo counts and prints them:
///
///     std::cout << nn::summary(net, {1, 3, 224, 224});
///     std::cout << nn::summary(net, {{1, 3, 224, 224}, {1, 10}}, {.depth = 2});  // two inputs
///
/// Nothing is computed: for the time of the call the parameters and buffers of the model lie on the meta device. A
/// model whose forward reads elements needs `.device = kCPU`.
template <std::derived_from<Module> M>
Summary summary(M& model, const std::vector<Shape>& inputs, const SummaryOptions& options = {}) {
  return detail::summarize(
      model, [&](std::span<const Tensor> x) { detail::call_with<1>(model, x); }, inputs, options);
}

template <std::derived_from<Module> M>
Summary summary(M& model, const Shape& input, const SummaryOptions& options = {}) {
  return summary(model, std::vector<Shape>{input}, options);
}

/// Without inputs: the layers and their parameters.
Summary summary(Module& model, const SummaryOptions& options = {.columns = {SummaryColumn::num_params}});

}  // namespace ebb::nn
