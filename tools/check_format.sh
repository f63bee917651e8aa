#!/usr/bin/env bash
# Fails where a source file is not formatted as .clang-format says; --fix formats them. Needs clang-format 14, since
# other versions format differently; where it is missing, says so and leaves with 77 (CTest: skipped).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

formatter=""
for candidate in clang-format-14 clang-format; do
    if command -v "$candidate" > /dev/null && "$candidate" --version | grep -q 'version 14\.'; then
        formatter=$candidate
        break
    fi
done
if [ -z "$formatter" ]; then
    echo "check_format: skipped, clang-format 14 is not installed"
    exit 77
fi
folders=()
for folder in include tests examples benchmarks; do
    if [ -d "$folder" ]; then
        folders+=("$folder")
    fi
done
mapfile -t files < <(find "${folders[@]}" -name '*.hpp' -o -name '*.cpp' | sort)
if [ "${1:-}" = --fix ]; then
    "$formatter" -i "${files[@]}"
else
    wrong=$("$formatter" --dry-run -Werror "${files[@]}" 2>&1 | sed -n 's/:[0-9]*:[0-9]*: error:.*//p' | sort -u || true)
    if [ -n "$wrong" ]; then
        echo "check_format: not formatted as .clang-format says (tools/check_format.sh --fix):"
        echo "$wrong"
        exit 1
    fi
    echo "check_format: ${#files[@]} files are formatted"
fi
