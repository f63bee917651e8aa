#!/usr/bin/env python3
"""A checkpoint as a PyTorch module that computes, and trains, as the engine does.

    tools/to_pytorch.py CHECKPOINT RECIPE [--architecture CODE] [--output FILE]

CHECKPOINT is a file of `save_checkpoint`, RECIPE one of `save_recipe` of the same network or supernet. Computes the
golden outputs of the checkpoint and says by how much they differ; --output writes TorchScript, which `torch.jit.load`
reads. A supernet needs the CODE of the path, such as 0212.

    from to_pytorch import load
    net = load("net.safetensors", "net.json")              # N x C x H x W in, N x classes out
    net = load("super.safetensors", "super.json", "0212")  # net.architecture = "1201" is another path

What comes in are pixels, 0 to 255, where the checkpoint says how they are normalised (`net.normalise`), and normalised
images elsewhere. docs/export.md says more.
"""
import argparse
import copy
import json
import pathlib
import struct
import sys

import numpy
import torch
from torch import nn


def read_safetensors(path):
    """The tensors of a file, by name, and its metadata."""
    data = pathlib.Path(path).read_bytes()
    end = 8 + struct.unpack("<Q", data[:8].ljust(8))[0]
    if not 8 < end <= len(data):
        raise ValueError(f"{path}: not a safetensors file")
    header = json.loads(data[8:end])
    metadata = header.pop("__metadata__", {})
    types = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "u1"}
    tensors = {}
    for name, t in header.items():
        begin, stop = t["data_offsets"]
        tensors[name] = numpy.frombuffer(data[end + begin:end + stop], types[t["dtype"]]).reshape(t["shape"])
    return tensors, metadata


class Normalise(nn.Module):
    """(pixel / 255 - mean) * scale, a mean and a scale for each channel."""

    def __init__(self, mean, scale):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).reshape(-1, 1, 1))
        self.register_buffer("scale", torch.tensor(scale).reshape(-1, 1, 1))

    def forward(self, x):
        return (x / 255 - self.mean) * self.scale


class SqueezeExcite(nn.Module):
    def __init__(self, channels, hidden):
        super().__init__()
        self.squeeze = nn.Conv2d(channels, hidden, 1)
        self.excite = nn.Conv2d(hidden, channels, 1)

    def forward(self, x):
        gate = torch.relu(self.squeeze(x.mean((2, 3), keepdim=True)))
        return x * torch.sigmoid(self.excite(gate))


class Residual(nn.Module):
    """Adds what came into the operator."""


class Zero(nn.Module):
    """Gives nothing."""


