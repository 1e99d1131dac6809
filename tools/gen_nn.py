#!/usr/bin/env python3
"""Records modules of PyTorch, and torchinfo's summaries, for the tests in tests/nn.
printed_forms.txt there was recorded in the same way, by hand.

usage: gen_nn.py FOLDER      with a Python that has torch and torchinfo; FOLDER is tests/vectors/nn
"""

import sys
from pathlib import Path

import torch
import torchinfo
from torch import nn

# A module, and the shapes of its inputs: an int stands for a tensor of classes below it.
LAYERS = [
    ("nn.Conv1d(2, 4, 3)", [(2, 2, 7)]),
    ("nn.Conv1d(2, 4, 3, padding=2, dilation=2, groups=2, bias=False, padding_mode='circular')", [(1, 2, 9)]),
    ("nn.Conv2d(2, 3, (3, 2), stride=2, padding=(1, 0))", [(2, 2, 6, 5)]),
    ("nn.Conv2d(2, 2, 3, padding='same', dilation=2)", [(1, 2, 5, 6)]),
    ("nn.Conv2d(2, 2, 3, padding='valid')", [(1, 2, 5, 6)]),
    ("nn.Conv2d(2, 2, 3, padding=1, padding_mode='reflect')", [(1, 2, 4, 5)]),
    ("nn.Conv2d(2, 2, (2, 3), padding='same', padding_mode='replicate')", [(1, 2, 4, 5)]),
    ("nn.Conv3d(2, 4, (2, 3, 1), stride=(2, 1, 1), padding=1, groups=2)", [(2, 2, 3, 4, 2)]),
    ("nn.Conv3d(2, 3, 2, padding='same', dilation=(2, 1, 1), bias=False)", [(1, 2, 3, 2, 3)]),
    ("nn.ConvTranspose1d(2, 4, 3, stride=2, padding=1, output_padding=1, groups=2)", [(2, 2, 5)]),
    ("nn.ConvTranspose2d(3, 2, (2, 3), stride=2, dilation=(1, 2), bias=False)", [(1, 3, 3, 4)]),
    ("nn.Linear(4, 3)", [(2, 4)]),
    ("nn.Identity()", [(2, 3)]),
    ("nn.Flatten(0, 1)", [(2, 3, 2)]),
    ("nn.Unflatten(1, (2, -1))", [(2, 6, 2)]),
    ("nn.BatchNorm1d(3)", [(4, 3)]),
    ("nn.BatchNorm1d(3, affine=False)", [(4, 3, 2)]),
    ("nn.BatchNorm2d(2, momentum=None)", [(2, 2, 2, 3)]),
    ("nn.BatchNorm2d(2, bias=False)", [(2, 2, 2, 3)]),
    ("nn.BatchNorm3d(2, eps=0.1)", [(2, 2, 2, 1, 2)]),
    ("nn.LayerNorm(4)", [(3, 4)]),
    ("nn.LayerNorm((2, 3), eps=0.001, bias=False)", [(2, 2, 3)]),
    ("nn.LayerNorm(4, elementwise_affine=False)", [(3, 4)]),
    ("nn.GroupNorm(2, 4)", [(2, 4, 3)]),
    ("nn.GroupNorm(1, 4, affine=False)", [(2, 4, 2, 2)]),
    ("nn.InstanceNorm1d(3)", [(2, 3, 4)]),
    ("nn.InstanceNorm2d(2, affine=True, track_running_stats=True)", [(2, 2, 2, 3)]),
    ("nn.InstanceNorm2d(2)", [(2, 3, 3)]),
    ("nn.Embedding(5, 3)", [5]),
    ("nn.Embedding(10, 4, padding_idx=-2)", [10]),
    ("nn.ReLU()", [(6,)]),
    ("nn.ReLU6(inplace=True)", [(6,)]),
    ("nn.LeakyReLU(0.2, inplace=True)", [(6,)]),
    ("nn.ELU()", [(6,)]),
    ("nn.ELU(alpha=2.0, inplace=True)", [(6,)]),
    ("nn.CELU(alpha=0.5)", [(6,)]),
    ("nn.SELU(inplace=True)", [(6,)]),
    ("nn.GELU()", [(6,)]),
    ("nn.GELU('tanh')", [(6,)]),
    ("nn.SiLU(inplace=True)", [(6,)]),
    ("nn.Mish()", [(6,)]),
    ("nn.Sigmoid()", [(6,)]),
    ("nn.Tanh()", [(6,)]),
    ("nn.LogSigmoid()", [(6,)]),
    ("nn.Softplus(beta=2.0, threshold=1.0)", [(6,)]),
    ("nn.Hardswish(inplace=True)", [(6,)]),
    ("nn.Hardsigmoid()", [(6,)]),
    ("nn.Hardtanh(min_val=-0.5, max_val=0.25)", [(6,)]),
    ("nn.PReLU()", [(2, 3)]),
    ("nn.PReLU(3, init=0.5)", [(2, 3, 2)]),
    ("nn.Softmax(dim=1)", [(2, 3)]),
    ("nn.LogSoftmax(dim=-1)", [(2, 3)]),
    ("nn.Softmax2d()", [(1, 3, 2, 2)]),
    ("nn.MaxPool1d(2)", [(1, 2, 5)]),
    ("nn.MaxPool1d(3, stride=2, padding=1, dilation=2, ceil_mode=True)", [(2, 8)]),
    ("nn.MaxPool2d((3, 2), stride=(2, 1), padding=1, ceil_mode=True)", [(1, 1, 6, 4)]),
    ("nn.AvgPool1d(2, stride=1, padding=1)", [(1, 2, 5)]),
    ("nn.AvgPool2d((3, 2), stride=(2, 1), padding=1, count_include_pad=False)", [(1, 1, 6, 4)]),
    ("nn.AdaptiveAvgPool1d(3)", [(1, 2, 7)]),
    ("nn.AdaptiveAvgPool2d(2)", [(1, 1, 5, 3)]),
    ("nn.AdaptiveAvgPool2d((None, 2))", [(1, 1, 3, 5)]),
    ("nn.Upsample(scale_factor=(2, 3))", [(1, 1, 2, 2)]),
    ("nn.Upsample(size=5, mode='linear')", [(1, 1, 3)]),
    ("nn.Upsample(scale_factor=2, mode='bilinear', align_corners=True)", [(1, 1, 2, 3)]),
    ("nn.UpsamplingNearest2d(scale_factor=2)", [(1, 1, 2, 2)]),
    ("nn.UpsamplingBilinear2d(size=(3, 4))", [(1, 1, 2, 2)]),
    ("nn.ConstantPad2d((1, 0, 2, 1), 2)", [(1, 1, 2, 2)]),
    ("nn.ConstantPad2d(1, 1.5)", [(1, 2, 2)]),
    ("nn.ZeroPad2d((1, 2, 0, -1))", [(1, 1, 2, 2)]),
    ("nn.ReflectionPad2d(1)", [(1, 1, 3, 2)]),
    ("nn.ReplicationPad2d((1, 2, 0, 1))", [(1, 1, 2, 2)]),
    ("nn.CrossEntropyLoss(label_smoothing=0.1)", [(3, 4), 4]),
    ("nn.NLLLoss(reduction='sum')", [(3, 4), 4]),
    ("nn.MSELoss()", [(3, 2), (3, 2)]),
    ("nn.L1Loss(reduction='none')", [(3, 2), (3, 2)]),
    ("nn.SmoothL1Loss(beta=0.5)", [(3, 2), (3, 2)]),
    ("nn.HuberLoss(delta=0.5)", [(3, 2), (3, 2)]),
    ("nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0]))", [(3, 2), (3, 2)]),
    ("nn.KLDivLoss(reduction='batchmean', log_target=True)", [(3, 2), (3, 2)]),
    ("nn.CosineSimilarity(dim=0)", [(3, 2), (3, 2)]),
    ("nn.Dropout(0.2, inplace=True)", None),
    ("nn.Dropout2d()", None),
    ("nn.BCELoss()", None),
    ("nn.Bilinear(2, 3, 4)", [(2, 2), (2, 3)]),
    ("nn.Fold((4, 5), 2, stride=(2, 1), padding=(0, 1))", [(1, 8, 12)]),
    ("nn.Unfold((2, 3), padding=1, stride=2)", [(1, 2, 4, 5)]),
    ("nn.PixelShuffle(2)", [(1, 8, 2, 3)]),
    ("nn.AdaptiveMaxPool1d(2)", [(1, 2, 5)]),
    ("nn.AdaptiveMaxPool2d((2, None))", [(1, 1, 5, 3)]),
]

