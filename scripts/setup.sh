#!/usr/bin/env bash
# Installs what is missing on Debian 12, as root or through sudo. Does nothing where all is there.
#
#   scripts/setup.sh               what building and testing needs
#   scripts/setup.sh --demo        only what scripts/demo.sh needs
#   scripts/setup.sh --ci          also the second compiler, Meson, the formatter, a browser, ONNX, PyTorch, Doxygen, Open
#                                  MPI, MPICH and the locale de_DE.UTF-8
#   scripts/setup.sh --docs        what scripts/reference.sh needs
#   scripts/setup.sh --coverage    what scripts/coverage.sh needs
#   scripts/setup.sh --benchmarks  what the benchmarks need, with LibTorch to compare with
set -euo pipefail

mode=${1:-}
packages=(g++ cmake ninja-build libxtensor-dev libxtensor-blas-dev libopenblas-dev zlib1g-dev libjpeg62-turbo-dev
    libpng-dev nlohmann-json3-dev dataset-fashion-mnist)
case $mode in
"") packages+=(doctest-dev pkg-config libcli11-dev libjs-chart.js libprotozero-dev) ;;
--demo) packages+=(libjs-chart.js) ;;
--ci)
    packages+=(doctest-dev pkg-config libcli11-dev libjs-chart.js libbenchmark-dev clang clang-format libomp-14-dev
        libclang-rt-14-dev meson python3 chromium locales libprotozero-dev python3-onnx python3-torch nodejs npm
        doxygen doxygen-awesome-css libopenmpi-dev openmpi-bin libmpich-dev mpich)
    ;;
--docs) packages=(doxygen doxygen-awesome-css python3) ;;
--coverage) packages+=(doctest-dev pkg-config libcli11-dev libjs-chart.js gcovr libprotozero-dev) ;;
--benchmarks) packages+=(doctest-dev pkg-config libcli11-dev libbenchmark-dev libtorch-dev libjemalloc2) ;;
*)
    echo "usage: scripts/setup.sh [--demo | --ci | --docs | --coverage | --benchmarks]" >&2
    exit 2
    ;;
esac

# A tool may be there without its package.
declare -A tool=([g++]=g++ [cmake]=cmake [ninja-build]=ninja [pkg-config]=pkg-config [clang]=clang++
    [clang-format]=clang-format [meson]=meson [python3]=python3
    [chromium]=chromium [doxygen]=doxygen [nodejs]=node [npm]=npm)
as_root=()
become_root() {
    if [ "$(id -u)" -ne 0 ]; then
        as_root=(sudo)
        command -v sudo > /dev/null || {
            echo "setup: run as root, or install sudo" >&2
            exit 1
        }
    fi
}
# The tests run once in a locale that writes numbers in another way.
make_locale() {
    if [ "$mode" != --ci ] || locale -a | grep -i '^de_DE\.utf-\?8$' > /dev/null; then
        return
    fi
    become_root
    echo "setup: making the locale de_DE.UTF-8"
    "${as_root[@]}" localedef -i de_DE -f UTF-8 de_DE.UTF-8
}
# ONNX Runtime, whose library comes in the package itself; the scripts of its installation would fetch another.
get_onnx_runtime() {
    local place
    place=$(dirname "${BASH_SOURCE[0]}")/../tests/export
    if [ "$mode" != --ci ] || [ -d "$place/node_modules/onnxruntime-node" ]; then
        return
    fi
    echo "setup: getting ONNX Runtime from npm"
    npm install --ignore-scripts --no-audit --no-fund --no-package-lock --prefix "$place" > /dev/null ||
        echo "setup: npm cannot get it, the test export.onnx_runtime will be skipped"
}

missing=()
for package in "${packages[@]}"; do
    if [ -n "${tool[$package]:-}" ] && command -v "${tool[$package]}" > /dev/null; then
        continue
    fi
    if [ "$(dpkg-query -W -f '${Status}' "$package" 2> /dev/null)" != "install ok installed" ]; then
        missing+=("$package")
    fi
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "setup: all ${#packages[@]} packages are there"
    make_locale
    get_onnx_runtime
    exit 0
fi

echo "setup: installing ${missing[*]}"
if ! command -v apt-get > /dev/null; then
    echo "setup: there is no apt-get here; install the same by hand" >&2
    exit 1
fi
become_root
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q "$@" > "$log" 2>&1
}
apt update || echo "setup: apt-get update failed, trying with the lists that are there"
apt install --no-install-recommends "${missing[@]}" || {
    cat "$log" >&2
    exit 1
}
make_locale
get_onnx_runtime
echo "setup: done"
