#!/usr/bin/env bash
# check.sh KIND SOURCE BUILD SCRATCH: builds and runs tests/package/main.cpp as a user would, who takes the library by
# KIND: find_package, add_subdirectory, pkg_config or meson. Reads CXX and CMAKE.
set -euo pipefail
kind=$1
source=$2
build=$3
scratch=$4
here=$(dirname "${BASH_SOURCE[0]}")
rm -rf "$scratch"
mkdir -p "$scratch"

install_to() {
    "$CMAKE" --install "$build" --prefix "$1" --component fitnas_development > /dev/null
}
build_with_cmake() {
    "$CMAKE" -S "$here" -B "$scratch/build" -G Ninja "$@" > "$scratch/log" || { cat "$scratch/log"; exit 1; }
    "$CMAKE" --build "$scratch/build"
    "$scratch/build/consumer"
    "$scratch/build/consumer_compiled"
    if "$CMAKE" --build "$scratch/build" --target other_vectors &> "$scratch/log" ||
        ! grep -q "undefined reference.*compiled_alike" "$scratch/log"; then
        echo "the linker must miss compiled_alike where a program and fitnas::compiled have other vectors"
        cat "$scratch/log"
        exit 1
    fi
}

case $kind in
add_subdirectory)
    build_with_cmake -DFITNAS_SOURCE_DIR="$source"
    ;;
find_package)
    install_to "$scratch/prefix"
    build_with_cmake -DCMAKE_PREFIX_PATH="$scratch/prefix"
    # Another minor version is another interface.
    sed 's/find_package(fitnas 0.1 /find_package(fitnas 0.0 /' "$here/CMakeLists.txt" > "$scratch/CMakeLists.txt"
    cp "$here/main.cpp" "$scratch"
    if "$CMAKE" -S "$scratch" -B "$scratch/other" -G Ninja -DCMAKE_PREFIX_PATH="$scratch/prefix" &> /dev/null; then
        echo "find_package(fitnas 0.0) must not find version 0.1"
        exit 1
    fi
    # Without C++ it is not found, and says why.
    sed 's/LANGUAGES CXX/LANGUAGES C/; s/main.cpp/main.c/' "$here/CMakeLists.txt" > "$scratch/CMakeLists.txt"
    if "$CMAKE" -S "$scratch" -B "$scratch/c" -G Ninja -DCMAKE_PREFIX_PATH="$scratch/prefix" &> "$scratch/log" ||
        ! grep -q "the project needs the language CXX" "$scratch/log"; then
        echo "find_package(fitnas) must say that a project in C needs C++"
        cat "$scratch/log"
        exit 1
    fi
    ;;
pkg_config)
    if ! command -v pkg-config > /dev/null; then
        echo "skipped: pkg-config is not installed"
        exit 77
    fi
    install_to "$scratch/prefix"
    export PKG_CONFIG_PATH="$scratch/prefix/share/pkgconfig"
    pkg-config --exists --print-errors 'fitnas >= 0.1'
    # shellcheck disable=SC2046 # the flags are words
    "$CXX" -std=c++20 "$here/main.cpp" -o "$scratch/consumer" $(pkg-config --cflags --libs fitnas)
    "$scratch/consumer"
    # shellcheck disable=SC2046
    "$CXX" -std=c++20 "$here/main.cpp" "$(pkg-config --variable=source fitnas-compiled)" -o "$scratch/consumer_compiled" \
        $(pkg-config --cflags --libs fitnas-compiled)
    "$scratch/consumer_compiled"
    ;;
meson)
    if ! command -v meson > /dev/null; then
        echo "skipped: meson is not installed"
        exit 77
    fi
    mkdir -p "$scratch/consumer/subprojects"
    cp "$here/main.cpp" "$here/meson/meson.build" "$scratch/consumer"
    ln -s "$source" "$scratch/consumer/subprojects/fitnas"
    meson setup "$scratch/build" "$scratch/consumer" > "$scratch/log" || { cat "$scratch/log"; exit 1; }
    meson compile -C "$scratch/build" > "$scratch/log" || { cat "$scratch/log"; exit 1; }
    "$scratch/build/consumer"
    "$scratch/build/consumer_compiled"
    # By itself it installs the headers and a .pc file.
    meson setup "$scratch/own" "$source" -Dtests=disabled --prefix=/usr > "$scratch/log" || { cat "$scratch/log"; exit 1; }
    DESTDIR="$scratch/installed" meson install -C "$scratch/own" > "$scratch/log" || { cat "$scratch/log"; exit 1; }
    test -f "$scratch/installed/usr/include/fitnas/space/cost.hpp"
    grep -q '^Version: [0-9]' "$scratch/installed/usr/share/pkgconfig/fitnas.pc"
    # shellcheck disable=SC2016 # pkg-config expands it
    grep -q '^source=${prefix}/share/fitnas/fitnas.cpp' "$scratch/installed/usr/share/pkgconfig/fitnas-compiled.pc"
    test -f "$scratch/installed/usr/share/fitnas/fitnas.cpp"
    ;;
*)
    echo "unknown kind $kind"
    exit 1
    ;;
esac
