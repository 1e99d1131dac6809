#include "ebb/interop/python/classes.h"

namespace ebb::interop {
namespace {

constexpr const char* activations = "torch.nn.modules.activation";

template <class M>
PythonClass in_place(const char* name) {
  return {activations, name, &typeid(M),
          [](PythonFields& field, const ReadChild&) -> nn::SharedLayer {
            bool inplace = false;
            field("inplace", inplace);
            return M(inplace);
          },
          [](PythonFields& field, const nn::Module& of) {
            bool inplace = static_cast<const M&>(of).inplace;
            field("inplace", inplace);
          }};
}

/// Its limits are attributes, too.
PythonClass relu6() {
  PythonClass row = in_place<nn::ReLU6>("ReLU6");
  row.write = [write = row.write](PythonFields& field, const nn::Module& of) {
    field.fixed("min_val", 0.0);
    field.fixed("max_val", 6.0);
    write(field, of);
  };
  return row;
}

template <class M>
PythonClass with_alpha(const char* name) {
  return with_options<M>(activations, name, nn::ELUOptions{}, [](PythonFields& field, nn::ELUOptions& o) {
    field("alpha", o.alpha);
    field("inplace", o.inplace);
  });
}

void list_leaky_relu(PythonFields& field, nn::LeakyReLUOptions& o) {
  field("negative_slope", o.negative_slope);
  field("inplace", o.inplace);
}

void list_hardtanh(PythonFields& field, nn::HardtanhOptions& o) {
  field("min_val", o.min_val);
  field("max_val", o.max_val);
  field("inplace", o.inplace);
}

void list_softplus(PythonFields& field, nn::SoftplusOptions& o) {
  field("beta", o.beta);
  field("threshold", o.threshold);
}

void list_prelu(PythonFields& field, nn::PReLUOptions& o) {
  field("num_parameters", o.num_parameters);
  field("init", o.init);
  field.has_tensor("weight", {o.num_parameters});
}

void list_gelu(PythonFields& field, nn::GELUOptions& o) { field("approximate", o.approximate); }

void list_dropout(PythonFields& field, nn::DropoutOptions& o) {
  field("p", o.p);
  field("inplace", o.inplace);
}

}  // namespace

void add_activations(std::vector<PythonClass>& table) {
  table.push_back(in_place<nn::ReLU>("ReLU"));
  table.push_back(relu6());
  table.push_back(in_place<nn::SELU>("SELU"));
  table.push_back(in_place<nn::SiLU>("SiLU"));
  table.push_back(in_place<nn::Mish>("Mish"));
  table.push_back(in_place<nn::Hardswish>("Hardswish"));
  table.push_back(in_place<nn::Hardsigmoid>("Hardsigmoid"));
  table.push_back(with_alpha<nn::ELU>("ELU"));
  table.push_back(with_alpha<nn::CELU>("CELU"));
  table.push_back(with_options<nn::LeakyReLU>(activations, "LeakyReLU", nn::LeakyReLUOptions{}, list_leaky_relu));
  table.push_back(with_options<nn::Hardtanh>(activations, "Hardtanh", nn::HardtanhOptions{}, list_hardtanh));
  table.push_back(with_options<nn::GELU>(activations, "GELU", nn::GELUOptions{}, list_gelu));
  table.push_back(with_options<nn::Softplus>(activations, "Softplus", nn::SoftplusOptions{}, list_softplus));
  table.push_back(with_options<nn::PReLU>(activations, "PReLU", nn::PReLUOptions{}, list_prelu));
  table.push_back(without_options<nn::Sigmoid>(activations, "Sigmoid"));
  table.push_back(without_options<nn::Tanh>(activations, "Tanh"));
  table.push_back(without_options<nn::LogSigmoid>(activations, "LogSigmoid"));
  table.push_back(without_options<nn::Softmax2d>(activations, "Softmax2d"));
  table.push_back(with_member(activations, "Softmax", &nn::Softmax::dim, "dim", std::int64_t{-1}));
  table.push_back(with_member(activations, "LogSoftmax", &nn::LogSoftmax::dim, "dim", std::int64_t{-1}));
  constexpr const char* dropouts = "torch.nn.modules.dropout";
  table.push_back(with_options<nn::Dropout>(dropouts, "Dropout", nn::DropoutOptions{}, list_dropout));
  table.push_back(with_options<nn::Dropout2d>(dropouts, "Dropout2d", nn::DropoutOptions{}, list_dropout));
}

}  // namespace ebb::interop
