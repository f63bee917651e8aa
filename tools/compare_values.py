#!/usr/bin/env python3
"""Compares what `test_pipeline --values` prints for programs of different compilers or instruction sets.

usage: compare_values.py FIRST OTHER...

Prints a row for each quantity: in each other file the largest difference, relative to the largest value, and how many
of the numbers are the same.
"""
import sys


def read(path):
    values = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            name, number = line.split()
            values.setdefault(name, []).append(float(number))
    return values


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    first = read(sys.argv[1])
    others = [read(path) for path in sys.argv[2:]]
    print("| quantity | numbers | " + " | ".join(sys.argv[2:]) + " |")
    print("| --- | --- |" + " --- |" * len(others))
    for name, values in first.items():
        cells = []
        largest = max(abs(v) for v in values) or 1.0
        for other in others:
            if len(other.get(name, [])) != len(values):
                sys.exit(f"{name}: not as many numbers in both files")
            difference = max(abs(a - b) for a, b in zip(values, other[name])) / largest
            same = sum(a == b for a, b in zip(values, other[name])) / len(values)
            cells.append(f"{difference:.1e} ({100 * same:.0f} % the same)")
        print(f"| `{name}` | {len(values)} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
