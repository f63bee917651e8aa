#!/usr/bin/env bash
# How many lines of the headers the tests run, by gcovr. Fails under 95 % of all; names each header below 95 %.
#
#   scripts/coverage.sh                 all rooms, and the program study, which the test study.cli runs
#   scripts/coverage.sh nn space        these tests alone, for these rooms' headers alone
#
# A line of a template counts once, and as run where any instantiation ran it. What no test instantiates has no lines.
# LINES=1 also lists the lines that did not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
least=95
rooms=("$@")
[ $# -gt 0 ] || rooms=(core nn cpu op space data supernet predictor search metrics io study)

command -v gcovr > /dev/null || scripts/setup.sh --coverage
if command -v ccache > /dev/null; then
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
cmake --preset coverage > /dev/null
targets=("${rooms[@]/#/test_}")
tests=("${rooms[@]}")
if [[ " ${rooms[*]} " == *" study "* ]]; then
    targets+=(study)
    tests+=("study\\.cli")
fi
cmake --build --preset coverage -j 2 --target "${targets[@]}"
find build/coverage -name '*.gcda' -delete
any=$(IFS="|" && echo "${tests[*]}")
ctest --preset coverage -R "^($any)\$"

filter="include/fitnas/"
[ $# -eq 0 ] || filter="include/fitnas/($(IFS="|" && echo "${rooms[*]}"))/"
list=build/coverage/lines.csv
details=()
[ -z "${LINES:-}" ] || details=(--txt build/coverage/lines.txt)
gcovr --root . --object-directory build/coverage --filter "$filter" --exclude-throw-branches -j 2 --csv "$list" \
    "${details[@]}" build/coverage
[ -z "${LINES:-}" ] || grep -v ' 100%' build/coverage/lines.txt

awk -F, -v least=$least '
NR > 1 {
    split($1, part, "/")
    total[part[3]] += $2
    run[part[3]] += $3
    all += $2
    all_run += $3
    if ($3 < least / 100 * $2) {
        below = below sprintf("below %d %%: %s, %d of %d lines\n", least, $1, $3, $2)
    }
}
function percent(some, of) { return sprintf("%5.1f %%, %d of %d lines", 100 * some / of, some, of) }
END {
    for (room in total) {
        printf "coverage: %-10s %s\n", room, percent(run[room], total[room]) | "sort"
    }
    close("sort")
    printf "%s", below
    printf "coverage: %-10s %s\n", "all", percent(all_run, all)
    exit all_run < least / 100 * all
}' "$list"
