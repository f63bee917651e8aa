#!/usr/bin/env bash
# A study by several processes: the same files as by one, whatever is shared out.
#
#   mpi.sh STUDY STUDY_OF_AN_MPI MPIRUN FOLDER
set -uo pipefail
study=$1 together=$2 mpirun=$3 folder=$4
rm -rf "$folder"
mkdir -p "$folder"
start=$(dirname "$0")/../mpi/start.sh
export OMP_NUM_THREADS=1
fail() {
    echo "mpi: $*" >&2
    exit 1
}

# Batches in two parts, so that one process trains as two do.
small=(--data synthetic --train-images 400 --validation-images 400 --score-images 100 --calibration 50 --epochs 2
    --batch 32 --parts 2 --learning-rate 0.05 --samples 30 --truth 6 --truth-epochs 1 --truth-seeds 2 --retrain-epochs 1
    --retrain-seeds 1 --plan close --folds 2 --error-folds 2 --error-seeds 2)
"$study" run --quick --out "$folder/one" "${small[@]}" > "$folder/one.txt" 2>&1 || fail "one process: $(cat "$folder/one.txt")"
timeout 300 "$start" "$mpirun" -n 2 "$together" run --quick --out "$folder/two" "${small[@]}" > "$folder/two.txt" 2>&1 ||
    fail "two processes: $(cat "$folder/two.txt")"
for file in supernet.safetensors training.csv architectures.csv scores.csv predictor.json predictions.csv held_out.csv \
    predictors.csv candidates.csv retrained.csv truth.csv error_scores.csv error_parts.csv error_ranking.csv; do
    cmp "$folder/one/$file" "$folder/two/$file" || fail "$file: not what one process comes to"
done
[ -s "$folder/two/report.html" ] || fail "there is no report"
[ "$(grep -c '^stage train' "$folder/two.txt")" -eq 1 ] || fail "processes speak together: $(cat "$folder/two.txt")"

# A network by itself is trained by one of them, or by all.
"$study" retrain --out "$folder/one" --retrain-together > "$folder/one.txt" 2>&1 || fail "$(cat "$folder/one.txt")"
timeout 300 "$start" "$mpirun" -n 2 "$together" retrain --out "$folder/two" --retrain-together > "$folder/two.txt" 2>&1 ||
    fail "two processes train together: $(cat "$folder/two.txt")"
cmp "$folder/one/retrained.csv" "$folder/two/retrained.csv" || fail "trained together: not what one process comes to"
[ -s "$folder/two/winner.safetensors" ] || fail "trained together: there is no winner"

# Done before, by whatever number of processes; one alone goes on where two were.
timeout 300 "$start" "$mpirun" -n 3 "$together" run --out "$folder/two" > "$folder/three.txt" 2>&1 ||
    fail "three processes: $(cat "$folder/three.txt")"
grep -q "evaluate: scores.csv, done before" "$folder/three.txt" || fail "$(cat "$folder/three.txt")"

# What one refuses all refuse, once.
code=0
timeout 60 "$start" "$mpirun" -n 2 "$together" run --out "$folder/two" --truth many > "$folder/wrong.txt" 2>&1 || code=$?
[ $code -ne 0 ] && [ $code -ne 124 ] || fail "a wrong option: left with $code"
[ "$(grep -c F1104 "$folder/wrong.txt")" -eq 1 ] || fail "a wrong option: $(cat "$folder/wrong.txt")"

# A stop of one process stops all, and the same command goes on.
timeout 120 "$start" "$mpirun" -n 2 "$together" train --out "$folder/stopped" --data synthetic --train-images 400 \
    --validation-images 400 --batch 32 --epochs 4000 \
    > "$folder/stopped.txt" 2>&1 &
job=$!
for ((i = 0; i < 600; ++i)); do
    [ -e "$folder/stopped/supernet.safetensors" ] && break
    sleep 0.1
done
pkill -TERM -n -f "$together train --out $folder/stopped"
wait $job
[ $? -ne 124 ] || fail "one process got SIGTERM, and the others went on"
grep -q "The same command goes on" "$folder/stopped.txt" || fail "a stop: $(cat "$folder/stopped.txt")"
echo "two processes come to the files of one"
