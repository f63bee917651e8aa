#!/usr/bin/env bash
# One process of so many threads against as many processes of one thread, in turns: medians, and their ratio.
#
#   benchmarks/bench_mpi.sh BENCH_MPI MPIRUN WHAT [NUMBER] [ROUNDS] [PROCESSES]
set -euo pipefail
program=$1 mpirun=$2 what=$3 number=${4:-24} rounds=${5:-5} processes=${6:-2}
export OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=passive
start=$(dirname "$0")/../tests/mpi/start.sh
seconds() {
    OMP_NUM_THREADS=$2 "$start" "$mpirun" -n "$1" "$program" "$what" "$number" | tee -a "$log" |
        sed 's/.*"seconds": \([0-9.]*\).*/\1/'
}
log=$(mktemp)
one=() several=()
for ((i = 0; i < rounds; ++i)); do
    one+=("$(seconds 1 "$processes")")
    several+=("$(seconds "$processes" 1)")
done
median() { printf '%s\n' "$@" | sort -g | sed -n "$((($# + 1) / 2))p"; }
tail -n 2 "$log"
rm -f "$log"
a=$(median "${one[@]}") b=$(median "${several[@]}")
echo "$what: one process of $processes threads $a s, $processes processes of one $b s: $(awk "BEGIN { printf \"%.3f\", $a / $b }")"
