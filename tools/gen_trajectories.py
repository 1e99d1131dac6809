"""Records trainings by PyTorch for tests/parity/trajectories: gen_trajectories.py FOLDER [--small]

A file for each optimizer: the net, its first weights, the data, and after 8 steps with StepLR, in float32 and in
float64: losses, rates, weights and state dicts. --small takes a net of 123 numbers instead of the ConvNet."""
import pathlib
import sys

import torch
from torch import nn

STEPS = 8
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.01),
    "sgd_nesterov_decay": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "adam_decay": lambda p: torch.optim.Adam(p, lr=1e-3, weight_decay=1e-3),
    "adam_amsgrad": lambda p: torch.optim.Adam(p, lr=1e-3, amsgrad=True),
    "adamw": lambda p: torch.optim.AdamW(p, lr=1e-3),
    "rmsprop_centered": lambda p: torch.optim.RMSprop(p, lr=1e-4, momentum=0.9, centered=True),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=1e-3),
}


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2, 2))
        self.layer2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2, 2))
        self.fc = nn.Linear(7 * 7 * 32, 10)

    def forward(self, x):
        return self.fc(self.layer2(self.layer1(x)).flatten(1))


def small_net():
    return nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2, 2), nn.Flatten(), nn.Linear(32, 3))


def copied(x):
    if isinstance(x, torch.Tensor):
        return x.clone()
    if isinstance(x, dict):
        return {k: copied(v) for k, v in x.items()}
    return [copied(v) for v in x] if isinstance(x, list) else x


def train(net, make, images, labels):
    optimizer = make(net.parameters())
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.5)
    record = {"optimizer_before": copied(optimizer.state_dict()), "losses": [], "lrs": []}
    for i in range(STEPS):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(images[i % len(images)]), labels[i % len(images)])
        loss.backward()
        optimizer.step()
        scheduler.step()
        record["losses"].append(loss.item())
        record["lrs"].append(optimizer.param_groups[0]["lr"])
    return {**record, "model": copied(dict(net.state_dict())), "optimizer": optimizer.state_dict(), "lr_scheduler": scheduler.state_dict()}


def main():
    folder, is_small = pathlib.Path(sys.argv[1]), "--small" in sys.argv
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for name, make in OPTIMIZERS.items():
        torch.manual_seed(2)
        first = small_net() if is_small else ConvNet()
        size, classes = (8, 3) if is_small else (28, 10)
        images, labels = torch.randn(4, 8, 1, size, size), torch.randint(0, classes, (4, 8))
        weights = copied(dict(first.state_dict()))
        file = {"net": "small" if is_small else "convnet", "model": weights, "images": images, "labels": labels}
        for dtype in (torch.float32, torch.float64):
            net = small_net() if is_small else ConvNet()
            net.load_state_dict(weights)
            file[str(dtype).removeprefix("torch.")] = train(net.to(dtype), make, images.to(dtype), labels)
        torch.save(file, folder / f"{name}.pth")
        print(name, "float32 from float64: %.1e" % max(abs(a - b) for a, b in zip(file["float32"]["losses"], file["float64"]["losses"])))


if __name__ == "__main__":
    main()
