"""What a program's code consists of: its functions' sizes by the rooms and parts of the headers that define them.

    benchmarks/compile_cost/by_room.py        compiles nas_bench_macro.cpp by g++, as measure.py does
    benchmarks/compile_cost/by_room.py FILE   another file

Sizes stand for time: three quarters of it go into optimising and generating code (g++ -ftime-report). A function is where
its class, or else its name, is defined; what an instance of the standard library is made for is not told apart.
"""
import collections
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parent.parent / "include"
PARTS = {  # beginnings of headers' names; the first that fits
    "engine: 1x1 and other matrix products": ["cpu/pointwise", "cpu/blocked", "cpu/row_ep", "cpu/linear", "cpu/operand",
                                              "cpu/finish", "cpu/weight", "core/gemm", "core/row", "core/epi", "core/words"],
    "engine: k x k convolutions": ["cpu/convolution", "cpu/win"],
    "engine: depthwise": ["cpu/depthwise", "cpu/plane", "cpu/stencil", "cpu/tile", "cpu/tap", "cpu/input", "cpu/expan"],
    "engine: pools, plans, steps, the rest": ["cpu/"],
    "supernet: training and scoring": ["supernet/"],
    "fit": ["predictor/"],
    "search": ["search/"],
    "images": ["data/"],
}


def definitions():
    """Names, with how well each header fits them: a class more than a function."""
    found = collections.defaultdict(collections.Counter)
    for header in INCLUDE.rglob("*.hpp"):
        name = header.relative_to(INCLUDE / "fitnas").as_posix()
        text = header.read_text(encoding="utf-8")
        for match in re.finditer(r"^.*?\b(?:struct|class) (?:FITNAS_API )?(\w+)[^;]*?\{", text, re.MULTILINE):
            found[match.group(1)][name] += 5
        for match in re.finditer(r"^ {0,4}[\w:<>,*& ]+ [*&]?(\w+)\([^;]*?$", text, re.MULTILINE):
            found[match.group(1)][name] += 2
    return found


def without_templates(name):
    plain, depth = "", 0
    for c in re.sub(r"\[[^]]*\]", "", name).replace("operator()", "call").replace("operator<", "less"):
        depth += (c == "<") - (c == ">" and depth > 0)
        plain += c if depth == 0 and c != ">" else ""
    words = plain.split("(")[0].split()
    return words[-1] if words else ""


def part_of(symbol, found):
    plain = without_templates(symbol)
    names = [n for n in plain.split("::") if n not in ("fitnas", "detail")]
    if plain.startswith("fitnas::parallel"):  # a loop's body belongs to who wrote it
        names = [n for n in re.findall(r"fitnas::(?:detail::)?(\w+)", symbol) if not n.startswith("parallel")]
    elif not plain.startswith("fitnas"):
        return "standard library"
    for name in names:
        if found.get(name):
            header = found[name].most_common(1)[0][0]
            return next((p for p, begins in PARTS.items() if header.startswith(tuple(begins))), "spaces, core, metrics")
    return "spaces, core, metrics"


def main():
    source = sys.argv[1] if len(sys.argv) > 1 else str(HERE / "nas_bench_macro.cpp")
    with tempfile.TemporaryDirectory() as scratch:
        made = f"{scratch}/out.o"
        subprocess.run(["g++", "-std=c++20", "-O2", "-fopenmp", f"-I{INCLUDE}", "-c", source, "-o", made], check=True)
        listed = subprocess.run(["nm", "-S", "-C", made], check=True, capture_output=True, text=True).stdout
    functions = [(int(m.group(1), 16), m.group(2)) for m in
                 re.finditer(r"^\w+ (\w+) [tTwW] (.*)$", listed, re.MULTILINE)]
    found, total = definitions(), sum(size for size, _ in functions)
    sizes, counts, largest = collections.Counter(), collections.Counter(), {}
    for size, symbol in sorted(functions):
        part = part_of(symbol, found)
        sizes[part] += size
        counts[part] += 1
        largest[part] = (size, without_templates(symbol))
    print(f"{total / 1000:.0f} KB in {len(functions)} functions\n")
    print(f"{'part':<40}{'functions':>10}{'KB':>7}{'share':>7}  the largest one")
    for part, size in sizes.most_common():
        print(f"{part:<40}{counts[part]:>10}{size / 1000:>7.0f}{size / total:>7.2f}  "
              f"{largest[part][1]}, {largest[part][0] / 1000:.1f} KB")


if __name__ == "__main__":
    main()
