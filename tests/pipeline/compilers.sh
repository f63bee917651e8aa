#!/usr/bin/env bash
# compilers.sh PROGRAM COMPILER FLAGS_FILE SOURCE [flag...]: test_pipeline gives the same numbers, to the last digit, as
# when another compiler makes it, at another level of optimisation and of the headers alone; the flags keep both from
# fusing multiplications and additions by themselves. The other is clang where COMPILER is g++ and g++ elsewhere; without
# it the test is skipped.
set -euo pipefail
program=$1
compiler=$2
flags_file=$3
source=$4
shift 4
other=clang++
if "$compiler" --version | grep -q clang; then
    other=g++
fi
if ! command -v "$other" > /dev/null; then
    echo "skipped: there is no $other"
    exit 77
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$other" "@$flags_file" -UFITNAS_HAS_ZLIB -UFITNAS_HAS_JPEG -UFITNAS_HAS_PNG -O2 "$@" "$source" -o "$scratch/other" -lopenblas
"$program" --values 4 > "$scratch/values"
"$scratch/other" --values 4 | cmp "$scratch/values"
echo "$compiler and $other: $(wc -l < "$scratch/values") numbers, all the same"
