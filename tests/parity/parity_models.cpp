// Runs the models that tools/gen_models.py recorded from PyTorch: weights of the same seed, forward, backward, running
// statistics, evaluation. usage: parity_models FILE...
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>

#include "ebb/ebb.h"
#include "ebb/io/zip/crc32.h"

using namespace ebb;

namespace {

/// A ResNet-18 up to layer1, and a bilinear-pooling head.
struct BilinearHead : nn::Module {
  Tensor operator()(const Tensor& x) const { return fc(models::BilinearPooling()(features(x))); }

  nn::Child<nn::Sequential> features{this, "features", first_children(models::resnet18())};
  nn::Child<nn::Linear> fc{this, "fc", nn::linear(64 * 64, 10)};

 private:
  static nn::Sequential first_children(models::ResNet net) { return nn::sequential(nn::layers(net, 0, 5)); }
};

struct Model {
  std::shared_ptr<nn::Module> module;
  std::function<Tensor(const Tensor&)> call;
};

template <class M>
Model made(M net) {
  auto module = std::make_shared<M>(std::move(net));
  return {module, [module](const Tensor& x) { return (*module)(x); }};
}

const std::map<std::string, std::function<Model()>>& models_by_name() {
  constexpr std::int64_t classes = 10;
  static const std::map<std::string, std::function<Model()>> table{
      {"unet", [] { return made(models::UNet(3, 2, false, 4)); }},
      {"unet_bilinear", [] { return made(models::UNet(3, 2, true, 4)); }},
      {"resnet18", [] { return made(models::resnet18({.num_classes = classes})); }},
      {"resnet50", [] { return made(models::resnet50({.num_classes = classes})); }},
      {"resnet50_dilated",
       [] {
         return made(models::resnet50({.num_classes = classes,
                                       .zero_init_residual = true,
                                       .replace_stride_with_dilation = {false, true, true}}));
       }},
      {"resnext50_32x4d", [] { return made(models::resnext50_32x4d({.num_classes = classes})); }},
      {"bilinear_pooling", [] { return made(BilinearHead()); }},
  };
  return table;
}

/// A row a tensor: its norm, and its product with cos(0), cos(1), ...
Tensor summaries(const nn::Module::NamedTensors& named, const std::function<Tensor(const Tensor&)>& of) {
  std::vector<double> rows;
  for (const auto& [name, tensor] : named) {
    const Tensor t = of(tensor);
    if (!is_floating(t.dtype())) continue;
    const Tensor flat = t.detach().to(kFloat64).contiguous();
    double square = 0, product = 0;
    for (std::int64_t i = 0; i < flat.numel(); ++i) {
      const double value = flat.data<double>()[i];
      square += value * value;
      product += value * std::cos(static_cast<double>(i));
    }
    rows.insert(rows.end(), {std::sqrt(square), product});
  }
  const auto count = static_cast<std::int64_t>(rows.size() / 2);
  return from_blob(rows.data(), {count, 2}, {.dtype = kFloat64}).clone();
}

using Results = std::map<std::string, Tensor>;

Results run(const Model& model, const Tensor& x, const Tensor& y) {
  nn::Module& net = *model.module;
  net.train();
  net.zero_grad();
  const Tensor out = model.call(x);
  const Tensor loss = cross_entropy(out, y);
  loss.backward();
  Results results{{"loss", loss.detach()}, {"train_out", out.detach()}};
  results["gradients"] = summaries(net.named_parameters(), [](const Tensor& p) { return p.grad(); });
  results["buffers"] = summaries(net.named_buffers(), [](const Tensor& b) { return b; });
  net.eval();
  results["eval_out"] = no_grad([&] { return model.call(x); });
  return results;
}

/// The greatest difference, relative to each row's norm for summaries and to the greatest element otherwise.
double error(const std::string& what, const Tensor& got, const Tensor& expected) {
  const Tensor a = got.to(kFloat64).contiguous(), b = expected.to(kFloat64).contiguous();
  check(a.shape() == b.shape(), what, " has shape ", a.shape(), ", recorded was ", b.shape());
  const double *x = a.data<double>(), *y = b.data<double>();
  const bool by_row = what == "gradients" || what == "buffers";
  double greatest = 0, worst = 0;
  for (std::int64_t i = 0; i < b.numel(); ++i) greatest = std::max(greatest, std::fabs(y[i]));
  for (std::int64_t i = 0; i < b.numel(); ++i) {
    const double scale = by_row ? std::max(y[i / 2 * 2], 1e-6 * greatest) : greatest;
    const double difference = std::fabs(x[i] - y[i]) / scale;
    if (!(difference <= worst)) worst = difference;  // NaN, too
  }
  return worst;
}

/// What float32 may be off by: four times what PyTorch is. Both errors of a loss are luck, for it may move by twice
/// what the greatest output moves: |d cross_entropy| <= 2 max|d out|.
double allowed(const std::string& what, const Value& recorded) {
  const auto allowed_error = [&](const std::string& of) {
    return 4 * error(of, recorded["float32"][of].as_tensor(), recorded["float64"][of].as_tensor()) + 1e-6;
  };
  if (what != "loss") return allowed_error(what);
  const double greatest_output = max(abs(recorded["float64"]["train_out"].as_tensor())).item<double>();
  const double loss = std::fabs(recorded["float64"]["loss"].as_tensor().item<double>());
  return 2 * allowed_error("train_out") * greatest_output / loss;
}

/// How many of the tensors differ from PyTorch's of the same seed.
int count_other_weights(const nn::Module& net, const Value& crc32) {
  int others = 0;
  const StateDict dict = net.state_dict();
  for (const auto& [name, tensor] : dict) {
    const std::span bytes(tensor.raw_data(), static_cast<std::size_t>(tensor.numel()) * size_of(tensor.dtype()));
    others += crc32[name].as_int() != static_cast<std::int64_t>(io::crc32(bytes)) ? 1 : 0;
  }
  return others + static_cast<int>(std::abs(std::ssize(dict) - std::ssize(crc32.as_dict().entries)));
}

struct Tally {
  int passed = 0, failed = 0;

