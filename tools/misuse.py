#!/usr/bin/env python3
"""docs/misuse.md: what goes wrong, the code, when it is refused, and the message, from tests/misuse/*.cpp and
tests/compile_fail/*.cpp, which hold the library to these texts.

    tools/misuse.py            write it
    tools/misuse.py --check    fail where it is not what would be written
"""
import pathlib
import re
import sys

import messages

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/misuse.md"
ROOMS = {"space": "Spaces, codes and limits", "data": "Images and their files", "supernet": "Networks",
         "predictor": "Tables, predictors, searches and metrics", "io": "Files of tables and weights",
         "export": "Networks for other programs"}

HEAD = """# Misuse

{total} mistakes and what the library says to them: {compiled} where the program is compiled, {made} where an object is
made, {called} where a function is called. Each row is a test: `tests/misuse/` compares whole texts,
`tests/compile_fail/` looks for the identifier and the beginning of the sentence in what the compiler prints.
`tools/misuse.py` makes this page from them, the test `misuse_page_is_fresh` compares it. All messages and their
identifiers are in [messages](messages.md).
"""


def span(text):
    """A code span in a table's cell."""
    text = text.replace("|", "\\|")
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def literal(code):
    """The text of adjacent string literals."""
    pieces = re.findall(r'"((?:\\.|[^"\\\n])*)"', code)
    return re.sub(r"\\(.)", r"\1", "".join(pieces))


def row(wrong, code, when, message):
    identifier, text = re.fullmatch(r"\[(F\d{4})\] (.*)", message, re.DOTALL).groups()
    lines = "<br>".join(span(line) for line in code)
    return f"| {wrong} | {lines} | {when} | {identifier} | {span(text)} |"


def run_time(room):
    """The rows of a room's file, and how many of them are refused at construction."""
    text = (ROOT / "tests/misuse" / f"{room}.cpp").read_text(encoding="utf-8")
    code, mask = messages.masked(text)
    rows, made = [], 0
    for case in re.finditer(r"\bREFUSED\(", mask):
        end = messages.closing(mask, case.end() - 1)
        parts = messages.top_level(mask, case.end(), end, ",")
        when, _, message = (code[a:b].strip() for a, b in parts[:3])
        said = re.search(r"// (.*)\n\s*$", text[:case.start()])
        if not said:
            sys.exit(f"tests/misuse/{room}.cpp: a case without a comment that says what is wrong: {message}")
        shown = re.sub(r"\s+", " ", text[parts[3][0]:end]).strip()
        rows.append(row(said.group(1), [s.strip() + ";" for s in shown.split(";")] if ";" in shown else [shown],
                        when, literal(message)))
        made += when == "construction"
    return rows, made


def compile_time():
    texts = {m.identifier: m.text for m in messages.collect()[0]}
    rows = []
    for file in sorted((ROOT / "tests/compile_fail").glob("*.cpp")):
        text = file.read_text(encoding="utf-8")
        identifier = re.match(r"// expect: \[(F\d{4})\]", text)
        if identifier:
            code = messages.masked(text)[0]
            lines = [line for line in code.split("\n")
                     if line.strip() and not line.startswith("#") and not line.startswith("using namespace")]
            lines = [re.sub(r"  +", " ", line) for line in lines]
            # Some are refused for flags, whatever is compiled.
            lines = lines or re.findall(r"^// flags: (.*)", text, re.MULTILINE)
            rows.append(row(file.stem.replace("_", " "), lines, "compile time",
                            f"[{identifier.group(1)}] {texts[identifier.group(1)]}"))
    return rows


def page():
    head = "| what is wrong | code | refused at | id | message |\n| --- | --- | --- | --- | --- |"
    compiled = compile_time()
    parts, total, made = [], len(compiled), 0
    for room, title in ROOMS.items():
        rows, constructions = run_time(room)
        total += len(rows)
        made += constructions
        parts.append(f"## {title}\n\n{head}\n" + "\n".join(rows) + "\n")
    parts.append(f"## Types\n\n{head}\n" + "\n".join(compiled) + "\n")
    counts = {"total": total, "compiled": len(compiled), "made": made, "called": total - len(compiled) - made}
    return HEAD.format(**counts) + "\n" + "\n".join(parts)


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    text = page()
    if not sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
        sys.exit("docs/misuse.md is not what tools/misuse.py writes: run it")
    print(re.search(r"\d+ mistakes", text).group())


if __name__ == "__main__":
    main()