INITS = [
    ("uniform_(w, -2, 3)", (3, 4)),
    ("normal_(w, 1, 2)", (3, 4)),
    ("normal_(w)", (5, 7)),
    ("trunc_normal_(w)", (5, 7)),
    ("trunc_normal_(w, 0, 1, 1.5, 3)", (5, 7)),
    ("constant_(w, 0.25)", (2, 3)),
    ("ones_(w)", (2,)),
    ("zeros_(w)", (2,)),
    ("eye_(w)", (3, 4)),
    ("dirac_(w)", (2, 3, 3)),
    ("dirac_(w, 2)", (4, 2, 2, 3)),
    ("xavier_uniform_(w, 1.5)", (4, 3, 2)),
    ("xavier_normal_(w)", (4, 5)),
    ("kaiming_uniform_(w, a=1)", (4, 3)),
    ("kaiming_normal_(w, mode='fan_out', nonlinearity='relu')", (4, 3, 2, 2)),
    ("kaiming_normal_(w, nonlinearity='tanh')", (2, 9)),
    ("orthogonal_(w)", (4, 4)),
    ("orthogonal_(w, gain=2)", (3, 2, 4)),
    ("orthogonal_(w)", (5, 2)),
    ("sparse_(w, 0.3)", (5, 3)),
]


