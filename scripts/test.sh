#!/usr/bin/env bash
# Installs what is missing, builds and runs all tests; ends with CTest's summary.
#
#   scripts/test.sh [configure preset, otherwise release] [arguments for ctest]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=release
if [ $# -gt 0 ] && [[ $1 != -* ]]; then
    preset=$1
    shift
fi

scripts/setup.sh
if command -v ccache > /dev/null; then
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
cmake --preset "$preset"
cmake --build --preset "$preset" -j 2
if [ -z "${FITNAS_DATA_DIR:-}" ]; then
    echo "test: FITNAS_DATA_DIR is not set, tests on the NAS-Bench-Macro table are skipped"
fi
ctest --preset "$preset" -j 2 "$@"
