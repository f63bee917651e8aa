#!/usr/bin/env python3
"""Fails where a page links to a file of the project that is not there, or to a place that the page does not have.

    tools/check_links.py   say which link in which page, or that all lead somewhere
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.S | re.M)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchor(heading):
    """What GitHub makes of a heading: small letters, digits and hyphens."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip()).replace("`", "").lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.S | re.M)
    return {anchor(h) for h in re.findall(r"^#+ (.*)$", text, re.M)} | set(re.findall(r'<a id="([^"]*)"', text))


def faults(page):
    for link in LINK.findall(CODE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):  # of the web
            continue
        path, _, name = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            yield f"{page.relative_to(ROOT)}: {link}: no such file"
        elif name and target.suffix == ".md" and name not in anchors(target):
            yield f"{page.relative_to(ROOT)}: {link}: no such place"


pages = [p for p in sorted(ROOT.rglob("*.md"))
         if "build" not in p.relative_to(ROOT).parts and "node_modules" not in p.parts]
wrong = [fault for page in pages for fault in faults(page)]
print("\n".join(wrong) if wrong else f"links of {len(pages)} pages lead somewhere")
sys.exit(bool(wrong))
