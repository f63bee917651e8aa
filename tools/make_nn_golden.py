#!/usr/bin/env python3
"""Writes tests/nn/golden/: what PyTorch computes, for blocks, cross_entropy, sgd and cosine_schedule to agree with.

    tools/make_nn_golden.py                 write the files
    tools/make_nn_golden.py --check         fail where a committed file is not what would be written
    tools/make_nn_golden.py --output DIR    write them elsewhere

Needs PyTorch (Debian: python3-torch, then /usr/bin/python3); the tests need only the files. PyTorch computes in double
precision from inputs of three decimals, so that what a test measures is the error of the library alone.

A file is a list of tensors, two lines each: name and sizes, then the values. Images are N x H x W x C and parameters
lie as fitnas::block documents them. Where a value would come so close to a kink of an activation, or two so close to a
tie in a max pool, that rounding decides, the next seed is tried.
"""
import argparse
import pathlib
import sys

import torch
from torch import nn
from torch.nn import functional

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "tests" / "nn" / "golden"
MARGIN = 1e-4  # least distance from a kink or a tie
ZERO = 1e-12  # below, a value is 0 but for rounding (the gradient of a shift that a later batch norm takes away)
LEAST_GRADIENT = 1e-3  # another gradient whose largest entry is below says nothing


class TooClose(Exception):
    pass


def require_distance(distances):
    if distances.numel() and distances.min() < MARGIN:
        raise TooClose


# --- Layers: torch's own, plus the checks for kinks and ties. ---------------------------------------------------------


class Activation(nn.Module):
    def __init__(self, function, *kinks):
        super().__init__()
        self.function, self.kinks = function, kinks

    def forward(self, x):
        for kink in self.kinks:
            require_distance((x - kink).abs())
        return self.function(x)


def relu():
    return Activation(functional.relu, 0)


def relu6():
    return Activation(functional.relu6, 0, 6)


def hard_swish():
    return Activation(functional.hardswish, -3, 3)


