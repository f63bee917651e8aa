#!/usr/bin/env python3
"""Writes tests/metrics/golden/: columns of numbers, and what SciPy says about them.

    tools/make_metric_golden.py

Needs SciPy (Debian: python3-scipy), only to make the files anew; they are committed. Each case is a block of lines:

    case NAME
    x VALUES...
    y VALUES...
    METRIC [ARGUMENT] VALUE
"""
import pathlib
import random
import warnings

import numpy
import scipy
import scipy.stats

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "tests" / "metrics" / "golden"


def cases():
    r = random.Random(20210527)
    normal = lambda n: [r.gauss(0, 1) for _ in range(n)]
    noisy = lambda x, sd: [v + r.gauss(0, sd) for v in x]

    yield "two_concordant", [1.0, 2.0], [3.0, 5.0]
    yield "two_discordant", [1.0, 2.0], [5.0, 3.0]
    yield "two_tied_in_y", [1.0, 2.0], [3.0, 3.0]
    yield "three_with_a_tie", [1.0, 2.0, 2.0], [1.0, 3.0, 2.0]
    yield "constant_x", [4.0] * 6, normal(6)
    yield "constant_both", [4.0] * 5, [-1.0] * 5
    yield "equal", list(range(12)), list(range(12))
    yield "reversed", list(range(12)), [-float(v) for v in range(12)]
    yield "two_zeros_are_equal", [0.0, -0.0, 1.0, -1.0, 0.0], [-0.0, 0.0, 2.0, -3.0, 1.0]
    yield "extreme_sizes", [1e300, -1e300, 1e-310, 0.0, 1.7e308, 5e-324], [1e-300, -2.0, 3e-310, 1e10, 1e308, 0.0]
    x = normal(50)
    yield "no_ties", x, noisy(x, 0.5)
    yield "ties_in_x", [round(v) for v in x], noisy(x, 0.5)
    yield "ties_in_both", [round(v) for v in x], [round(v) for v in noisy(x, 1.0)]
    yield "few_values", [r.randrange(2) for _ in range(40)], [r.randrange(3) for _ in range(40)]
    yield "same_pairs_often", [v % 4 for v in range(60)], [(v % 4) // 2 for v in range(60)]
    accuracy = [round(90 + 3 * v, 2) for v in normal(800)]
    yield "like_accuracies", [round(v + r.gauss(0, 2), 2) for v in accuracy], accuracy
    yield "independent", normal(700), normal(700)


def correlation(function, x, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a constant column
        return float(function(x, y)[0])


def top(values, k):
    """The rows of the k highest values; the earlier row first among equals."""
    return sorted(range(len(values)), key=lambda i: (-values[i], i))[:k]


def write(name, blocks):
    text = f"# Made by tools/make_metric_golden.py with SciPy {scipy.__version__}: do not edit.\n"
    for block in blocks:
        text += "\n" + "".join(f"{line}\n" for line in block)
    (GOLDEN / name).write_text(text, encoding="ascii")


def number(value):
    return repr(float(value))


def columns(name, x, y):
    return [f"case {name}", "x " + " ".join(map(number, x)), "y " + " ".join(map(number, y))]


def rankings():
    for name, x, y in cases():
        n = len(x)
        lines = columns(name, x, y) + [
            "ranks " + " ".join(map(number, scipy.stats.rankdata(x))),
            "kendall " + number(correlation(scipy.stats.kendalltau, x, y)),
            "spearman " + number(correlation(scipy.stats.spearmanr, x, y)),
        ]
        for k in sorted({1, min(5, n), n}):
            lines.append(f"regret {k} {number(max(y) - max(y[i] for i in top(x, k)))}")
        for percent in (1, 7, 10, 25, 50, 100):
            k = max(1, -(-percent * n // 100))
            hits = len(set(top(x, k)) & set(top(y, k)))
            lines.append(f"precision {percent / 100} {number(hits / k)}")
            rows = top(y, max(2, k))
            tau = correlation(scipy.stats.kendalltau, [x[i] for i in rows], [y[i] for i in rows])
            lines.append(f"tau_in_top {percent / 100} {number(tau)}")
        yield lines


def intervals():
    chosen = {name: (x, y) for name, x, y in cases()}
    x, y = chosen["no_ties"]
    for what, statistic in (
        ("mean", lambda a, b: numpy.mean(a)),
        ("pearson", lambda a, b: numpy.corrcoef(a, b)[0, 1]),
        ("kendall", lambda a, b: scipy.stats.kendalltau(a, b)[0]),
    ):
        lines = columns(what, x, y)
        for level in (0.95, 0.8):
            found = scipy.stats.bootstrap((x, y), statistic, paired=True, vectorized=False, method="percentile",
                                          n_resamples=20000, confidence_level=level,
                                          random_state=numpy.random.default_rng(7)).confidence_interval
            lines.append(f"interval {level} {number(found.low)} {number(found.high)}")
        yield lines


def main():
    GOLDEN.mkdir(parents=True, exist_ok=True)
    write("ranking.txt", rankings())
    write("bootstrap.txt", intervals())


if __name__ == "__main__":
    main()
