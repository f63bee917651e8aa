#!/usr/bin/env bash
# Tries the tests: makes the faults of tests/mutation/faults.txt one by one, each in a copy of its header, compiles and
# runs the test that is named there, and demands that it fails; and that it passes without the fault.
#
#   scripts/mutations.sh [numbers, otherwise all]
#   scripts/mutations.sh --check   only that the faults can still be made, each old text is there once, and that the
#                                  table in tests/README.md has them all
#   scripts/mutations.sh --table   that table
#
# JOBS=1 compiles one at a time instead of two.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
list=tests/mutation/faults.txt

# --- The list. --------------------------------------------------------------------------------------------------------

declare -A title file old new test cases
numbers=()
stale=0
complain() {
    echo "mutations: $*" >&2
    stale=1
}
number=""
while IFS= read -r line || [ -n "$line" ]; do
    key=${line%% *}
    text=${line#* }
    case $key in
    "" | "#") ;;
    file) file[$number]=$text ;;
    old) old[$number]=$text ;;
    new) new[$number]=$text ;;
    test) test[$number]=$text ;;
    cases) cases[$number]=$text ;;
    *)
        number=$key
        title[$number]=$text
        numbers+=("$number")
        [ "$number" = ${#numbers[@]} ] || complain "$list: \"$line\": expected the number ${#numbers[@]}"
        ;;
    esac
done < "$list"

row() {
    echo "| $1 | ${title[$1]} | \`${file[$1]}\` | \`${test[$1]}\`: ${cases[$1]//\*/...} |"
}
if [ "${1:-}" = --table ]; then
    for n in "${numbers[@]}"; do
        row "$n"
    done
    exit 0
fi

for n in "${numbers[@]}"; do
    header=include/fitnas/${file[$n]:-}
    if [ -z "${old[$n]:-}" ] || [ -z "${new[$n]:-}" ] || [ -z "${cases[$n]:-}" ]; then
        complain "fault $n: one of file, old, new, test, cases is missing"
    elif [ ! -f "$header" ] || [ ! -f "tests/${test[$n]:-}" ]; then
        complain "fault $n: there is no $header, or no tests/${test[$n]:-}"
    else
        found=$(grep -oF -- "${old[$n]}" "$header" | wc -l) || true
        [ "$found" -eq 1 ] || complain "fault $n: expected once in $header, found $found times: ${old[$n]}"
        name=${cases[$n]//\*/}
        grep -qF -- "$name" "tests/${test[$n]}" || complain "fault $n: tests/${test[$n]} has no case \"${cases[$n]}\""
        grep -qxF -- "$(row "$n")" tests/README.md || complain "fault $n: tests/README.md has another: $(row "$n")"
    fi
done
if [ $stale -ne 0 ]; then
    echo "mutations: $list is older than the code" >&2
    exit 1
fi
if [ "${1:-}" = --check ]; then
    echo "${#numbers[@]} faults can be made"
    exit 0
fi
if [ $# -gt 0 ]; then
    numbers=("$@")
    for n in "$@"; do
        [ -n "${title[$n]:-}" ] || {
            echo "mutations: there is no fault $n" >&2
            exit 2
        }
    done
fi

# --- Tests with and without faults. -----------------------------------------------------------------------------------

export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=2 OMP_WAIT_POLICY=passive
compiler=(g++ -std=c++20 -O1 -march=native -fopenmp -DFITNAS_HAS_ZLIB=1 "-DFITNAS_TEST_DIR=\"$PWD/tests\"")
if command -v ccache > /dev/null; then
    compiler=(ccache "${compiler[@]}")
fi
work=build/mutations
mkdir -p "$work"
"${compiler[@]}" -Iinclude -c tests/main.cpp -o "$work/main.o"

# build FOLDER TEST: FOLDER/test, of headers that stand in FOLDER before those in include/.
build() {
    "${compiler[@]}" "-I$1" -Iinclude -c "tests/$2" -o "$1/test.o" > "$1/log" 2>&1 &&
        "${compiler[@]}" "$1/test.o" "$work/main.o" -o "$1/test" -lopenblas -lz >> "$1/log" 2>&1
}
# run PROGRAM CASES LOG: leaves with 0 where all cases pass, 1 where doctest says that one fails.
run() {
    timeout 600 "$1" -tc="$2" > "$3" 2>&1
}

# Says what became of fault N.
try() {
    local n=$1
    local folder=$work/$n status=0 text
    rm -rf "$folder"
    mkdir -p "$folder/fitnas/$(dirname "${file[$n]}")"
    if ! run "$work/good/${test[$n]%.cpp}/test" "${cases[$n]}" "$folder/good.log" ||
        ! grep -Eq 'test cases: +[1-9]' "$folder/good.log"; then
        echo "fails without the fault, see $folder/good.log"
        return
    fi
    text=$(cat "include/fitnas/${file[$n]}")
    printf '%s\n' "${text/"${old[$n]}"/"${new[$n]}"}" > "$folder/fitnas/${file[$n]}"
    if ! build "$folder" "${test[$n]}"; then
        echo "does not compile, see $folder/log"
        return
    fi
    run "$folder/test" "${cases[$n]}" "$folder/test.log" || status=$?
    case $status in
    0) echo "missed" ;;
    1) echo "caught" ;;
    *) echo "ends with $status instead of a failed check, see $folder/test.log" ;;
    esac
    rm -f "$folder/test" "$folder/test.o"
}

# Each test once as it is, JOBS at a time; then the faults.
jobs_at_once=${JOBS:-2}
running=0
start() {
    if [ "$running" -ge "$jobs_at_once" ]; then
        wait -n || true
        running=$((running - 1))
    fi
    "$@" &
    running=$((running + 1))
}
declare -A built
for n in "${numbers[@]}"; do
    if [ -z "${built[${test[$n]}]:-}" ]; then
        built[${test[$n]}]=1
        folder=$work/good/${test[$n]%.cpp}
        mkdir -p "$folder"
        rm -f "$folder/test"
        start build "$folder" "${test[$n]}"
    fi
done
wait
running=0
attempt() { try "$1" > "$work/$1.result"; }
for n in "${numbers[@]}"; do
    start attempt "$n"
done
wait

caught=0
for n in "${numbers[@]}"; do
    result=$(cat "$work/$n.result")
    [ "$result" != caught ] || caught=$((caught + 1))
    printf '%3s %-8s %s (%s; %s)\n' "$n" "$result" "${title[$n]}" "${file[$n]}" "${test[$n]}"
done
echo "$caught caught, $((${#numbers[@]} - caught)) missed"
[ "$caught" -eq ${#numbers[@]} ]
