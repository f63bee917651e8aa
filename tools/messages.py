#!/usr/bin/env python3
"""The identifiers of messages: `[F0412] ...` at the head of every error and static_assert of the headers.

    tools/messages.py            give an identifier to each message without one, and write docs/messages.md
    tools/messages.py --check    fail where a message has none, two have the same, or docs/messages.md is not fresh

The first two digits are the room's (a full one gets a further number), the others count within it. An identifier is never used again: one whose message
has gone stays in docs/messages.md as retired. Where a function composes the message, its parameter is called
`message` and each call passes the head of the text, with the identifier.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/messages.md"
ROOMS = ["core", "nn", "op", "space", "data", "supernet", "predictor", "search", "metrics", "io", "study", "examples"]
FURTHER = {"io": [12], "space": [13]}  # numbers of rooms whose first is full
ERRORS = {"error", "architecture_error", "shape_error", "option_error", "data_error", "numeric_error", "limit_error",
          "interrupted", "peer_error", "stopped_by_peer"}
IDENTIFIER = re.compile(r'"\[(F\d{4})\] ')

HEAD = """# Messages

Every error that the library throws, and every sentence with which it refuses to compile, begins with an identifier in
brackets: `[F0301] architecture code "00": expected ...`. `fitnas::error::id()` gives it to programs. Texts may become
better; an identifier keeps its meaning and is never used again. What was written to get a message, and the whole
message, is in [misuse](misuse.md) for the common ones.

`{}` stands for what depends on the call. `tools/messages.py` gives identifiers to new messages and writes this page;
the test `messages_have_identifiers` checks both.
"""


def numbers_of(room):
    """What identifiers of a room begin with, as numbers: its place, then further ones."""
    return [ROOMS.index(room), *FURTHER.get(room, [])]


def masked(text):
    """The text with comments blanked, and a mask of it in which strings are blanked too; both of the same length."""
    code = list(text)
    mask = list(text)
    for found in re.finditer(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'', text, re.DOTALL):
        for i in range(*found.span()):
            if text[i] != "\n":
                mask[i] = "_" if found.group()[0] in "\"'" else " "
                if found.group()[0] == "/":
                    code[i] = " "
    return "".join(code), "".join(mask)


def closing(mask, at):
    """Where the bracket that opens at `at` closes."""
    depth = 0
    for i in range(at, len(mask)):
        depth += (mask[i] in "({[") - (mask[i] in ")}]")
        if depth == 0:
            return i
    raise ValueError("unbalanced brackets")


def top_level(mask, begin, end, separator):
    """The parts between the separators that are in no brackets, as (begin, end)."""
    parts = []
    depth = 0
    start = begin
    for i in range(begin, end):
        depth += (mask[i] in "({[") - (mask[i] in ")}]")
        if depth == 0 and mask[i] == separator:
            parts.append((start, i))
            start = i + 1
    return parts + [(start, end)]


def sentence(code, mask, begin, end, given=None):
    """The text of a message: literals, and {} for what is computed; `given` are the texts of a helper's parameters."""
    text = ""
    for a, b in [p for c in top_level(mask, begin, end, ",") for p in top_level(mask, *c, "+")]:
        part = code[a:b].strip()
        part = re.sub(r"^std::string\((.*)\)$", r"\1", part, flags=re.DOTALL)
        if re.fullmatch(r'(?:"(?:\\.|[^"\\])*"\s*|FITNAS_VERSION_STRING)+', part):
            literals = re.findall(r'"((?:\\.|[^"\\])*)"|(FITNAS_VERSION_STRING)', part)
            text += "".join("{}" if macro else re.sub(r"\\(.)", r"\1", piece) for piece, macro in literals)
        else:
            text += (given or {}).get(part, "{}")
    return re.sub(r"(\{\}){2,}", "{}", re.sub(r"^\[F\d{4}\] ", "", text))


class message:
    """A place where a message is made: `at` is where its first string or expression begins."""

    def __init__(self, path, at, line, kind, identifier, text):
        self.path, self.at, self.line, self.kind, self.identifier, self.text = path, at, line, kind, identifier, text


