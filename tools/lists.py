#!/usr/bin/env python3
"""Writes docs/reference/lists.md, what there is of each kind in one line each, from what Doxygen read in the headers.

    tools/lists.py            write it (scripts/reference.sh comes first: it makes build/reference/xml)
    tools/lists.py --check    fail where it is not what would be written
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/reference/lists.md"
XML = ROOT / "build/reference/xml"
ROOMS = ["op", "nn", "space", "data", "supernet", "predictor", "search", "metrics", "io", "study", "core", "cpu"]

HEAD = """# What there is

One line for each name. `tools/lists.py` writes this page from the headers; `scripts/reference.sh` makes the whole
reference, in which these names are links.

"""


def text_of(element):
    """The words of a description, in Markdown, in one line."""
    if element is None:
        return ""

    def walk(e):
        inner = (e.text or "") + "".join(walk(c) + (c.tail or "") for c in e)
        if e.tag in ("parameterlist", "simplesect", "programlisting", "itemizedlist"):
            return ""
        return f"`{inner}`" if e.tag == "computeroutput" else inner + " " * (e.tag == "para")

    return re.sub(r"\s+", " ", walk(element)).strip().replace("|", "\\|")


def words(element):
    return "".join(element.itertext()) if element is not None else ""


def sentence(text):
    if re.match("([a-z]{2,}|a)[ ,;:]", text):
        text = text[:1].upper() + text[1:]
    text = text.removesuffix(":")
    return text if not text or text.endswith(".") else text + "."


class Name:
    """A public name: a type, concept, function, typedef, enumeration or variable."""

    def __init__(self, element, kind, room):
        self.kind = kind
        self.room = room
        self.name = element.findtext("compoundname") or element.findtext("qualifiedname") or ""
        self.short = self.name.removeprefix("fitnas::")
        self.header = element.find("location").get("file")
        self.brief = text_of(element.find("briefdescription"))
        self.detail = text_of(element.find("detaileddescription"))
        self.note = " ".join(text_of(p) for s in element.iter("simplesect") if s.get("kind") == "note" for p in s)
        self.returns = " ".join(text_of(p) for s in element.iter("simplesect") if s.get("kind") == "return" for p in s)
        arguments = [(words(p.find("type")), words(p.find("declname")), words(p.find("defval")))
                     for p in element.findall("templateparamlist/param")]
        # Of templates over numbers: `<Kernel, Expansion, Reduction = 0>`.
        self.numbers = ", ".join((name or kind.split()[-1]) + (f" = {default}" if default else "")
                                 for kind, name, default in arguments) if any(a[0] == "int" for a in arguments) else ""
        self.members = [Member(m) for m in element.iter("memberdef") if m.get("kind") == "variable"
                        and m.get("prot") == "public" and m.get("static") == "no"] if kind == "struct" else []
        self.statics = {m.findtext("name") for m in element.iter("memberdef") if m.get("static") == "yes"}
        self.values = [(v.findtext("name"),
                        text_of(v.find("briefdescription")) or text_of(v.find("detaileddescription")))
                       for v in element.findall("enumvalue")]

    def says(self):
        return self.brief or ("It gives " + self.returns if self.returns else self.detail)


class Member:
    def __init__(self, element):
        self.name = element.findtext("name")
        self.default = re.sub(r"^\s*=\s*", "", words(element.find("initializer")))
        self.says = text_of(element.find("briefdescription"))
        detail = text_of(element.find("detaileddescription"))
        self.says = (self.says + " " + detail).strip()


def read_names():
    names = []
    for room in ROOMS:
        group = ElementTree.parse(XML / f"group__{room}.xml").getroot()
        for inner in group.iter("innerclass"):
            file = ElementTree.parse(XML / f"{inner.get('refid')}.xml").getroot()
            names.append(Name(file.find("compounddef"), "struct", room))
        names += [Name(m, m.get("kind"), room) for m in group.iter("memberdef")]
    for path in sorted(XML.glob("concept*.xml")):
        names.append(Name(ElementTree.parse(path).getroot().find("compounddef"), "concept", ""))
    # Specialisations go with what they specialise.
    return [n for n in names if "<" not in n.name]


def link(header):
    return f"[{header.removeprefix('fitnas/')}](../../include/{header})"


def table(names, with_note=False):
    out = ["| name | what it is | " + ("stride 2, another width | " if with_note else "") + "header |",
           "| --- | --- | " + ("--- | " if with_note else "") + "--- |"]
    def is_second(n): # of overloads, those that lean on another, or stand in another concept's header
        return (bool(re.match("The same|Refuses", n.says())) or "see below" in n.says(),
                n.short.split("::")[-1] != pathlib.PurePath(n.header).stem)

    chosen = {}
    for n in names:
        if n.short not in chosen or is_second(n) < is_second(chosen[n.short]):
            chosen[n.short] = n
    for n in chosen.values():
        what = sentence(n.says())
        if not what or with_note and not n.note:
            sys.exit(f"{n.header}: {n.name} has no line for the lists: give it a @brief" + " and a @note" * with_note)
        numbers = f" `<{n.numbers}>`" if n.kind == "struct" and n.numbers else ""
        out.append(f"| `{n.name}`{numbers} | {what} | " + (f"{n.note} | " if with_note else "") + f"{link(n.header)} |")
    return out


def page(names):
    kinds = {"struct": [], "concept": [], "function": [], "typedef": [], "enum": [], "variable": []}
    for n in names:
        kinds[n.kind].append(n)
    structs, functions = kinds["struct"], kinds["function"]

    def under(scope, of):
        return [n for n in of if n.short.startswith(scope + "::")]

    def is_options(n):
        return n.short.endswith(("_options", "_settings")) or n.short in ("augmentation",)

    out = []

    def section(title, rows, above=""):
        out.extend([f"## {title}", ""] + ([above, ""] if above else []) + rows[:len(rows) - (rows[-1] == "")] + [""])

    section("Operators", table(under("op", structs), True),
            "What stands in an `operator_set`. Any type with a `name` and a `build` is one (`fitnas::candidate_operator`).")
    section("Primitives", table([n for n in functions if n.header == "fitnas/nn/primitive.hpp"]),
            "What recipes are made of. `width` is the channels that go out; where a stride is given, every stride-th pixel of "
            "each direction goes out, rounded up. The others keep the shape but for `fitnas::global_pool`.")
    section("Parts of a space", table([n for n in structs if n.header in (
        "fitnas/space/parts.hpp", "fitnas/space/operator_set.hpp", "fitnas/space/cell_graph.hpp",
        "fitnas/space/search_space.hpp", "fitnas/space/codes.hpp") and not n.short.startswith("detail")]))
    section("Ready-made spaces", table(under("spaces", structs) + under("spaces", kinds["typedef"])))
    section("Costs and limits", table(under("cost", functions) + [n for n in functions if n.short == "measure_latency"]
                                      + [n for n in structs if n.short in ("named_cost", "latency_table", "cost::limit")]))
    section("Features", table(under("feature", structs)), "What a node of a graph carries.")
    section("Encodings", table([n for n in under("encoding", structs)
                                if n.short not in ("encoding::edge", "encoding::window_forms")]
                               + [n for n in kinds["typedef"] if n.short == "default_encoding"]))
    section("Layers", table([n for n in under("gcn", structs) if "works_on" in n.statics]), "Of a `fitnas::gcn::model`.")
    section("Predictors", table([n for n in structs + kinds["typedef"] if n.room == "predictor" and n.short in (
        "fitted", "ensemble", "ridge", "cost_baseline", "dense_table", "windows", "window_sum", "two_fidelity_predictor",
        "default_predictor", "default_model")]
        + [n for n in functions if n.room == "predictor" and re.match("fit|distil|cross_validate|choose_plan", n.short)]))
    section("Losses", table([n for n in functions if n.header.startswith("fitnas/nn/") and "loss" in n.short
                             or n.short in ("cross_entropy", "evaluate_loss")]),
            "Those of predictors are values of `fitnas::loss`, below.")
    section("Optimisers and schedules", table([n for n in structs if n.header in (
        "fitnas/nn/sgd.hpp", "fitnas/nn/adam.hpp", "fitnas/nn/schedule.hpp") and not is_options(n)]))
    section("Training and scoring", table([n for n in functions if n.room == "supernet"]
                                          + [n for n in structs if n.short in ("supernet", "network", "classifier")]))
    section("Searches", table([n for n in under("search", functions)]
                              + [n for n in structs if n.short == "search::table"]))
    section("Metrics", table([n for n in functions if n.room == "metrics"]))
    section("Data sets and readers of images", table([n for n in functions if n.room == "data" and re.match(
        "datasets::|read_|decode_|make_image|split$|subset$|stratified", n.short)]))
    section("Readers and writers of files", table([n for n in functions if n.room == "io" and re.search(
        "read_|write_|load_|save_|from_json|to_json", n.short)]))
    section("What is yours to write", table(kinds["concept"]),
            "Concepts: a type of yours that models one goes where the library's own go.")

    rows = []
    for n in kinds["enum"]:
        if n.room != "core" and n.short not in ("primitive_kind", "tensor_type", "window_fault", "gcn::window_action"):
            rows += [f"`{n.name}`, {link(n.header)}: {sentence(n.says())}", "", "| value | |", "| --- | --- |"]
            rows += [f"| `{value}` | {sentence(says)} |" for value, says in n.values] + [""]
    section("Choices", rows)

    rows = []
    for n in sorted((n for n in structs if is_options(n)), key=lambda n: n.name):
        rows += [f"### {n.short}", "", f"`{n.name}`, {link(n.header)}. {sentence(n.brief or n.detail)}", "",
                 "| option | default | |", "| --- | --- | --- |"]
        for m in n.members:
            default = f"`{m.default}`" if m.default not in ("", "{}") else ""
            rows.append(f"| `{m.name}` | {default} | {sentence(m.says)} |")
        rows.append("")
    section("Options", rows, "Aggregates: `{.epochs = 4, .batch = 64}` sets two and leaves the others.")
    section("Errors", table([n for n in structs if n.header == "fitnas/core/error.hpp" or n.short.startswith("interrupted")]))
    return HEAD + "\n".join(out).rstrip("\n") + "\n"


def main():
    if not XML.is_dir():
        sys.exit("tools/lists.py: build/reference/xml is not there: run scripts/reference.sh first")
    wanted = page(read_names())
    if sys.argv[1:] == ["--check"]:
        if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != wanted:
            sys.exit("docs/reference/lists.md is not what the headers say: run tools/lists.py")
        print("docs/reference/lists.md is what the headers say")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        PAGE.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