  void note(bool ok, const char* format, auto... values) {
    std::printf(format, values...);
    std::printf("%s\n", ok ? "" : "   FAILED");
    ++(ok ? passed : failed);
  }
};

void run_file(const std::filesystem::path& path, Tally& tally) {
  const std::string name = path.stem().string();
  const auto maker = models_by_name().find(name);
  check(maker != models_by_name().end(), path.string(), ": there is no model named ", name);
  const Value recorded = io::load_value(path.string());
  manual_seed(static_cast<std::uint64_t>(recorded["seed"].as_int()));
  const Model model = maker->second();
  if (!name.starts_with("unet")) {  // as tools/gen_models.py: normal numbers are not the same to the last bit
    for (const Tensor& parameter : model.module->parameters()) {
      if (parameter.dim() > 1) nn::init::kaiming_uniform_(parameter, {.nonlinearity = "relu"});
    }
  }
  const int others = count_other_weights(*model.module, recorded["crc32"]);
  tally.note(others == 0, "%-18s %d tensors of the seed's weights differ from PyTorch's", name.c_str(), others);
  if (const Value* weights = recorded.find("state_dict")) model.module->load_state_dict(weights->as_state_dict());
  StateDict start;
  for (const auto& [key, tensor] : model.module->state_dict()) start.set(key, tensor.clone());

  const Tensor x = recorded["x"].as_tensor(), y = recorded["y"].as_tensor();
  const Results single = run(model, x, y);
  model.module->load_state_dict(start);
  model.module->to(kFloat64);
  const Results exact = run(model, x.to(kFloat64), y);
  for (const auto& [what, got] : single) {
    const Tensor truth = recorded["float64"][what].as_tensor();
    const double ours = error(what, got, truth), theirs = error(what, recorded["float32"][what].as_tensor(), truth);
    const double in_float64 = error(what, exact.at(what), truth);
    const bool ok = ours <= allowed(what, recorded) && in_float64 <= 1e-9;
    tally.note(ok, "%-18s %-10s error in float32 %.1e (PyTorch %.1e), in float64 %.1e", name.c_str(), what.c_str(),
               ours, theirs, in_float64);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Tally tally;
  try {
    for (int i = 1; i < argc; ++i) run_file(argv[i], tally);
  } catch (const std::exception& error) {
    tally.note(false, "%s", error.what());
  }
  std::printf("%d passed, %d failed\n", tally.passed, tally.failed);
  return tally.passed > 0 && tally.failed == 0 ? 0 : 1;
}
