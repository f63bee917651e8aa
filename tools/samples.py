#!/usr/bin/env python3
"""Fills a file of tests/docs with the samples that it names, so that a compiler sees what readers see.

    tools/samples.py TEMPLATE    write it to standard output
    tools/samples.py --check     fail where a sample of a page or header is in no file of tests/docs

A line `@PATH N@` is replaced by the N-th sample of that page (fenced as cpp) or header (between @code and @endcode).
Where the line is indented, it is in a function: what the sample includes is left out there. So are files in quotes,
which are other samples.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# No C++: JSON, and a line that stands in another sample.
NO_SAMPLES = {("include/fitnas/io/recipe_json.hpp", 1)}


def samples_of(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    if path.endswith(".hpp"):
        found = re.findall(r"/// @code\n(.*?)^ *(?:///) @endcode", text, re.DOTALL | re.MULTILINE)
        return [re.sub(r"^ */// ?", "", s, flags=re.MULTILINE) for s in found]
    return re.findall(r"^```cpp\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def fill(template):
    def sample(match):
        indent, path, number = match.group(1), match.group(2), int(match.group(3))
        found = samples_of(path)
        if not 1 <= number <= len(found):
            sys.exit(f"{template}: {path} has {len(found)} samples, not {number}")
        lines = found[number - 1].splitlines()
        dropped = "#include" if indent else '#include "'
        lines = ["" if line.startswith(dropped) else line for line in lines]
        return "\n".join(indent + line for line in lines)

    return re.sub(r"^( *)@(\S+) (\d+)@$", sample, template.read_text(encoding="utf-8"), flags=re.MULTILINE)


def check():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "include").rglob("*.hpp")]
    there = {(p.relative_to(ROOT).as_posix(), n + 1) for p in pages
             for n in range(len(samples_of(p.relative_to(ROOT).as_posix())))}
    used = {(path, int(number)) for t in (ROOT / "tests/docs").glob("*.in")
            for path, number in re.findall(r"^ *@(\S+) (\d+)@$", t.read_text(encoding="utf-8"), re.MULTILINE)}
    missing = sorted(there - used - NO_SAMPLES)
    if missing:
        sys.exit("\n".join(f"{path}: sample {n} is in no file of tests/docs" for path, n in missing))
    print(f"{len(used)} samples are compiled")


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        check()
    elif len(sys.argv) == 2 and not sys.argv[1].startswith("-"):
        print(fill(pathlib.Path(sys.argv[1])))
    else:
        sys.exit(__doc__)
