#!/usr/bin/env python3
"""Writes models that Python saves whole, for tests/interop: gen_whole_models.py FOLDER

Each file: the model, an input, what it makes of it in evaluation, how it prints, its state dict. Needs torch, torchvision.
"""

import pathlib
import sys

import torch
import torchvision.models as zoo
from torch import nn


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2, 2))
        self.layer2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2, 2))
        self.fc = nn.Linear(7 * 7 * 32, 10)


def layers2d():
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding="same"), nn.BatchNorm2d(4, momentum=None), nn.ReLU(inplace=True),
        nn.Conv2d(4, 4, (3, 1), stride=(2, 1), padding=(1, 0), groups=2, bias=False, padding_mode="reflect"),
        nn.ConvTranspose2d(4, 4, 2, stride=2, output_padding=1), nn.InstanceNorm2d(4, affine=True), nn.LeakyReLU(0.2),
        nn.GroupNorm(2, 4), nn.GELU("tanh"), nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True), nn.ELU(0.5),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), nn.AvgPool2d((2, 1)), nn.ReLU6(), nn.SELU(),
        nn.UpsamplingNearest2d(scale_factor=2), nn.UpsamplingBilinear2d(size=(7, 9)), nn.ConstantPad2d((1, 0, 2, 1), 0.5),
        nn.ZeroPad2d(1), nn.ReflectionPad2d(1), nn.ReplicationPad2d((1, 2, 0, 1)), nn.PixelShuffle(2), nn.SiLU(), nn.Mish(),
        nn.Hardswish(), nn.Hardsigmoid(), nn.Hardtanh(-0.5, 0.5), nn.Softplus(2.0), nn.PReLU(), nn.Dropout2d(0.2), nn.Tanh(),
        nn.LogSigmoid(), nn.CELU(2.0), nn.AdaptiveMaxPool2d((6, None)), nn.AdaptiveAvgPool2d(4), nn.Softmax2d(), nn.Unfold(2),
        nn.Fold(4, 2), nn.Identity(), nn.Flatten(), nn.Linear(16, 6, bias=False), nn.Unflatten(1, (2, 3)),
        nn.LayerNorm(3), nn.Softmax(dim=1), nn.Dropout(0.3), nn.LogSoftmax(-1),
    )  # fmt: skip


def layers1d():
    return nn.Sequential(
        nn.Embedding(7, 6, padding_idx=2), nn.Conv1d(5, 4, 3, padding=1, padding_mode="circular"), nn.BatchNorm1d(4),
        nn.ConvTranspose1d(4, 4, 2), nn.MaxPool1d(2, stride=1), nn.AvgPool1d(2), nn.InstanceNorm1d(4),
        nn.AdaptiveAvgPool1d(3), nn.AdaptiveMaxPool1d(2), nn.Sigmoid(), nn.Flatten(0, -1), nn.Unflatten(0, (1, 2, 2, 2, 2)),
        nn.Conv3d(2, 2, (1, 2, 2)), nn.BatchNorm3d(2), nn.LayerNorm((1, 1), elementwise_affine=False), nn.Flatten(),
    )  # fmt: skip


def resnet18_head():
    net = zoo.resnet18(num_classes=3)
    shrink(net)
    net.fc = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 2), nn.Softmax(1))
    return net


def bottleneck():
    net = zoo.ResNet(zoo.resnet.Bottleneck, [1, 1, 1, 1], num_classes=3, groups=2, width_per_group=4)
    return nn.Sequential(net.layer1)


def shrink(net):
    """The same network with a 64th of the channels, for a small file."""
    for module in net.modules():
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Conv2d):
                channels = 3 if child.in_channels == 3 else child.in_channels // 64
                setattr(module, name, nn.Conv2d(channels, child.out_channels // 64, child.kernel_size, child.stride,
                                                child.padding, child.dilation, bias=False))  # fmt: skip
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.BatchNorm2d(child.num_features // 64))


def shared():
    relu, first, second = nn.ReLU(), nn.Linear(3, 3), nn.Linear(3, 3)
    second.weight = first.weight
    second.bias.requires_grad_(False)
    return nn.Sequential(relu, first, relu, second, nn.Dropout().eval())


def for_many_devices():
    """A DataParallel whose batch norms are synchronized: what it makes of an input, how its network prints."""
    net, x = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()), torch.randn(2, 3, 5, 5)
    with torch.no_grad():
        net.train()(x)
        net = nn.SyncBatchNorm.convert_sync_batchnorm(net).eval()
        return {"model": nn.DataParallel(net), "x": x, "y": net(x), "printed": repr(net), "state_dict": net.state_dict()}


MODELS = {
    "layers2d": (layers2d, torch.Size([2, 2, 8, 9])),
    "layers1d": (layers1d, None),
    "resnet18_head": (resnet18_head, torch.Size([2, 3, 32, 32])),
    "bottleneck": (bottleneck, torch.Size([1, 64, 4, 4])),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(2)
    for name, (make, shape) in MODELS.items():
        model = make()
        x = torch.randn(shape) if shape else torch.randint(0, 7, (2, 5))
        with torch.no_grad():
            model.train()(x)  # running statistics
            y = model.eval()(x)
        file = {"model": model, "x": x, "y": y, "printed": repr(model), "state_dict": model.state_dict()}
        torch.save(file, folder / f"{name}.pth")
    model = shared()
    torch.save({"model": model, "parameter_count": len(list(model.parameters()))}, folder / "shared.pth")
    torch.save(ConvNet(), folder / "convnet.pth")
    torch.save(for_many_devices(), folder / "data_parallel.pth")


if __name__ == "__main__":
    main()
