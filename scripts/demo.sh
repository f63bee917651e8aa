#!/usr/bin/env bash
# Installs what is missing, builds, and runs the whole pipeline on Fashion-MNIST: supernet, scores, GCN, search, training
# of the winner. At most 4 minutes in all on two cores. Results are also under out/demo/, as a page in report.html.
# Compiled for this machine; FITNAS_NATIVE=OFF CXXFLAGS=-march=x86-64-v3 scripts/demo.sh is for any with AVX2.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh --demo
mkdir -p build/demo
cmake -S . -B build/demo -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="-O2 -DNDEBUG" \
    -DFITNAS_BUILD_TESTS=OFF -DFITNAS_BUILD_BENCHMARKS=OFF -DFITNAS_INSTALL=OFF \
    -DFITNAS_NATIVE="${FITNAS_NATIVE:-ON}" > build/demo/configure.log 2>&1 || {
    cat build/demo/configure.log >&2
    exit 1
}
cmake --build build/demo --target example_900_fashion_mnist
export OPENBLAS_NUM_THREADS=1
exec build/demo/examples/example_900_fashion_mnist "$@"