def messages_in(path, text):
    """The messages of a file, and what is wrong with it."""
    code, mask = masked(text)
    found, wrong = [], []

    def line(at):
        return text.count("\n", 0, at) + 1

    def add(kind, begin, end, said=None):
        at = begin + len(code[begin:end]) - len(code[begin:end].lstrip())
        head = IDENTIFIER.match(code, at) or IDENTIFIER.match(code, code.find('"', at, end) if
                                                              code.startswith("std::string(", at) else at)
        found.append(message(path, at, line(at), kind, head.group(1) if head else None,
                             said or sentence(code, mask, begin, end)))

    for said in re.finditer(r'^#error ("[^"]*")', code, re.MULTILINE):
        add("compile time", *said.span(1))
    for said in re.finditer(r"\bstatic_assert\s*\(", mask):
        end = closing(mask, said.end() - 1)
        last = top_level(mask, said.end(), end, ",")[-1]
        if code[last[0]:last[1]].strip().startswith('"'):
            add("compile time", *last)
        else:
            wrong.append(f"{path}:{line(said.start())}: a static_assert without a sentence")
    for said in re.finditer(r"(?<!class )\b(" + "|".join(ERRORS) + r")\s*\(", mask):
        begin, end = said.end(), closing(mask, said.end() - 1)
        if not code[begin:end].strip() or re.match(r"\s*(const )?" + said.group(1) + r"\b", code[begin:end]):
            continue  # a function of this name or a constructor
        if re.match(r"\s*(std::string\(e\.what\(\)\)|by$)", code[begin:end]):
            continue  # says more about the error that came, whose identifier it keeps
        if not re.match(r"\s*message\b", code[begin:end]):
            add(said.group(1), begin, end)
            continue
        # A helper: the lambda around it is called with the head of each message.
        helper = list(re.finditer(r"\b(\w+) = \[[^]]*\]\(([^()]*)\)", mask[:begin]))[-1]
        helper, parameters = helper.group(1), re.findall(r"(\w+)(?:,|$)", helper.group(2))
        calls = list(re.finditer(r"(?<![\w.])" + helper + r"\s*\(", mask[end:]))
        if not calls:
            wrong.append(f"{path}:{line(begin)}: nothing calls {helper}")
        for call in calls:
            first, last = end + call.end(), closing(mask, end + call.end() - 1)
            arguments = top_level(mask, first, last, ",")
            heads = [a for a in arguments if code[a[0]:a[1]].strip().startswith('"')]
            given = {name: sentence(code, mask, *a) for name, a in zip(parameters, arguments)}
            add(said.group(1), *(heads[0] if heads else (first, last)),
                sentence(code, mask, begin, end, given))
    for thrown in re.finditer(r"\bthrow\b\s*([^;(]*)", mask):
        what = thrown.group(1).strip()
        if what.startswith("interrupted_with<"):
            continue  # what another error said
        if what and what.split("::")[-1] not in ERRORS and not what.endswith("nothing_found") and \
                not re.search(r"check_of<\w+>$", what):
            wrong.append(f"{path}:{line(thrown.start())}: throws {what}, which is no error of the library")
    known = {m.identifier for m in found}
    wrong += [f"{path}:{line(head.start())}: {head.group(1)} is at the head of no message"
              for head in IDENTIFIER.finditer(code) if head.group(1) not in known]
    return sorted(found, key=lambda m: m.at), wrong


def sources():
    for room in ROOMS[:-1]:
        files = sorted((ROOT / "include/fitnas").glob("*.hpp")) if room == "core" else []
        # cpu was a part of nn, and shares its number.
        for folder in [room, "cpu"] if room == "nn" else [room]:
            files += sorted((ROOT / "include/fitnas" / folder).rglob("*.hpp"))
        for file in files:
            if file.name != "error.hpp" or room != "core":
                yield room, file
    for file in sorted((ROOT / "examples/study").glob("*.?pp")):
        yield "examples", file


