#!/usr/bin/env bash
# run.sh MPIRUN PROGRAM: what 1, 2, 3 and 4 processes come to must be what one without MPI does.
set -euo pipefail
mpirun=$1
program=$2
start=$(dirname "$0")/start.sh
expected=$(OMP_NUM_THREADS=2 "$program" --alone)
for processes in 1 2 3 4; do
    threads=$((processes % 2 + 1))
    export MPIR_CVAR_NOLOCAL=$((processes == 3)) # of MPICH: as if each was on a machine of its own
    code=0
    got=$(OMP_NUM_THREADS=$threads timeout 60 "$start" "$mpirun" -n "$processes" "$program") || code=$?
    if [ $code -ne 0 ] || [ "$got" != "$expected" ]; then
        echo "$processes processes of $threads threads ended with $code (124: not within a minute), and came to"
        echo "$got"
        echo "where one without MPI came to"
        echo "$expected"
        exit 1
    fi
done
