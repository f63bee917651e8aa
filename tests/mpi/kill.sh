#!/usr/bin/env bash
# One process of a training that several do is killed at a random moment, or gets a signal that asks it to stop: all end
# within 30 s, and another number of processes goes on from the checkpoint. It is always the same hash in the end.
#
#   tests/mpi/kill.sh PROGRAM KILLS MPIRUN [OPTION...]     PROGRAM: of tests/mpi/together.cpp
set -u
program=$1 kills=$2
shift 2
mpirun=("$(dirname "$0")/start.sh" "$@")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
RANDOM=20201121

fail() {
    echo "kill: $*" >&2
    exit 1
}
now() { date +%s%N; }
# Starts a training by so many processes, and returns when process `rank` has begun.
start() {
    "${mpirun[@]}" -n "$1" "$program" --keep "$file" > "$file.out" 2>&1 &
    job=$!
    while [ ! -s "$file.$rank" ] && kill -0 "$job" 2> /dev/null; do
        sleep 0.01
    done
}

"${mpirun[@]}" -n 1 "$program" --keep "$folder/whole" || fail "a training by one process failed"
expected=$(cat "$folder/whole.hash")
file=$folder/two rank=0
start 2
from=$(now)
wait "$job" || fail "a training by two processes failed: $(cat "$file.out")"
length=$((($(now) - from) / 1000000)) # milliseconds
[ "$(cat "$folder/two.hash")" = "$expected" ] || fail "two processes come to another hash than one"

killed=0 before=0 over=0
counts=(2 4 1)
while [ "$killed" -lt "$kills" ]; do
    [ "$over" -lt "$((kills + 10))" ] || fail "most trainings were over before they could be killed"
    file=$folder/$((killed + over))
    count=${counts[$((RANDOM % 2))]} # 2 or 4
    rank=$((RANDOM % count))
    signal=KILL
    [ $((RANDOM % 3)) -ne 0 ] || signal=TERM
    start "$count"
    sleep "$(printf '%d.%03d' $((length * RANDOM / 32768 / 1000)) $((length * RANDOM / 32768 % 1000)))"
    if ! kill -$signal "$(cat "$file.$rank")" 2> /dev/null; then
        wait "$job" || fail "a training failed: $(cat "$file.out")"
        over=$((over + 1))
    else
        killed=$((killed + 1))
        [ -e "$file" ] || before=$((before + 1))
        at=$(now)
        for ((i = 0; i < 300; ++i)); do
            kill -0 "$job" 2> /dev/null || break
            sleep 0.1
        done
        ! kill -0 "$job" 2> /dev/null || fail "rank $rank of $count got SIG$signal, and the others still run after 30 s"
        if wait "$job" && [ "$(cat "$file.hash" 2> /dev/null)" != "$expected" ]; then
            fail "rank $rank of $count got SIG$signal, and the job ended as if nothing had happened: $(cat "$file.out")"
        fi
        took=$((($(now) - at) / 1000000))
        [ "$took" -le "${slowest:-0}" ] || slowest=$took
        again=${counts[$((RANDOM % 3))]}
        "${mpirun[@]}" -n "$again" "$program" --keep "$file" > "$file.out" 2>&1 || fail "cannot go on: $(cat "$file.out")"
    fi
    [ "$(cat "$file.hash")" = "$expected" ] || fail "another hash, $(cat "$file.hash"), than without a kill, $expected"
    rm -f "$file"*
done
echo "ended $killed times by a signal to one process, $before before the first save, after ${slowest:-0} ms at most;" \
    "$over were over before; always the hash $expected"