def registered():
    """Identifier -> text of the page as it stands: those in use and those that are retired."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    used, _, retired = page.partition("## Retired")
    rows = r"^\| (F\d{4}) \| (?:[^|]* \| )?(.*) \|$"
    return dict(re.findall(rows, used, re.MULTILINE)), dict(re.findall(rows, retired, re.MULTILINE))


def cell(text):
    return "`" + text.replace("|", "\\|") + "`"


def page_of(all_messages):
    used, retired = registered()
    lines = [HEAD]
    for room in ROOMS:
        heads = tuple(f"F{number:02}" for number in numbers_of(room))
        mine = [m for m in all_messages if m.identifier and m.identifier.startswith(heads)]
        if mine:
            lines += [f"## {room}\n", "| id | kind | text |", "| --- | --- | --- |"]
            lines += [f"| {m.identifier} | {m.kind} | {cell(m.text)} |"
                      for m in sorted(mine, key=lambda m: m.identifier)]
            lines.append("")
    alive = {m.identifier for m in all_messages}
    gone = {i: t for i, t in {**used, **retired}.items() if i not in alive}
    lines += ["## Retired\n"]
    if gone:
        lines += ["| id | last text |", "| --- | --- |"] + [f"| {i} | {t} |" for i, t in sorted(gone.items())]
    else:
        lines += ["None."]
    return "\n".join(lines) + "\n"


def collect():
    everything, wrong = [], []
    for room, file in sources():
        path = file.relative_to(ROOT).as_posix()
        found, faults = messages_in(path, file.read_text(encoding="utf-8"))
        wrong += faults
        for m in found:
            m.room = room
        everything += found
    return everything, wrong


def give_identifiers(everything):
    used, retired = registered()
    taken = {m.identifier for m in everything if m.identifier} | set(used) | set(retired)
    places = {}
    for m in everything:
        if m.identifier is None:
            for room in numbers_of(m.room):
                number = max([int(i[3:]) for i in taken if i.startswith(f"F{room:02}")], default=0) + 1
                if number <= 99:
                    break
            else:
                sys.exit(f"{m.room}: all identifiers are taken: give the room a further number")
            m.identifier = f"F{room:02}{number:02}"
            taken.add(m.identifier)
            places.setdefault(m.path, []).append(m)
    for path, those in places.items():
        file = ROOT / path
        text = file.read_text(encoding="utf-8")
        for m in sorted(those, key=lambda m: -m.at):
            if text[m.at] == '"':
                text = text[:m.at + 1] + f"[{m.identifier}] " + text[m.at + 1:]
            elif text.startswith('std::string("', m.at):
                text = text[:m.at + 13] + f"[{m.identifier}] " + text[m.at + 13:]
            else:
                text = text[:m.at] + f'"[{m.identifier}] " + ' + text[m.at:]
        file.write_text(text, encoding="utf-8")
    return sum(len(those) for those in places.values())


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    everything, wrong = collect()
    if not sys.argv[1:]:
        given = give_identifiers(everything)
        everything, wrong = collect()
        PAGE.write_text(page_of(everything), encoding="utf-8")
        print(f"{given} identifiers given; docs/messages.md lists {len(everything)}")
    seen = {}
    for m in everything:
        place = f"{m.path}:{m.line}"
        if m.identifier is None:
            wrong.append(f"{place}: a message without an identifier: {m.text}")
        elif int(m.identifier[1:3]) not in numbers_of(m.room):
            wrong.append(f"{place}: {m.identifier} is not of the room {m.room}")
        elif m.identifier in seen:
            wrong.append(f"{place}: {m.identifier} is that of {seen[m.identifier]}")
        elif m.identifier in registered()[1]:
            wrong.append(f"{place}: {m.identifier} is retired")
        seen.setdefault(m.identifier, place)
    if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page_of(everything):
        wrong.append("docs/messages.md is not what would be written")
    if wrong:
        sys.exit("\n".join(wrong) + "\nrun tools/messages.py")
    print(f"{len(everything)} messages have identifiers of their own")


if __name__ == "__main__":
    main()
