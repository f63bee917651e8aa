#!/usr/bin/env python3
"""check_pytorch.py FOLDER: PyTorch modules of what export.cpp wrote have its logits, and its weights after one step."""
import json
import pathlib
import sys

import numpy
import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import to_pytorch

FOLDER = pathlib.Path(sys.argv[1])
MOST = 1e-4


class Thinned(nn.Module):
    """`thinned` of tests/supernet/every_primitive.hpp."""

    def __init__(self, step):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(step["input"][2]))

    def forward(self, x):
        before = nn.functional.pad(x, (1, 0))[..., :-1]
        return (x * self.weight[:, None, None] + before)[..., ::2]


def load(name, recipe, architecture=None):
    return to_pytorch.load(FOLDER / f"{name}.safetensors", FOLDER / f"{recipe}.json", architecture, {"thinned": Thinned})


def pixels_of(case):
    return torch.tensor(numpy.fromfile(FOLDER / case["images"], numpy.uint8).reshape(case["sizes"])).float()


def require(what, difference):
    assert difference <= MOST, f"{what}: {difference}"
    return difference


def after_a_step(case, net, images):
    """The largest difference of a weight after one step of SGD."""
    net.train()
    optimiser = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
    loss = nn.functional.cross_entropy(net.body(images), torch.tensor(case["labels"]), label_smoothing=0.1)
    before = {n: p.detach().clone() for n, p in net.named_parameters()}
    loss.backward()
    optimiser.step()
    trained = dict(load(case["name"] + ".trained", case["name"], net.architecture).named_parameters())
    difference = max(float((p - trained[n]).abs().max()) for n, p in net.named_parameters())
    moved = max(float((trained[n] - b).abs().max()) for n, b in before.items())
    assert difference < 0.01 * moved, f"{case['name']}: weights moved by {moved}, and differ by {difference}"
    return require(case["name"], difference)


logits = step = golden = 0.0
cases = json.loads((FOLDER / "cases.json").read_text())
for case in cases:
    net = load(case["name"], case["name"]).eval()
    pixels = pixels_of(case)
    expected = torch.tensor(numpy.fromfile(FOLDER / case["logits"], numpy.float32)).reshape(len(pixels), -1)
    with torch.no_grad():
        logits = max(logits, require(case["name"], float((net(pixels) - expected).abs().max())))
    golden = max(golden, require(case["name"], to_pytorch.golden_difference(net, FOLDER / f"{case['name']}.safetensors")))
    if case["labels"] is not None:
        step = max(step, after_a_step(case, net, net.normalise(pixels)))

supernets = json.loads((FOLDER / "supernets.json").read_text())
for case in supernets:
    net = load(case["name"], case["name"], case["architecture"])
    golden = max(golden, require(case["name"], to_pytorch.golden_difference(net, FOLDER / f"{case['name']}.safetensors")))
    normalise = to_pytorch.Normalise(case["mean"], case["scale"])
    # What the path does not use has no gradient, and so stays.
    step = max(step, after_a_step(case, net, normalise(pixels_of(case))))

assert cases and supernets
print(f"{len(cases)} networks, {len(supernets)} supernets; differences: logits {logits:.1e}, golden outputs {golden:.1e}, "
      f"weights after a step {step:.1e}")
