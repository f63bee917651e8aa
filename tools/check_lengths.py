#!/usr/bin/env python3
"""Fails where a header of include/fitnas has more than 400 lines, or a function in one of them more than 80.

    tools/check_lengths.py          say which function in which file, or that there is none
    tools/check_lengths.py --list   the length, file, line and name of every function, the longest first

A function counts from the first line of its declaration to its last brace, with the lambdas in it. Braces are matched,
which is enough for code as tools/check_format.sh leaves it.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MOST_OF_A_HEADER = 400
MOST_OF_A_FUNCTION = 80

# Comments, preprocessor lines, strings and characters: their braces are no code.
NO_CODE = re.compile(r"""//[^\n]*|/\*.*?\*/|^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*|R"(\w*)\(.*?\)\1"|"""
                     r""""(?:\\.|[^"\\\n])*"|'(?:\\[^\n]+?|[^'\\\n])'""", re.S | re.M)
SCOPE = re.compile(r'(?:typedef |FITNAS_LAZY |inline )?(?:namespace|class|struct|union|enum|extern)\b')
ACCESS = re.compile(r"\s*(?:(?:public|private|protected):\s*)?")


def without_templates(head):
    """What follows template <...> in front of a declaration."""
    while head.startswith("template"):
        depth = 0
        for i, c in enumerate(head):
            depth += {"<": 1, ">": -1}.get(c, 0)
            if c == ">" and depth == 0:
                break
        head = head[i + 1:].lstrip()
    return head


def name_of(head):
    """The name of the function that a declaration is of; None where it is of none."""
    if "(" not in head and "[" not in head or head.startswith("concept"):
        return None
    head = re.sub(r"^requires\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*", "", head)
    before = head.split("=")[0] if re.search(r"=\s*\[", head) and "operator" not in head else head
    names = re.findall(r"([\w:~]*operator\s*[^\w\s(]+|[\w:~]*operator\(\)|[\w:~]+)\s*\(", before) or \
        re.findall(r"\w+", before)
    return names[0] if names else head


def functions(text):
    """(first line, last line, name) of each function."""
    code = NO_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
    begin, parentheses, inner = 0, 0, 0  # of a declaration; open in it; open braces of its body
    for i, c in enumerate(code):
        if c in "()":
            parentheses += 1 if c == "(" else -1
        elif c == "{" and (inner > 0 or parentheses > 0):
            inner += 1
        elif c == "}" and inner > 0:
            inner -= 1
            # Braces in a list of what a constructor initialises, or of a default argument, are no body yet.
            if inner == 0 and parentheses == 0 and code[i + 1:].lstrip()[:1] not in (",", "{", "(", ")", ";"):
                yield from declaration(code, begin, i)
                begin = i + 1
        elif c == "{":
            start = ACCESS.match(code, begin).end()
            if SCOPE.match(without_templates(code[start:i])):
                begin = i + 1
            else:
                inner = 1
        elif c == ";" and inner == 0 and parentheses == 0:
            if "{" in code[begin:i]:
                yield from declaration(code, begin, i)
            begin = i + 1
        elif c == "}":  # of a scope
            begin = i + 1


def declaration(code, begin, end):
    start = ACCESS.match(code, begin).end()
    head = without_templates(code[start:code.index("{", start)])
    name = name_of(head)
    if name is not None:
        yield code.count("\n", 0, start) + 1, code.count("\n", 0, end) + 1, name


def main():
    wrong, found = [], []
    for file in sorted((ROOT / "include/fitnas").rglob("*.hpp")):
        text = file.read_text(encoding="utf-8")
        path = file.relative_to(ROOT).as_posix()
        lines = text.count("\n")
        if lines > MOST_OF_A_HEADER:
            wrong.append(f"{path} has {lines} lines, more than {MOST_OF_A_HEADER}: move a concept into a header of its own")
        for first, last, name in functions(text):
            found.append((last - first + 1, path, first, name))
    for length, path, first, name in found:
        if length > MOST_OF_A_FUNCTION:
            wrong.append(f"{path}:{first}: {name} has {length} lines, more than {MOST_OF_A_FUNCTION}: cut it")
    if sys.argv[1:] == ["--list"]:
        for length, path, first, name in sorted(found, reverse=True):
            print(f"{length:4} {path}:{first} {name}")
    print("\n".join(wrong) or f"check_lengths: {len(found)} functions are short enough")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