class MaxPool(nn.Module):
    def __init__(self, kernel, stride):
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x):
        padded = functional.pad(x, [self.kernel // 2] * 4, value=-1e9)
        windows = padded.unfold(2, self.kernel, self.stride).unfold(3, self.kernel, self.stride).flatten(4)
        first, second = windows.topk(2).values.unbind(-1)
        require_distance(first - second)
        return functional.max_pool2d(x, self.kernel, self.stride, self.kernel // 2)


class Linear(nn.Module):
    """Over the channels of every pixel."""

    def __init__(self, channels, width):
        super().__init__()
        self.layer = nn.Linear(channels, width)

    def forward(self, x):
        return self.layer(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class SqueezeExcite(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        self.squeeze = nn.Linear(channels, channels // reduction)
        self.relu = relu()
        self.excite = nn.Linear(channels // reduction, channels)

    def forward(self, x):
        gate = torch.sigmoid(self.excite(self.relu(self.squeeze(x.mean((2, 3))))))
        return x * gate[:, :, None, None]


class Residual(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.layers(x)


def convolution(kernel, channels, width, stride=1):
    return nn.Conv2d(channels, width, kernel, stride, kernel // 2, bias=False)


def pointwise(channels, width, stride=1):
    return convolution(1, channels, width, stride)


def depthwise(kernel, channels, stride=1):
    return nn.Conv2d(channels, channels, kernel, stride, kernel // 2, groups=channels, bias=False)


def average_pool(kernel, stride):
    return nn.AvgPool2d(kernel, stride, kernel // 2, count_include_pad=False)


batch_norm = nn.BatchNorm2d  # a new module trains: statistics of the batch, biased variance, epsilon 1e-5


# --- Blocks, as fitnas::op builds them. -------------------------------------------------------------------------------


def mbconv(kernel, expansion, channels, width, stride=1, reduction=0, activation=relu):
    inner = channels * expansion
    layers = [pointwise(channels, inner), batch_norm(inner), activation()] if expansion > 1 else []
    layers += [depthwise(kernel, inner, stride), batch_norm(inner), activation()]
    layers += [SqueezeExcite(inner, reduction)] if reduction else []
    layers += [pointwise(inner, width), batch_norm(width)]
    return Residual(*layers) if stride == 1 and channels == width else nn.Sequential(*layers)


def separable(kernel, channels, width, stride=1):
    return nn.Sequential(depthwise(kernel, channels, stride), batch_norm(channels), relu(), pointwise(channels, width),
                         batch_norm(width))


def conv(kernel, channels, width, stride=1):
    return nn.Sequential(convolution(kernel, channels, width, stride), batch_norm(width), relu())


def head(channels, width, classes):
    return nn.Sequential(pointwise(channels, width), batch_norm(width), relu(), nn.AdaptiveAvgPool2d(1),
                         Linear(width, classes))


def network():
    return nn.Sequential(conv(3, 3, 6, 2), mbconv(3, 3, 6, 6), mbconv(5, 3, 6, 9, 2), head(9, 12, 5))


# --- NAS-Bench-201, as its paper draws it (arXiv 2001.00326, figure 1): a network of two small cells. ----------------


class Cell(nn.Module):
    """Four nodes, each the sum of its edges; a digit an edge: 0>1, 0>2, 1>2, 0>3, 1>3, 2>3."""

    def __init__(self, code, channels):
        super().__init__()
        ends = [(a, b) for b in range(1, 4) for a in range(b)]
        self.edges = [(a, b, name) for a, b, name in zip(*zip(*ends), code) if name != "0"]
        self.operators = nn.ModuleList(self.operator(name, channels) for _, _, name in self.edges)

    @staticmethod
    def operator(name, channels):
        if name in "23":
            return nn.Sequential(relu(), convolution({"2": 1, "3": 3}[name], channels, channels), batch_norm(channels))
        return {"1": nn.Identity, "4": lambda: average_pool(3, 1)}[name]()

    def forward(self, x):
        nodes = [x, 0, 0, 0]
        for (a, b, _), operator in zip(self.edges, self.operators):
            nodes[b] = nodes[b] + operator(nodes[a])
        return nodes[3]


class Reduction(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.block = nn.Sequential(relu(), convolution(3, channels, width, 2), batch_norm(width), relu(),
                                   convolution(3, width, width), batch_norm(width))
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), pointwise(channels, width))

    def forward(self, x):
        return self.block(x) + self.shortcut(x)


def network_of_cells(code):
    return nn.Sequential(convolution(3, 3, 4), batch_norm(4), Cell(code, 4), Reduction(4, 6), Cell(code, 6),
                         batch_norm(6), relu(), nn.AdaptiveAvgPool2d(1), Linear(6, 5))


# --- Numbers. ---------------------------------------------------------------------------------------------------------


def random(generator, *sizes):
    """Normal, three decimals, then what a float makes of them."""
    values = torch.randn(*sizes, generator=generator, dtype=torch.float64)
    return as_float(values)


def as_float(values):
    return (values * 1000).round().div(1000).float().double()


def set_parameters(module, generator):
    for layer in module.modules():
        for name, parameter in layer.named_parameters(recurse=False):
            values = random(generator, *parameter.shape)
            if parameter.dim() > 1:
                values = values * 1.5 / parameter[0].numel() ** 0.5
            else:
                values = values * 0.3 + (isinstance(layer, batch_norm) and name == "weight")
            parameter.data, parameter.grad = as_float(values), None


def images(tensor):
    """N x C x H x W to N x H x W x C."""
    return tensor.permute(0, 2, 3, 1)


def laid_out(tensor):
    """A parameter, or its gradient, as fitnas::block stores it."""
    if tensor.dim() != 4:
        return tensor
    if tensor.shape[1] == 1:  # depthwise: kernel x kernel x channels
        return tensor[:, 0].permute(1, 2, 0)
    return tensor.permute(0, 2, 3, 1)


class Golden:
    def __init__(self):
        self.lines = []

    def add(self, name, tensor):
        tensor = torch.as_tensor(tensor)
        values = " ".join(f"{v:.7g}" if abs(v) > ZERO else "0" for v in tensor.flatten().tolist())
        self.lines += [" ".join([name, *map(str, tensor.shape)]), values]

    def add_parameters(self, module):
        for name, parameter in module.named_parameters():
            self.add("parameter:" + name, laid_out(parameter.data))

    def add_gradients(self, x, module):
        """All gradients, the input's first."""
        self.add("dx", images(x.grad))
        for name, parameter in module.named_parameters():
            largest = parameter.grad.abs().max()
            if ZERO < largest < LEAST_GRADIENT:
                raise TooClose
            self.add("gradient:" + name, laid_out(parameter.grad))

    def text(self):
        return "\n".join(self.lines) + "\n"


def first_good_seed(make):
    for seed in range(1000):
        try:
            return make(torch.Generator().manual_seed(seed))
        except TooClose:
            pass
    sys.exit("make_nn_golden: no seed keeps clear of kinks and ties")


def block_golden(module, channels, size=(4, 5), count=2, scale=1.0, offset=0.0):
    def make(generator):
        golden = Golden()
        model = module.double()
        set_parameters(model, generator)
        x = as_float(random(generator, count, channels, *size) * scale + offset).requires_grad_()
        y = model(x)
        dy = random(generator, *y.shape)
        y.backward(dy)
        golden.add("x", images(x.detach()))
        golden.add_parameters(model)
        golden.add("dy", images(dy))
        golden.add("y", images(y.detach()))
        golden.add_gradients(x, model)
        return golden.text()

    return first_good_seed(make)


def network_golden(model, size):
    def make(generator):
        golden = Golden()
        model.double()
        set_parameters(model, generator)
        x = random(generator, 4, 3, *size).requires_grad_()
        labels = torch.tensor([3, 0, 4, 3])
        logits = model(x)[:, :, 0, 0]
        loss = functional.cross_entropy(logits, labels, label_smoothing=0.1)
        loss.backward()
        golden.add("x", images(x.detach()))
        golden.add("labels", labels)
        golden.add_parameters(model)
        golden.add("logits", logits.detach())
        golden.add("loss", loss.detach())
        golden.add_gradients(x, model)
        return golden.text()

    return first_good_seed(make)


def cross_entropy_golden():
    golden = Golden()
    generator = torch.Generator().manual_seed(1)
    logits = as_float(random(generator, 7, 5) * 3).requires_grad_()
    labels = torch.tensor([0, 4, 2, 1, 3, 4, 0])
    golden.add("logits", logits.detach())
    golden.add("labels", labels)
    golden.add("correct", (logits.argmax(1) == labels).sum())
    for smoothing in (0.0, 0.1):
        logits.grad = None
        loss = functional.cross_entropy(logits, labels, label_smoothing=smoothing)
        loss.backward()
        golden.add(f"loss:{smoothing}", loss.detach())
        golden.add(f"gradient:{smoothing}", logits.grad)
    return golden.text()


def sgd_golden():
    """Two parts of one buffer; a step without a gradient for a part leaves it and its momentum alone, in torch too."""
    golden = Golden()
    generator = torch.Generator().manual_seed(2)
    start = [random(generator, 4), random(generator, 7)]
    rates = [0.1, 0.2, 0.05, 0.15, 0.1, 0.01]
    shares = [1.0, 0.5, 1.0, 0.25, 2.0, 1.0]
    named = [(0, 1), (0,), (1,), (0,), (0, 1), (1,)]
    gradients = [random(generator, 11) for _ in rates]
    golden.add("start", torch.cat(start))
    golden.add("rates", torch.tensor(rates, dtype=torch.float64))
    golden.add("shares", torch.tensor(shares, dtype=torch.float64))
    golden.add("named", torch.tensor([[int(p in parts) for p in (0, 1)] for parts in named]))
    golden.add("gradients", torch.stack(gradients))
    options = {"plain": {}, "momentum": {"momentum": 0.9}, "decay": {"momentum": 0.8, "weight_decay": 0.05},
               "nesterov": {"momentum": 0.9, "weight_decay": 0.05, "nesterov": True}}
    for name, option in options.items():
        parts = [nn.Parameter(p.clone()) for p in start]
        optimiser = torch.optim.SGD(parts, lr=1.0, **option)
        after = []
        for rate, share, which, gradient in zip(rates, shares, named, gradients):
            optimiser.param_groups[0]["lr"] = rate
            for index, (part, values) in enumerate(zip(parts, gradient.split([4, 7]))):
                part.grad = values * share if index in which else None
            optimiser.step()
            after.append(torch.cat([p.detach() for p in parts]))
        golden.add(name, torch.stack(after))
    return golden.text()


def schedule_golden():
    def rates(schedule, steps):
        optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.3)
        schedule = schedule(optimiser)
        result = []
        for _ in range(steps):
            result.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            schedule.step()
        return result

    def rise(optimiser):
        return torch.optim.lr_scheduler.LinearLR(optimiser, start_factor=1 / 5, total_iters=4)

    def fall(steps):
        return rates(lambda optimiser: torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps), steps)

    golden = Golden()
    golden.add("warmup_0", torch.tensor(fall(20), dtype=torch.float64))
    golden.add("warmup_4", torch.tensor(rates(rise, 4) + fall(16), dtype=torch.float64))
    return golden.text()


def all_files():
    files = {}
    for stride in (1, 2):
        def strided(name):
            return name if stride == 1 else f"{name}_stride_2"

        files[strided("pointwise")] = block_golden(pointwise(11, 18, stride), 11)
        for kernel in (3, 5):
            files[strided(f"convolution_{kernel}")] = block_golden(convolution(kernel, 4, 6, stride), 4)
        for kernel in (3, 5, 7):
            files[strided(f"depthwise_{kernel}")] = block_golden(depthwise(kernel, 10, stride), 10)
        files[strided("max_pool_3")] = block_golden(MaxPool(3, stride), 9)
        files[strided("average_pool_3")] = block_golden(average_pool(3, stride), 9)
    files["convolution_3_wide"] = block_golden(nn.Sequential(relu(), convolution(3, 17, 16), batch_norm(16)), 17)
    files["batch_norm"] = block_golden(batch_norm(9), 9, scale=1.5, offset=3.0)
    files["relu"] = block_golden(relu(), 5)
    files["relu6"] = block_golden(relu6(), 5, scale=4.0, offset=3.0)
    files["hard_swish"] = block_golden(hard_swish(), 5, scale=3.0)
    files["global_pool"] = block_golden(nn.AdaptiveAvgPool2d(1), 9)
    files["linear"] = block_golden(Linear(18, 7), 18, size=(2, 3))
    files["squeeze_excite"] = block_golden(SqueezeExcite(12, 4), 12, size=(3, 4), count=3)
    files["mbconv_3_3"] = block_golden(mbconv(3, 3, 6, 6), 6)
    files["mbconv_5_6_stride_2"] = block_golden(mbconv(5, 6, 4, 6, 2), 4)
    files["mbconv_squeeze_excite"] = block_golden(
        mbconv(3, 3, 6, 6, reduction=4, activation=hard_swish), 6, count=3)
    files["identity_changed_shape"] = block_golden(nn.Sequential(pointwise(8, 11, 2), batch_norm(11)), 8)
    files["activation_first"] = block_golden(Residual(relu(), pointwise(7, 7)), 7)
    files["separable"] = block_golden(separable(3, 9, 7), 9)
    files["conv"] = block_golden(conv(3, 4, 7, 2), 4)
    files["head"] = block_golden(head(7, 18, 5), 7, size=(3, 4), count=4)
    files["network"] = network_golden(network(), (7, 8))
    for code in ("321403", "130243"):
        files[f"cells_{code}"] = network_golden(network_of_cells(code), (6, 8))
    files["cross_entropy"] = cross_entropy_golden()
    files["sgd"] = sgd_golden()
    files["schedule"] = schedule_golden()
    return {name + ".txt": text for name, text in files.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--output", type=pathlib.Path, default=GOLDEN)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    files = all_files()
    if arguments.check:
        stale = [n for n, t in files.items() if not (GOLDEN / n).is_file() or (GOLDEN / n).read_text() != t]
        sys.exit(f"make_nn_golden: stale: {', '.join(stale)}" if stale else 0)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (arguments.output / name).write_text(text)


if __name__ == "__main__":
    main()
