#!/usr/bin/env python3
"""Writes tests/predictor/golden/: what PyTorch computes where fitnas::gcn, its losses and fitnas::adam must agree.

    tools/make_gcn_golden.py                 write the files
    tools/make_gcn_golden.py --check         fail where a committed file is not what would be written
    tools/make_gcn_golden.py --output DIR    write them elsewhere

Needs PyTorch (Debian: python3-torch, then /usr/bin/python3); the tests need only the files. PyTorch computes in double
precision from parameters of three decimals. Adjacency and features are made here from their definitions, as dense
matrices.

A file is a list of tensors, two lines each: name and sizes, then the values. Parameters lie layer by layer, weights
[in][out] before the bias. Where a value would come so close to the kink of a relu that rounding decides, the next seed
is tried.
"""
import argparse
import pathlib
import sys

import torch
from torch.nn import functional

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "tests" / "predictor" / "golden"
OPERATORS = [3, 2, 4, 2]  # of each cell
BATCH = 10
MARGIN = 1e-4  # least distance from a kink
STEPS = 5


class TooClose(Exception):
    pass


# --- Encodings: the edges between different nodes, and where a node's features are. ------------------------------------


def chain(features):
    n = len(OPERATORS)
    return n, [(i, i + 1) for i in range(n - 1)], features, lambda cell, operator: cell


def complete(features):
    n = len(OPERATORS)
    return n, [(i, j) for i in range(n) for j in range(i)], features, lambda cell, operator: cell


def lattice(features):
    cell_of = [i for i, count in enumerate(OPERATORS) for _ in range(count)]
    n = len(cell_of)
    edges = [(i, j) for i in range(n) for j in range(n) if cell_of[j] - cell_of[i] == 1]
    return n, edges, features, lambda cell, operator: sum(OPERATORS[:cell]) + operator


def cell_operator():
    return sum(OPERATORS), lambda cell, operator: sum(OPERATORS[:cell]) + operator


def operators():
    return max(OPERATORS), lambda cell, operator: operator


def adjacency(nodes, edges):
    a = torch.eye(nodes, dtype=torch.float64)
    for i, j in edges:
        a[i, j] = a[j, i] = 1
    d = a.sum(1)
    return a / torch.outer(d, d).sqrt()


def encode(codes, encoding):
    nodes, _, (width, place), node_of = encoding
    x = torch.zeros(len(codes), nodes, width, dtype=torch.float64)
    for g, code in enumerate(codes.tolist()):
        for cell, operator in enumerate(code):
            x[g, node_of(cell, operator), place(cell, operator)] = 1
    return x


# --- Models ----------------------------------------------------------------------------------------------------------------


def shapes(encoding, layers):
    """The sizes of all parameters, in order."""
    width, nodes, result = encoding[2][0], encoding[0], []
    for kind, *out in layers:
        if kind in ("conv", "linear"):
            result += [(width, out[0]), (out[0],)]
            width = out[0]
        elif kind == "flatten":
            width *= nodes
    return result


def forward(x, a, layers, parameters):
    rest = list(parameters)
    for kind, *_ in layers:
        if kind == "conv":
            x = a @ (x @ rest.pop(0)) + rest.pop(0)
        elif kind == "linear":
            x = x @ rest.pop(0) + rest.pop(0)
        elif kind == "relu":
            if x.abs().min() < MARGIN:
                raise TooClose
            x = functional.relu(x)
        elif kind == "mean_pool":
            x = x.mean(1)
        elif kind == "flatten":
            x = x.flatten(1)
    return x.squeeze(1)


def mse(outputs, targets):
    return functional.mse_loss(outputs, targets)


def pairwise(outputs, targets):
    margins = outputs.unsqueeze(1) - outputs.unsqueeze(0)
    better = targets.unsqueeze(1) > targets.unsqueeze(0)
    return functional.softplus(-margins[better]).mean()


def flat(tensors):
    return torch.cat([t.reshape(-1) for t in tensors])


def make_case(encoding, layers, seed):
    random = torch.Generator().manual_seed(seed)

    def draw(*sizes):
        return torch.randn(*sizes, generator=random, dtype=torch.float64).mul(500).round().div(1000)

    codes = torch.stack([torch.randint(count, (BATCH,), generator=random) for count in OPERATORS], 1)
    a = adjacency(encoding[0], encoding[1])
    x = encode(codes, encoding)
    parameters = [draw(*s).requires_grad_() for s in shapes(encoding, layers)]
    targets = draw(BATCH)
    targets[1] = targets[0]  # a tie
    tensors = {"codes": codes, "adjacency": a, "features": x, "parameters": flat(parameters).detach(),
               "targets": targets}
    for loss in (mse, pairwise):
        outputs = forward(x, a, layers, parameters)
        outputs.retain_grad()
        value = loss(outputs, targets)
        for p in parameters:
            p.grad = None
        value.backward()
        tensors["outputs"] = outputs.detach()
        tensors[loss.__name__] = value.detach()
        tensors[loss.__name__ + ":output_gradient"] = outputs.grad
        tensors[loss.__name__ + ":gradient"] = flat([p.grad for p in parameters])
    # Not with the pairwise loss: its gradient of the last bias is 0 but for rounding, and Adam scales that up.
    optimiser = torch.optim.AdamW(parameters, lr=0.01, weight_decay=0.1)
    steps = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        mse(forward(x, a, layers, parameters), targets).backward()
        optimiser.step()
        steps.append(flat(parameters).detach())
    tensors["adam"] = torch.stack(steps)
    return tensors


CASES = {
    "chain": (chain(cell_operator()),
              [("conv", 8), ("relu",), ("conv", 6), ("relu",), ("mean_pool",), ("linear", 1)]),
    "complete": (complete(operators()),
                 [("conv", 5), ("relu",), ("flatten",), ("linear", 4), ("relu",), ("linear", 1)]),
    "lattice": (lattice(cell_operator()), [("conv", 7), ("relu",), ("conv", 5), ("mean_pool",), ("linear", 1)]),
}


def text_of(tensors):
    lines = []
    for name, t in tensors.items():
        lines.append(" ".join([name, *map(str, t.shape)]))
        lines.append(" ".join(f"{v:.9g}" for v in t.reshape(-1).tolist()))
    return "\n".join(lines) + "\n"


def all_files():
    files = {}
    for name, (encoding, layers) in CASES.items():
        for seed in range(1000):
            try:
                files[name + ".txt"] = text_of(make_case(encoding, layers, seed))
                break
            except TooClose:
                continue
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--output", type=pathlib.Path, default=GOLDEN)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    files = all_files()
    if arguments.check:
        stale = [n for n, t in files.items() if not (GOLDEN / n).is_file() or (GOLDEN / n).read_text() != t]
        sys.exit(f"make_gcn_golden: stale: {', '.join(stale)}" if stale else 0)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (arguments.output / name).write_text(text)


if __name__ == "__main__":
    main()
