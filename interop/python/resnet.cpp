// torchvision's residual networks: their children are read one by one, so that one of another kind, a head say, stays.
#include "ebb/nn/models/resnet.h"

#include "ebb/interop/python/classes.h"

namespace ebb::interop {
namespace {

using models::BasicBlock;
using models::Bottleneck;
using models::ResNet;

/// Puts the child that was read in the place of a member.
template <class M>
void assign(nn::Child<M>& member, const ReadChild& child) {
  member = M(child(member.name()).module().template as<M>());
}

/// None where the block's input and output have the same shape.
std::optional<nn::Sequential> read_downsample(const PythonFields& field, const ReadChild& child) {
  const Value* module = field.state()["_modules"].find("downsample");
  if (module == nullptr || module->is_none()) return {};
  return nn::Sequential(child("downsample").module().as<nn::Sequential>());
}

nn::SharedLayer read_basic_block(PythonFields& field, const ReadChild& child) {
  BasicBlock block(1, 1, 1, read_downsample(field, child));
  assign(block.conv1, child);
  assign(block.bn1, child);
  assign(block.relu, child);
  assign(block.conv2, child);
  assign(block.bn2, child);
  return block;
}

nn::SharedLayer read_bottleneck(PythonFields& field, const ReadChild& child) {
  Bottleneck block({.in_channels = 4, .channels = 1}, read_downsample(field, child));
  assign(block.conv1, child);
  assign(block.bn1, child);
  assign(block.conv2, child);
  assign(block.bn2, child);
  assign(block.conv3, child);
  assign(block.bn3, child);
  assign(block.relu, child);
  return block;
}

nn::SharedLayer read_resnet(PythonFields&, const ReadChild& child) {
  ResNet net(ResNet::Block::basic, {1, 1, 1, 1}, {.num_classes = 1});
  assign(net.conv1, child);
  assign(net.bn1, child);
  assign(net.relu, child);
  assign(net.maxpool, child);
  for (nn::Child<nn::Sequential>* layer : {&net.layer1, &net.layer2, &net.layer3, &net.layer4}) assign(*layer, child);
  assign(net.avgpool, child);
  net.fc = nn::Layer(child("fc"));
  return net;
}

void write_stride(PythonFields& field, const nn::Conv2d& strided, bool has_downsample) {
  std::int64_t stride = strided.options.stride[0];
  field("stride", stride);
  if (!has_downsample) field.fixed("downsample", {});
}

void write_basic_block(PythonFields& field, const nn::Module& of) {
  const auto& block = static_cast<const BasicBlock&>(of);
  write_stride(field, *block.conv1, block.downsample.has_value());
}

void write_bottleneck(PythonFields& field, const nn::Module& of) {
  const auto& block = static_cast<const Bottleneck&>(of);
  write_stride(field, *block.conv2, block.downsample.has_value());
}

void write_resnet(PythonFields& field, const nn::Module& of) {
  const auto& net = static_cast<const ResNet&>(of);
  std::int64_t inplanes = 512, dilation = 1, groups = 1, base_width = 64;
  if (const auto* block = dynamic_cast<const Bottleneck*>(&(*net.layer1)[0].module())) {
    groups = block->conv2->options.groups;
    base_width = block->conv2->options.out_channels / groups;
    inplanes *= Bottleneck::expansion;
  }
  field.fixed("_norm_layer", Global{"torch.nn.modules.batchnorm", "BatchNorm2d"});
  field("inplanes", inplanes);
  field("dilation", dilation);
  field("groups", groups);
  field("base_width", base_width);
}

}  // namespace

std::span<const PythonClass> resnets() {
  constexpr const char* module = "torchvision.models.resnet";
  static constexpr PythonClass rows[] = {
      {module, "ResNet", &typeid(ResNet), read_resnet, write_resnet},
      {module, "BasicBlock", &typeid(BasicBlock), read_basic_block, write_basic_block},
      {module, "Bottleneck", &typeid(Bottleneck), read_bottleneck, write_bottleneck},
  };
  return rows;
}

}  // namespace ebb::interop
