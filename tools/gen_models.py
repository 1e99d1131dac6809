#!/usr/bin/env python3
"""Records what PyTorch's models compute, for build/tests/parity_models. usage: gen_models.py [--weights] FOLDER

One file a model: the input, and for float32 and float64 the loss, the outputs in training and evaluation, and of every
gradient and running statistic a row of its norm and its product with a fixed direction. The weights are those of a
seed; with --weights they are in the file as well. Needs torch and torchvision.
"""

import pathlib
import sys
import zlib

import torch
import torch.nn.functional as F
import torchvision.models as zoo
from torch import nn


class DoubleConv(nn.Module):
    def __init__(self, inputs, outputs, mid=None):
        super().__init__()
        layers = []
        for i, o in ((inputs, mid or outputs), (mid or outputs, outputs)):
            layers += [nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True)]
        self.double_conv = nn.Sequential(*layers)

    def forward(self, x):
        return self.double_conv(x)


class Down(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(inputs, outputs))

    def forward(self, x):
        return self.maxpool_conv(x)


class Up(nn.Module):
    def __init__(self, inputs, outputs, bilinear):
        super().__init__()
        if bilinear:
            self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        else:
            self.up = nn.ConvTranspose2d(inputs, inputs // 2, kernel_size=2, stride=2)
        self.conv = DoubleConv(inputs, outputs, inputs // 2 if bilinear else None)

    def forward(self, x, skip):
        x = self.up(x)
        dy, dx = skip.size(2) - x.size(2), skip.size(3) - x.size(3)
        return self.conv(torch.cat([skip, F.pad(x, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])], 1))


class OutConv(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        return self.conv(x)


class UNet(nn.Module):
    def __init__(self, channels, classes, bilinear, width):
        super().__init__()
        half, w = 2 if bilinear else 1, width
        self.inc = DoubleConv(channels, w)
        self.down1, self.down2, self.down3 = Down(w, 2 * w), Down(2 * w, 4 * w), Down(4 * w, 8 * w)
        self.down4 = Down(8 * w, 16 * w // half)
        self.up1, self.up2 = Up(16 * w, 8 * w // half, bilinear), Up(8 * w, 4 * w // half, bilinear)
        self.up3, self.up4 = Up(4 * w, 2 * w // half, bilinear), Up(2 * w, w, bilinear)
        self.outc = OutConv(w, classes)

    def forward(self, x):
        x1 = self.inc(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        x4 = self.down3(x3)
        x5 = self.down4(x4)
        return self.outc(self.up4(self.up3(self.up2(self.up1(x5, x4), x3), x2), x1))


class Bilinear(nn.Module):
    """A bilinear-pooling head on a ResNet-18."""

    def __init__(self):
        super().__init__()
        net = zoo.resnet18()
        self.features = nn.Sequential(*list(net.children())[:5])
        self.fc = nn.Linear(64 * 64, 10)

    def forward(self, x):
        x = self.features(x)
        n, d, h, w = x.shape
        x = torch.reshape(x, (n, d, h * w))
        x = torch.bmm(x, torch.transpose(x, 1, 2)) / (h * w)
        x = torch.reshape(x, (n, d * d))
        x = torch.sign(x) * torch.sqrt(torch.abs(x) + 1e-5)
        return self.fc(F.normalize(x))


MODELS = {
    "unet": (lambda: UNet(3, 2, False, 4), (2, 3, 21, 34)),
    "unet_bilinear": (lambda: UNet(3, 2, True, 4), (2, 3, 21, 34)),
    "resnet18": (lambda: zoo.resnet18(num_classes=10), (4, 3, 40, 40)),
    "resnet50": (lambda: zoo.resnet50(num_classes=10), (2, 3, 64, 64)),
    "resnet50_dilated": (
        lambda: zoo.resnet50(num_classes=10, replace_stride_with_dilation=[False, True, True], zero_init_residual=True),
        (2, 3, 40, 40),
    ),
    "resnext50_32x4d": (lambda: zoo.resnext50_32x4d(num_classes=10), (2, 3, 40, 40)),
    "bilinear_pooling": (Bilinear, (2, 3, 40, 40)),
}


def summary(tensor):
    """Norm, and product with cos(0), cos(1), ..."""
    flat = tensor.detach().double().flatten()
    return torch.stack([flat.norm(), flat @ torch.arange(len(flat), dtype=torch.float64).cos()])


def summaries(named):
    """Of the floating tensors, a row for each, in order."""
    return torch.stack([summary(tensor) for _, tensor in named if tensor.is_floating_point()])


def run(net, x, y):
    net.train()
    out = net(x)
    loss = F.cross_entropy(out, y)
    loss.backward()
    result = {
        "loss": loss.detach(),
        "train_out": out.detach().clone(),
        "gradients": summaries((name, p.grad) for name, p in net.named_parameters()),
        "buffers": summaries(net.named_buffers()),
    }
    net.eval()
    with torch.no_grad():
        result["eval_out"] = net(x)
    return result


def record(name, with_weights):
    make, shape = MODELS[name]
    torch.manual_seed(3)
    net = make()
    if not name.startswith("unet"):  # normal numbers differ in the last bit from machine to machine; uniform ones do not
        for parameter in net.parameters():
            if parameter.dim() > 1:
                nn.init.kaiming_uniform_(parameter, nonlinearity="relu")
    weights = {key: value.clone() for key, value in net.state_dict().items()}
    x = torch.randn(shape)
    if name.startswith("unet"):
        y = torch.randint(0, 2, (shape[0], *shape[2:]))
    else:
        y = torch.randint(0, 10, shape[:1])
    recorded = {
        "seed": 3,
        "x": x,
        "y": y,
        "crc32": {key: zlib.crc32(value.numpy().tobytes()) for key, value in weights.items()},
        "float32": run(net, x, y),
    }
    net.load_state_dict(weights)
    net.zero_grad()
    recorded["float64"] = run(net.double(), x.double(), y)
    if with_weights:
        recorded["state_dict"] = weights
    return recorded


def main():
    arguments = sys.argv[1:]
    with_weights = "--weights" in arguments
    folder = pathlib.Path([a for a in arguments if not a.startswith("--")][0])
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for name in MODELS:
        torch.save(record(name, with_weights), folder / f"{name}.pth")
        print(folder / f"{name}.pth")


if __name__ == "__main__":
    main()
