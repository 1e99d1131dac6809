#include "tests/nn/layer_cases.h"

#include "ebb/autograd/ops/create/creation.h"

namespace ebb::test {
namespace {

template <class Make>
LayerCase layer_case(Make make) {
  using M = decltype(make());
  return {[make] { return std::make_shared<M>(make()); },
          [](nn::Module& module, std::span<const Tensor> x) -> Tensor {
            if constexpr (std::is_invocable_v<M&, const Tensor&>) {
              return static_cast<M&>(module)(x[0]);
            } else {
              return static_cast<M&>(module)(x[0], x[1]);
            }
          }};
}

using Cases = std::map<std::string, LayerCase>;

void add_convolutions(Cases& c) {
  using namespace nn;
  c["nn.Conv1d(2, 4, 3)"] = layer_case([] { return conv1d({.in_channels = 2, .out_channels = 4, .kernel_size = 3}); });
  c["nn.Conv1d(2, 4, 3, padding=2, dilation=2, groups=2, bias=False, padding_mode='circular')"] = layer_case([] {
    return conv1d({.in_channels = 2,
                   .out_channels = 4,
                   .kernel_size = 3,
                   .padding = 2,
                   .dilation = 2,
                   .groups = 2,
                   .bias = false,
                   .padding_mode = PaddingMode::circular});
  });
  c["nn.Conv3d(2, 4, (2, 3, 1), stride=(2, 1, 1), padding=1, groups=2)"] = layer_case([] {
    return conv3d({.in_channels = 2,
                   .out_channels = 4,
                   .kernel_size = {2, 3, 1},
                   .stride = {2, 1, 1},
                   .padding = {1, 1, 1},
                   .groups = 2});
  });
  c["nn.Conv3d(2, 3, 2, padding='same', dilation=(2, 1, 1), bias=False)"] = layer_case([] {
    return conv3d({.in_channels = 2,
                   .out_channels = 3,
                   .kernel_size = {2},
                   .padding = "same",
                   .dilation = {2, 1, 1},
                   .bias = false});
  });
  c["nn.Conv2d(2, 3, (3, 2), stride=2, padding=(1, 0))"] = layer_case([] {
    return conv2d({.in_channels = 2, .out_channels = 3, .kernel_size = {3, 2}, .stride = 2, .padding = {1, 0}});
  });
  c["nn.Conv2d(2, 2, 3, padding='same', dilation=2)"] = layer_case(
      [] { return conv2d({.in_channels = 2, .out_channels = 2, .kernel_size = 3, .padding = "same", .dilation = 2}); });
  c["nn.Conv2d(2, 2, 3, padding='valid')"] =
      layer_case([] { return conv2d({.in_channels = 2, .out_channels = 2, .kernel_size = 3, .padding = "valid"}); });
  c["nn.Conv2d(2, 2, 3, padding=1, padding_mode='reflect')"] = layer_case([] {
    return conv2d(
        {.in_channels = 2, .out_channels = 2, .kernel_size = 3, .padding = 1, .padding_mode = PaddingMode::reflect});
  });
  c["nn.Conv2d(2, 2, (2, 3), padding='same', padding_mode='replicate')"] = layer_case([] {
    return conv2d({.in_channels = 2,
                   .out_channels = 2,
                   .kernel_size = {2, 3},
                   .padding = "same",
                   .padding_mode = PaddingMode::replicate});
  });
  c["nn.ConvTranspose1d(2, 4, 3, stride=2, padding=1, output_padding=1, groups=2)"] = layer_case([] {
    return conv_transpose1d({.in_channels = 2,
                             .out_channels = 4,
                             .kernel_size = 3,
                             .stride = 2,
                             .padding = 1,
                             .output_padding = 1,
                             .groups = 2});
  });
  c["nn.ConvTranspose2d(3, 2, (2, 3), stride=2, dilation=(1, 2), bias=False)"] = layer_case([] {
    return conv_transpose2d(
        {.in_channels = 3, .out_channels = 2, .kernel_size = {2, 3}, .stride = 2, .bias = false, .dilation = {1, 2}});
  });
}

void add_linear_and_shape(Cases& c) {
  using namespace nn;
  c["nn.Linear(4, 3)"] = layer_case([] { return linear(4, 3); });
  c["nn.Bilinear(2, 3, 4)"] =
      layer_case([] { return nn::bilinear({.in1_features = 2, .in2_features = 3, .out_features = 4}); });
  c["nn.Fold((4, 5), 2, stride=(2, 1), padding=(0, 1))"] = layer_case([] {
    return nn::fold({.output_size = {4, 5}, .kernel_size = 2, .padding = {0, 1}, .stride = {2, 1}});
  });
  c["nn.Unfold((2, 3), padding=1, stride=2)"] = layer_case([] {
    return nn::unfold({.kernel_size = {2, 3}, .padding = 1, .stride = 2});
  });
  c["nn.PixelShuffle(2)"] = layer_case([] { return nn::pixel_shuffle(2); });
  c["nn.Identity()"] = layer_case([] { return identity(); });
  c["nn.Flatten(0, 1)"] = layer_case([] { return nn::flatten(0, 1); });
  c["nn.Unflatten(1, (2, -1))"] = layer_case([] { return unflatten(1, {2, -1}); });
  c["nn.Embedding(5, 3)"] = layer_case([] { return embedding(5, 3); });
  c["nn.Embedding(10, 4, padding_idx=-2)"] =
      layer_case([] { return embedding({.num_embeddings = 10, .embedding_dim = 4, .padding_idx = -2}); });
  c["nn.Dropout(0.2, inplace=True)"] = layer_case([] { return dropout({.p = 0.2, .inplace = true}); });
  c["nn.Dropout2d()"] = layer_case([] { return dropout2d(); });
}

void add_norms(Cases& c) {
  using namespace nn;
  c["nn.BatchNorm1d(3)"] = layer_case([] { return batch_norm1d(3); });
  c["nn.BatchNorm1d(3, affine=False)"] = layer_case([] { return batch_norm1d({.num_features = 3, .affine = false}); });
  c["nn.BatchNorm2d(2, momentum=None)"] =
      layer_case([] { return batch_norm2d({.num_features = 2, .momentum = std::nullopt}); });
  c["nn.BatchNorm2d(2, bias=False)"] = layer_case([] { return batch_norm2d({.num_features = 2, .bias = false}); });
  c["nn.BatchNorm3d(2, eps=0.1)"] = layer_case([] { return batch_norm3d({.num_features = 2, .eps = 0.1}); });
  c["nn.LayerNorm(4)"] = layer_case([] { return layer_norm(4); });
  c["nn.LayerNorm((2, 3), eps=0.001, bias=False)"] = layer_case([] {
    return layer_norm({.normalized_shape = {2, 3}, .eps = 0.001, .bias = false});
  });
  c["nn.LayerNorm(4, elementwise_affine=False)"] =
      layer_case([] { return layer_norm({.normalized_shape = {4}, .elementwise_affine = false}); });
  c["nn.GroupNorm(2, 4)"] = layer_case([] { return group_norm(2, 4); });
  c["nn.GroupNorm(1, 4, affine=False)"] =
      layer_case([] { return group_norm({.num_groups = 1, .num_channels = 4, .affine = false}); });
  c["nn.InstanceNorm1d(3)"] = layer_case([] { return instance_norm1d(3); });
  c["nn.InstanceNorm2d(2, affine=True, track_running_stats=True)"] =
      layer_case([] { return instance_norm2d({.num_features = 2, .affine = true, .track_running_stats = true}); });
  c["nn.InstanceNorm2d(2)"] = layer_case([] { return instance_norm2d(2); });
}

void add_activations(Cases& c) {
  using namespace nn;
  c["nn.ReLU()"] = layer_case([] { return nn::relu(); });
  c["nn.ReLU6(inplace=True)"] = layer_case([] { return nn::relu6({.inplace = true}); });
  c["nn.LeakyReLU(0.2, inplace=True)"] =
      layer_case([] { return nn::leaky_relu({.negative_slope = 0.2, .inplace = true}); });
  c["nn.ELU()"] = layer_case([] { return nn::elu(); });
  c["nn.ELU(alpha=2.0, inplace=True)"] = layer_case([] { return nn::elu({.alpha = 2, .inplace = true}); });
  c["nn.CELU(alpha=0.5)"] = layer_case([] { return nn::celu({.alpha = 0.5}); });
  c["nn.SELU(inplace=True)"] = layer_case([] { return nn::selu({.inplace = true}); });
  c["nn.GELU()"] = layer_case([] { return nn::gelu(); });
  c["nn.GELU('tanh')"] = layer_case([] { return nn::gelu({.approximate = GeluApproximation::tanh}); });
  c["nn.SiLU(inplace=True)"] = layer_case([] { return nn::silu({.inplace = true}); });
  c["nn.Mish()"] = layer_case([] { return nn::mish(); });
  c["nn.Sigmoid()"] = layer_case([] { return nn::sigmoid(); });
  c["nn.Tanh()"] = layer_case([] { return nn::tanh(); });
  c["nn.LogSigmoid()"] = layer_case([] { return nn::log_sigmoid(); });
  c["nn.Softplus(beta=2.0, threshold=1.0)"] = layer_case([] { return nn::softplus({.beta = 2, .threshold = 1}); });
  c["nn.Hardswish(inplace=True)"] = layer_case([] { return nn::hardswish({.inplace = true}); });
  c["nn.Hardsigmoid()"] = layer_case([] { return nn::hardsigmoid(); });
  c["nn.Hardtanh(min_val=-0.5, max_val=0.25)"] =
      layer_case([] { return nn::hardtanh({.min_val = -0.5, .max_val = 0.25}); });
  c["nn.PReLU()"] = layer_case([] { return nn::prelu(); });
  c["nn.PReLU(3, init=0.5)"] = layer_case([] { return nn::prelu({.num_parameters = 3, .init = 0.5}); });
  c["nn.Softmax(dim=1)"] = layer_case([] { return nn::softmax(1); });
  c["nn.LogSoftmax(dim=-1)"] = layer_case([] { return nn::log_softmax(-1); });
  c["nn.Softmax2d()"] = layer_case([] { return nn::softmax2d(); });
}

void add_pools(Cases& c) {
  using namespace nn;
  c["nn.MaxPool1d(2)"] = layer_case([] { return nn::max_pool1d({.kernel_size = 2}); });
  c["nn.MaxPool1d(3, stride=2, padding=1, dilation=2, ceil_mode=True)"] = layer_case(
      [] { return nn::max_pool1d({.kernel_size = 3, .stride = 2, .padding = 1, .dilation = 2, .ceil_mode = true}); });
  c["nn.MaxPool2d((3, 2), stride=(2, 1), padding=1, ceil_mode=True)"] = layer_case([] {
    return nn::max_pool2d({.kernel_size = {3, 2}, .stride = Size2(2, 1), .padding = 1, .ceil_mode = true});
  });
  c["nn.AvgPool1d(2, stride=1, padding=1)"] =
      layer_case([] { return nn::avg_pool1d({.kernel_size = 2, .stride = 1, .padding = 1}); });
  c["nn.AvgPool2d((3, 2), stride=(2, 1), padding=1, count_include_pad=False)"] = layer_case([] {
    return nn::avg_pool2d({.kernel_size = {3, 2}, .stride = Size2(2, 1), .padding = 1, .count_include_pad = false});
  });
  c["nn.AdaptiveMaxPool1d(2)"] = layer_case([] { return nn::adaptive_max_pool1d(2); });
  c["nn.AdaptiveMaxPool2d((2, None))"] = layer_case([] { return nn::adaptive_max_pool2d({2, std::nullopt}); });
  c["nn.AdaptiveAvgPool1d(3)"] = layer_case([] { return nn::adaptive_avg_pool1d(3); });
  c["nn.AdaptiveAvgPool2d(2)"] = layer_case([] { return nn::adaptive_avg_pool2d(2); });
  c["nn.AdaptiveAvgPool2d((None, 2))"] = layer_case([] { return nn::adaptive_avg_pool2d({std::nullopt, 2}); });
}

void add_images(Cases& c) {
  using namespace nn;
  c["nn.Upsample(scale_factor=(2, 3))"] = layer_case([] { return upsample({.scale_factor = {2, 3}}); });
  c["nn.Upsample(size=5, mode='linear')"] =
      layer_case([] { return upsample({.size = {5}, .mode = InterpolateMode::linear}); });
  c["nn.Upsample(scale_factor=2, mode='bilinear', align_corners=True)"] = layer_case(
      [] { return upsample({.scale_factor = {2}, .mode = InterpolateMode::bilinear, .align_corners = true}); });
  c["nn.UpsamplingNearest2d(scale_factor=2)"] = layer_case([] { return upsampling_nearest2d({.scale_factor = {2}}); });
  c["nn.UpsamplingBilinear2d(size=(3, 4))"] = layer_case([] { return upsampling_bilinear2d({.size = {3, 4}}); });
  c["nn.ConstantPad2d((1, 0, 2, 1), 2)"] = layer_case([] { return constant_pad2d({1, 0, 2, 1}, 2); });
  c["nn.ConstantPad2d(1, 1.5)"] = layer_case([] { return constant_pad2d(1, 1.5); });
  c["nn.ZeroPad2d((1, 2, 0, -1))"] = layer_case([] { return zero_pad2d({1, 2, 0, -1}); });
  c["nn.ReflectionPad2d(1)"] = layer_case([] { return reflection_pad2d(1); });
  c["nn.ReplicationPad2d((1, 2, 0, 1))"] = layer_case([] { return replication_pad2d({1, 2, 0, 1}); });
}

void add_losses(Cases& c) {
  using namespace nn;
  c["nn.CrossEntropyLoss(label_smoothing=0.1)"] =
      layer_case([] { return cross_entropy_loss({.label_smoothing = 0.1}); });
  c["nn.NLLLoss(reduction='sum')"] = layer_case([] { return nn::nll_loss({.reduction = Reduction::sum}); });
  c["nn.MSELoss()"] = layer_case([] { return nn::mse_loss(); });
  c["nn.L1Loss(reduction='none')"] = layer_case([] { return nn::l1_loss({.reduction = Reduction::none}); });
  c["nn.SmoothL1Loss(beta=0.5)"] = layer_case([] { return nn::smooth_l1_loss({.beta = 0.5}); });
  c["nn.HuberLoss(delta=0.5)"] = layer_case([] { return nn::huber_loss({.delta = 0.5}); });
  c["nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0]))"] =
      layer_case([] { return bce_with_logits_loss({.pos_weight = tensor({3.0})}); });
  c["nn.BCELoss()"] = layer_case([] { return bce_loss(); });
  c["nn.KLDivLoss(reduction='batchmean', log_target=True)"] =
      layer_case([] { return kl_div_loss({.reduction = Reduction::batchmean, .log_target = true}); });
  c["nn.CosineSimilarity(dim=0)"] = layer_case([] { return nn::cosine_similarity({.dim = 0}); });
}

}  // namespace

const std::map<std::string, LayerCase>& layer_cases() {
  static const Cases cases = [] {
    Cases c;
    add_convolutions(c);
    add_linear_and_shape(c);
    add_norms(c);
    add_activations(c);
    add_pools(c);
    add_images(c);
    add_losses(c);
    return c;
  }();
  return cases;
}

}  // namespace ebb::test
