#!/usr/bin/env bash
# Builds the fuzz targets of the readers with clang, and runs each for some seconds on a copy of its corpus, two at a
# time, under address and undefined-behaviour sanitizers; what it finds stays in build/fuzz/found/.
#
#   scripts/fuzz.sh [seconds for each, otherwise 60] [targets, otherwise idx cifar images image_pack csv json safetensors]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-60}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    targets=(idx cifar images image_pack csv json safetensors)
fi

if command -v ccache > /dev/null; then
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
cmake --preset fuzz > /dev/null
cmake --build --preset fuzz -j 2
fuzz() {
    local target=$1 work=build/fuzz/corpus/$1 found=build/fuzz/found/$1
    mkdir -p "$work" "$found"
    cp -n tests/fuzz/corpus/"$target"/* "$work"/
    # 16 KiB of gzip become at most 16 MiB: no allocation may go far beyond that.
    build/fuzz/tests/fuzz/fuzz_"$target" -max_total_time="$seconds" -max_len=16384 -malloc_limit_mb=64 -timeout=10 \
        -artifact_prefix="$found/" -print_final_stats=1 "$work" 2> "$found/log" || {
        tail -n 60 "$found/log" >&2
        echo "fuzz: $target: found something, see $found" >&2
        return 1
    }
    echo "fuzz: $target for $seconds s:" $(grep -E "stat::(number_of_executed_units|peak_rss_mb)" "$found/log")
}
export -f fuzz
export seconds
printf '%s\n' "${targets[@]}" | xargs -P 2 -I '{}' bash -euo pipefail -c 'fuzz "$1"' _ '{}'