def pool(step, module, **options):
    # (kernel - 1) // 2 pixels before the image, behind it as many as give every stride-th pixel, rounded up.
    kernel, stride = step["kernel"], step["stride"]
    return module(kernel, stride, (kernel - 1) // 2, ceil_mode=kernel % 2 == 0, **options)


def convolution(step, kernel=1, groups=1, bias=False):
    # Kernels are odd: kernel // 2 zeros on each side give every stride-th pixel, rounded up.
    return nn.Conv2d(step["input"][2], step["output"][2], kernel, step.get("stride", 1), kernel // 2, groups=groups,
                     bias=bias)


def module_of(step, statistics, custom):
    """The module of a primitive, its weights still to be set."""
    kind, channels = step["primitive"], step["input"][2]
    if kind == "pointwise":
        return convolution(step)
    if kind == "depthwise":
        return convolution(step, step["kernel"], groups=channels)
    if kind == "convolution":
        return convolution(step, step["kernel"])
    if kind == "linear":
        return convolution(step, bias=True)
    if kind == "batch_norm":
        return nn.BatchNorm2d(channels, eps=step["epsilon"], track_running_stats=statistics)
    if kind == "activate":
        return {"none": nn.Identity, "relu": nn.ReLU, "relu6": nn.ReLU6, "hard_swish": nn.Hardswish}[step["activation"]]()
    if kind == "max_pool":
        return pool(step, nn.MaxPool2d)
    if kind == "average_pool":
        return pool(step, nn.AvgPool2d, count_include_pad=False)
    if kind == "global_pool":
        return nn.AdaptiveAvgPool2d(1)
    if kind == "squeeze_excite":
        return SqueezeExcite(channels, step["hidden"])
    if kind in ("residual", "residual_if_same_shape"):
        return Residual()
    if kind == "zero":
        return Zero()
    if kind == "custom" and step["type"] in custom:
        return custom[step["type"]](step)
    raise ValueError(f"{step['name']}: there is no module for the primitive {step.get('type', kind)}")


def as_pytorch(kind, values):
    """The engine's order of a tensor, channels innermost, as PyTorch's, channels outermost."""
    if kind == "depthwise":  # kernel x kernel x channels
        return values.transpose(2, 0, 1)[:, None]
    if kind == "convolution":  # out x kernel x kernel x in
        return values.transpose(0, 3, 1, 2)
    if values.ndim == 2:  # out x in
        return values[:, :, None, None]
    return values


class Operator(nn.Module):
    """The steps of one operator in one layer."""

    def __init__(self, recipe, tensors, custom):
        super().__init__()
        for step in recipe["steps"]:
            if step["primitive"] == "residual_if_same_shape" and step["input"] != recipe["input"]:
                continue
            kind, statistics = step["primitive"], tensors.get(step["name"] + ".statistics")
            module = module_of(step, statistics is not None, custom)
            values = [torch.tensor(as_pytorch(kind, tensors[t]).copy()) for t in step["tensors"]]
            parameters = list(module.parameters())
            assert [p.numel() for p in parameters] == [v.numel() for v in values], step["name"]
            with torch.no_grad():
                for p, v in zip(parameters, values):
                    p.copy_(v.reshape(p.shape))
                if statistics is not None:  # mean, 1 / deviation, and scale and shift that follow from them
                    module.running_mean.copy_(torch.tensor(statistics[0]))
                    deviation = 1 / statistics[1].astype(numpy.float64)
                    module.running_var.copy_(torch.tensor(deviation**2 - step["epsilon"]))
            self.add_module(step["name"].rpartition(".")[2], module)

    def forward(self, x):
        into = x
        for step in self.children():
            x = x + into if isinstance(step, Residual) else step(x)
        return x


class Network(nn.Module):
    """A network, or a supernet of which `architecture` is the path: a digit a cell, or a list of numbers."""

    def __init__(self, recipe, tensors, architecture=None, custom=None):
        super().__init__()
        self.normalise = nn.Identity()
        if "normalisation.mean" in tensors:
            self.normalise = Normalise(tensors["normalisation.mean"], tensors["normalisation.scale"])
        self.cells = []
        self.names = []
        self.links = []
        for layer in recipe["layers"]:
            self.cells.append(layer["cell"])
            shape = layer["operators"][0]["output"]
            self.links.append((layer["reads"], layer["joins"], layer["zeros_for_nothing"], shape))
            self.names.append([o["name"].replace(".", "_") for o in layer["operators"]])
            for name, o in zip(self.names[-1], layer["operators"]):
                self.add_module(name, Operator(o, tensors, custom or {}))
        self.whole = recipe["architecture"] == "supernet"
        self.architecture = architecture

    def operators(self):
        """The names of the modules that compute, in their order."""
        for cell, names in zip(self.cells, self.names):
            choice = self.architecture[cell] if self.whole and cell is not None else 0
            yield names[int(choice, 36) if isinstance(choice, str) else choice]

    def body(self, x):
        """Normalised images to logits."""
        images, values = x, [x]  # None: nothing
        for name, (reads, joins, zeros, (height, width, channels)) in zip(self.operators(), self.links):
            operator, x = getattr(self, name), values[reads]
            x = None if x is None or any(isinstance(step, Zero) for step in operator.children()) else operator(x)
            before = values[-1]
            if joins == "sum" and before is not None:
                x = before if x is None else before + x
            if x is None and zeros:
                x = images.new_zeros(images.shape[0], channels, height, width)
            values.append(torch.cat((before, x), 1) if joins == "concatenation" else x)
        return values[-1].flatten(1)

    def forward(self, images):
        return self.body(self.normalise(images))


def load(checkpoint, recipe, architecture=None, custom=None):
    """The module of a checkpoint, in training mode.

    custom: for primitives of your own by name, a function from the step of the recipe to a module whose only parameter
    is the flat buffer of theirs, if they have any.
    Raises ValueError where the files do not belong together, or are no such files.
    """
    tensors, metadata = read_safetensors(checkpoint)
    steps = json.loads(pathlib.Path(recipe).read_text(encoding="utf-8"))
    for key in ("space", "architecture"):
        if metadata.get(key) != steps.get(key):
            raise ValueError(f"{checkpoint} has the {key} {metadata.get(key)}, {recipe} has {steps.get(key)}")
    choices = {layer["cell"]: len(layer["operators"]) for layer in steps["layers"] if layer["cell"] is not None}
    if architecture is not None:
        digits = [int(c, 36) if isinstance(c, str) else c for c in architecture]
        if len(digits) != len(choices) or any(not 0 <= d < choices[i] for i, d in enumerate(digits)):
            raise ValueError(f"{recipe}: expected an operator for each of {len(choices)} cells, got {architecture}")
    return Network(steps, tensors, architecture, custom)


def golden_difference(net, checkpoint):
    """The largest difference to the outputs that the checkpoint holds, relative to the largest of them.

    Batch norm takes the statistics of the images themselves there.
    """
    tensors, _ = read_safetensors(checkpoint)
    net = copy.deepcopy(net).train()
    images = torch.tensor(tensors["golden.input"].transpose(0, 3, 1, 2).copy())
    expected = tensors["golden.output"]
    worst = 0.0
    for path, logits in zip(tensors["golden.paths"].tolist() or [[]], expected):
        net.architecture = path
        with torch.no_grad():
            worst = max(worst, float(numpy.abs(net.body(images).numpy() - logits).max()))
    return worst / float(numpy.abs(expected).max())


def main():
    parser = argparse.ArgumentParser(description="A checkpoint as a PyTorch module.")
    parser.add_argument("checkpoint", help="a file of save_checkpoint")
    parser.add_argument("recipe", help="a file of save_recipe, of the same network or supernet")
    parser.add_argument("--architecture", help="the path of a supernet, such as 0212")
    parser.add_argument("--output", help="writes TorchScript there")
    options = parser.parse_args()
    try:
        net = load(options.checkpoint, options.recipe, options.architecture)
    except (OSError, ValueError) as e:
        sys.exit(f"to_pytorch: {e}")
    if net.whole and options.output and not options.architecture:
        parser.error("a supernet needs --architecture")
    print(f"{sum(p.numel() for p in net.parameters())} parameters; golden outputs differ by "
          f"{golden_difference(net, options.checkpoint):.1e} of the largest")
    if options.output:
        height, width, channels = json.loads(pathlib.Path(options.recipe).read_text(encoding="utf-8"))["input"]
        torch.jit.trace(net.eval(), torch.zeros(2, channels, height, width)).save(options.output)


if __name__ == "__main__":
    main()
