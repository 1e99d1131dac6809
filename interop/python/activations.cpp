#include "ebb/interop/python/classes.h"
#include "ebb/nn/layers/activation.h"
#include "ebb/nn/layers/dropout.h"

namespace ebb::interop {
namespace {

template <class M>
nn::SharedLayer make_in_place(PythonFields& field, const ReadChild&) {
  bool inplace = false;
  field("inplace", inplace);
  return M(inplace);
}

void write_in_place(PythonFields& field, const nn::Module& of) {
  bool inplace = static_cast<const nn::InplaceActivation&>(of).inplace;
  field("inplace", inplace);
}

/// Its limits are attributes, too.
void write_relu6(PythonFields& field, const nn::Module& of) {
  field.fixed("min_val", 0.0);
  field.fixed("max_val", 6.0);
  write_in_place(field, of);
}

template <class M>
constexpr PythonClass in_place(const char* name, void (*write)(PythonFields&, const nn::Module&) = write_in_place) {
  return {"torch.nn.modules.activation", name, &typeid(M), make_in_place<M>, write};
}

void list_elu(PythonFields& field, nn::ELUOptions& o) {
  field("alpha", o.alpha);
  field("inplace", o.inplace);
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

template <class M>
void list_softmax(PythonFields& field, M& softmax) {
  field("dim", softmax.dim);
}

}  // namespace

template <>
nn::Softmax blank() {
  return nn::Softmax(-1);
}

template <>
nn::LogSoftmax blank() {
  return nn::LogSoftmax(-1);
}

std::span<const PythonClass> activations() {
  using namespace nn;
  constexpr const char *module = "torch.nn.modules.activation", *dropout = "torch.nn.modules.dropout";
  static constexpr PythonClass rows[] = {
      in_place<ReLU>("ReLU"),
      in_place<ReLU6>("ReLU6", write_relu6),
      in_place<SELU>("SELU"),
      in_place<SiLU>("SiLU"),
      in_place<Mish>("Mish"),
      in_place<Hardswish>("Hardswish"),
      in_place<Hardsigmoid>("Hardsigmoid"),
      with_options<ELU, list_elu>(module, "ELU"),
      with_options<CELU, list_elu>(module, "CELU"),
      with_options<LeakyReLU, list_leaky_relu>(module, "LeakyReLU"),
      with_options<Hardtanh, list_hardtanh>(module, "Hardtanh"),
      with_options<GELU, list_gelu>(module, "GELU"),
      with_options<Softplus, list_softplus>(module, "Softplus"),
      with_options<PReLU, list_prelu>(module, "PReLU"),
      without_options<Sigmoid>(module, "Sigmoid"),
      without_options<Tanh>(module, "Tanh"),
      without_options<LogSigmoid>(module, "LogSigmoid"),
      without_options<Softmax2d>(module, "Softmax2d"),
      with_members<Softmax, list_softmax<Softmax>>(module, "Softmax"),
      with_members<LogSoftmax, list_softmax<LogSoftmax>>(module, "LogSoftmax"),
      with_options<Dropout, list_dropout>(dropout, "Dropout"),
      with_options<Dropout2d, list_dropout>(dropout, "Dropout2d"),
  };
  return rows;
}

}  // namespace ebb::interop