def line(name, tensor):
    kind = "int64" if tensor.dtype == torch.int64 else "float32"
    values = " ".join(str(v) if kind == "int64" else float(v).hex() for v in tensor.detach().flatten().tolist())
    return f"{name} {kind} {list(tensor.shape)} {values}\n"


def sample(shape):
    if isinstance(shape, int):
        return torch.randint(shape, (3,))
    return torch.randn(shape)


def record_layer(code, shapes):
    torch.manual_seed(0)
    layer = eval(code)
    text = f"=== {code}\nprinted {layer}\n"
    text += "".join(line(name, t) for name, t in layer.named_parameters())
    if shapes is None:
        return text
    torch.manual_seed(1)
    inputs = [sample(shape) for shape in shapes]
    text += "".join(line("input", x) for x in inputs)
    output = layer(*[x.clone() for x in inputs])
    text += line("output", output)
    return text + "".join(line(name, t) for name, t in layer.named_buffers() if "running" in name)


def record_init(code, shape):
    torch.manual_seed(0)
    w = torch.empty(shape)
    eval("nn.init." + code, {"nn": nn, "w": w})
    return f"=== {code} {list(shape)}\n" + line("w", w)


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()

        def block(i, o):
            return nn.Sequential(nn.Conv2d(i, o, 5, padding=2), nn.BatchNorm2d(o), nn.ReLU(), nn.MaxPool2d(2))

        self.layer1, self.layer2, self.fc = block(1, 16), block(16, 32), nn.Linear(7 * 7 * 32, 10)

    def forward(self, x):
        return self.fc(self.layer2(self.layer1(x)).flatten(1))


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.left = nn.Linear(8, 4)
        self.right = nn.Linear(3, 4, bias=False)
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, a, b):
        return (self.left(a) + self.right(b)) * self.scale


class Recursive(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 6)
        self.head = nn.Sequential(nn.Linear(6, 2), nn.Softmax(dim=1))

    def forward(self, x):
        return self.head(self.fc(self.fc(self.fc(x))))


class Listed(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU()) for _ in range(2)])
        self.unused = nn.Linear(2, 2)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


ALL = ("input_size", "output_size", "num_params", "params_percent", "kernel_size", "mult_adds", "trainable")


def frozen_listed():
    net = Listed()
    net.blocks[0][0].weight.requires_grad_(False)
    net.blocks[1].requires_grad_(False)
    return net


SUMMARIES = [
    ("ConvNet", ConvNet, dict(input_size=(1, 1, 28, 28))),
    ("ConvNet, depth 1", ConvNet, dict(input_size=(100, 1, 28, 28), depth=1)),
    ("two inputs", TwoInputs, dict(input_size=[(5, 8), (5, 3)])),
    ("recursive", Recursive, dict(input_size=(4, 6))),
    ("recursive, hidden", Recursive, dict(input_size=(4, 6), row_settings=("depth", "hide_recursive_layers"))),
    ("list", Listed, dict(input_size=(2, 3, 8, 8))),
    ("list, all columns", frozen_listed, dict(input_size=(2, 3, 8, 8), col_names=ALL, col_width=16)),
    ("list, depth 1, names", Listed, dict(input_size=(2, 3, 8, 8), depth=1, row_settings=("depth", "var_names", "ascii_only"))),
    ("list, no input", Listed, {}),
    ("thousands", lambda: nn.Conv2d(3, 64, 7), dict(input_size=(64, 3, 224, 224))),
]


def record_summary(name, make, options):
    # torchinfo prints the name of its enumerator where it means "M", "G", "T": str() of these changed in Python 3.11.
    text = str(torchinfo.summary(make(), verbose=0, **options))
    for long, short in [("Units.MEGABYTES", "M"), ("Units.GIGABYTES", "G"), ("Units.TERABYTES", "T")]:
        text = text.replace(long, short)
    return f"=== {name}\n{text}\n"


def main():
    folder = Path(sys.argv[1])
    (folder / "layers.txt").write_text("".join(record_layer(*entry) for entry in LAYERS))
    (folder / "inits.txt").write_text("".join(record_init(*entry) for entry in INITS))
    (folder / "summaries.txt").write_text("".join(record_summary(*entry) for entry in SUMMARIES))


main()
