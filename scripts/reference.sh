#!/usr/bin/env bash
# Makes the reference of all public names, build/reference/html/index.html, by Doxygen and doxygen-awesome-css. Fails
# where a name has no comment, a comment does not fit, or docs/reference/lists.md is not what the headers say.
#
#   scripts/reference.sh           make it
#   scripts/reference.sh --lists   write docs/reference/lists.md anew before
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
skipped=77
case ${1:-} in
"" | --lists) ;;
*)
    echo "usage: scripts/reference.sh [--lists]" >&2
    exit 2
    ;;
esac
style=/usr/share/doxygen-awesome-css/doxygen-awesome.css
command -v doxygen > /dev/null && command -v python3 > /dev/null && [ -f "$style" ] || {
    echo "reference: doxygen, doxygen-awesome-css or python3 is missing: scripts/setup.sh --docs installs them" >&2
    exit $skipped
}

rm -rf build/reference
mkdir -p build/reference
if [ "${1:-}" = --lists ]; then
    (cat docs/reference/Doxyfile && printf 'GENERATE_HTML = NO\nWARNINGS = NO\nWARN_AS_ERROR = NO\n') |
        doxygen - 2> /dev/null
    tools/lists.py
fi
doxygen docs/reference/Doxyfile
tools/lists.py --check
echo "build/reference/html/index.html"
