#!/usr/bin/env bash
# check.sh FLAGS PYTHON TEMPLATE COMPILER: compiles the samples of one file of tests/docs; see tools/samples.py.
set -euo pipefail
flags=$1
python=$2
template=$3
compiler=$4
code=$(mktemp --suffix=.cpp)
trap 'rm -f "$code"' EXIT
"$python" "$(dirname "${BASH_SOURCE[0]}")/../../tools/samples.py" "$template" > "$code"
"$compiler" "@$flags" -DFITNAS_SEPARATE_COMPILATION -w -fsyntax-only "$code"
