#!/usr/bin/env python3
"""Writes include/fitnas/fitnas.hpp and the list in src.hpp of what it leaves out, then single_include/ from them.

    tools/update_umbrella.py            write both
    tools/update_umbrella.py --check    say which public headers the umbrella lacks, or has too many; fail if any
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
UMBRELLA = ROOT / "include/fitnas/fitnas.hpp"
SOURCE = ROOT / "include/fitnas/src.hpp"
# Not io/ and study/: they need nlohmann-json or protozero, and nothing in these rooms does.
ROOMS = ["core", "nn", "op", "space", "data", "supernet", "predictor", "search", "metrics"]
# What needs protozero, in src.hpp too.
PROTOZERO = ["fitnas/io/onnx.hpp"]
# The engine's kernels come in through its door, where it is compiled at all (FITNAS_DEFINITIONS).
DOORS = ["fitnas/cpu/block.hpp", "fitnas/cpu/engine.hpp", "fitnas/cpu/recipe_check.hpp"]

TEXT = """/// @file
/// @brief Everything of fitnas but `io/` and `study/`, which need nlohmann-json or protozero.

#ifndef FITNAS_FITNAS_HPP
#define FITNAS_FITNAS_HPP

{includes}

#endif
"""


def headers_of(rooms):
    files = [f for room in rooms for f in (ROOT / "include/fitnas" / room).rglob("*.hpp")]
    return sorted(f.relative_to(ROOT / "include").as_posix() for f in files)


def public_headers():
    return sorted(["fitnas/config.hpp", "fitnas/fwd.hpp", "fitnas/version.hpp", *DOORS, *headers_of(ROOMS)])


def includes(names):
    return "\n".join(f"#include <{n}>" for n in names)


def source_text():
    """src.hpp with the headers behind each guard listed anew."""
    optional = {"nlohmann/json.hpp": [n for n in headers_of(["io", "study"]) if n not in PROTOZERO],
                "protozero/pbf_builder.hpp": PROTOZERO}
    text = SOURCE.read_text(encoding="utf-8")
    for library, names in optional.items():
        guard = f"__has_include(<{library}>)\n"
        before, _, rest = text.partition(guard)
        text = before + guard + includes(names) + rest[rest.index("\n#endif"):]
    return text


def main():
    wanted = public_headers()
    if sys.argv[1:] == ["--check"]:
        text = UMBRELLA.read_text(encoding="utf-8") if UMBRELLA.is_file() else ""
        listed = re.findall(r"^#include <(fitnas/[^>]+)>", text, re.MULTILINE)
        wrong = [f"lacks {n}" for n in wanted if n not in listed]
        wrong += [f"should not list {n}" for n in listed if n not in wanted]
        if wrong:
            sys.exit("\n".join(f"include/fitnas/fitnas.hpp {w}" for w in wrong) + "\nrun tools/update_umbrella.py")
        if SOURCE.read_text(encoding="utf-8") != source_text():
            sys.exit("include/fitnas/src.hpp does not list all of io/ and study/\nrun tools/update_umbrella.py")
        print(f"include/fitnas/fitnas.hpp lists all {len(wanted)} headers")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        UMBRELLA.write_text(TEXT.format(includes=includes(wanted)), encoding="utf-8")
        SOURCE.write_text(source_text(), encoding="utf-8")
        subprocess.run([sys.executable, ROOT / "tools/amalgamate.py"], check=True)


if __name__ == "__main__":
    main()
