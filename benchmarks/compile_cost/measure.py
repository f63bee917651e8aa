"""Compile cost: CPU seconds and peak memory of g++ -std=c++20 -O2 -fopenmp -c, one file a case.

Every round compiles the baseline and then each case, so that a slow minute of the machine falls on all of them alike;
the median over the rounds counts. What is past its budget is measured again, in more rounds: only what stays past it
fails --check. CPU time and not wall time, since other programs may be running. `ratio` is the time
over the baseline's. The cases `nas_bench_macro_separate` and `edit` are files of a program whose engine is compiled in
another file (FITNAS_SEPARATE_COMPILATION).
"""
import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parent.parent / "include"
SEPARATE = "-DFITNAS_SEPARATE_COMPILATION"
# case: (file, flags, largest ratio, largest MiB)
CASES = {
    "include": ("include.cpp", [], 1.25, None),
    "nas_bench_macro": ("nas_bench_macro.cpp", [], 4.0, None),
    "mobile_19x6": ("mobile_19x6.cpp", [], 6.0, 2048),
    "nas_bench_macro_separate": ("nas_bench_macro.cpp", [SEPARATE], 2.0, None),
    "edit": ("edit.cpp", [SEPARATE], 2.5, None),
}
BASELINE = ("baseline.cpp", [], None, None)
SPREAD = 1.1  # what --check allows past a budget: machines differ
# Three are past their budgets, and --check holds them where they are. What header-only programs pay for is generating code,
# in functions of which none stands out (by_room.py). nas_bench_macro_separate is the same file without most of it.
# include pays for the bodies of public functions, and for parsing the others. Tables of four classes with virtual members were
# in every file until it came down from 2.7 to 1.7. Ratios are those of an Intel Xeon, where the two programs had 9.1 and 9.8
# before threads took paths and networks of their own, and have 9.0 to 9.6 and 10.2 with it: 5 % more. On an AMD EPYC the same
# files of before came to 2.3, 7.8 and 8.4: a machine's caches count.
HELD = {"include": 1.8, "nas_bench_macro": 9.4, "mobile_19x6": 10.2}
ATTEMPTS = 3


def compile_once(compiler, source, flags, output):
    """(CPU seconds, MiB) of one compilation; the largest of the compiler's processes counts for the memory."""
    command = [compiler, "-std=c++20", "-O2", "-fopenmp", f"-I{INCLUDE}", *flags, "-c", str(HERE / source), "-o", output]
    process = os.posix_spawnp(compiler, command, os.environ)
    _, status, usage = os.wait4(process, 0)
    if status != 0:
        sys.exit(f"compile_cost: {source} does not compile")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def rows_of(measured):
    baseline = statistics.median(seconds for seconds, _ in measured["baseline"])
    rows = []
    for name, runs in measured.items():
        seconds, mib = (statistics.median(column) for column in zip(*runs))
        rows.append({"case": name, "seconds": round(seconds, 2), "mib": round(mib),
                     "ratio": round(seconds / baseline, 2)})
    return rows


def past_budget(rows):
    over = []
    for row in rows[1:]:
        _, _, ratio, mib = CASES[row["case"]]
        held = HELD.get(row["case"], ratio)
        if row["ratio"] > SPREAD * held:
            over.append(f"{row['case']}: ratio {row['ratio']} is past {held} x {SPREAD}")
        if mib and row["mib"] > mib:
            over.append(f"{row['case']}: {row['mib']} MiB are past {mib}")
    return over


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="case", help=", ".join(CASES))
    parser.add_argument("--json", action="store_true", help="print a list of objects instead of a table")
    parser.add_argument("--check", action="store_true", help="fail where a case is past what it is held to")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--compiler", default="g++")
    options = parser.parse_args()
    unknown = [c for c in options.cases if c not in CASES]
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}")

    names = ["baseline", *(options.cases or CASES)]
    measured = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as scratch:
        for _ in range(ATTEMPTS if options.check else 1):
            for _ in range(options.runs):
                for name in names:
                    source, flags, _, _ = CASES.get(name, BASELINE)
                    measured[name].append(compile_once(options.compiler, source, flags, f"{scratch}/out.o"))
            rows = rows_of(measured)
            over = past_budget(rows)
            if not over:
                break
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        print(f"{'case':<25}{'seconds':>9}{'MiB':>7}{'ratio':>7}{'budget':>8}")
        for row in rows:
            budget = CASES[row["case"]][2] if row["case"] in CASES else ""
            print(f"{row['case']:<25}{row['seconds']:>9.2f}{row['mib']:>7}{row['ratio']:>7.2f}{budget:>8}")

    if options.check and over:
        sys.exit("compile_cost: " + "; ".join(over))


if __name__ == "__main__":
    main()
