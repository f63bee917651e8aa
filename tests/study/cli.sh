#!/usr/bin/env bash
# The program `study` from outside: help, wrong options, a whole run, going on after a stop, tables of one's own.
#
#   cli.sh PROGRAM FOLDER
set -uo pipefail
study=$1
folder=$2
# shellcheck source=tests/study/expect.sh
. "$(dirname "${BASH_SOURCE[0]}")/expect.sh"

for stage in train sample evaluate fit search retrain truth fidelities error segments report run; do
    expect 0 --out "$study" $stage --help
    expect 0 "^  $stage " "$study" --help
done
expect 0 --error-folds "$study" error --help
expect 2 "not expected: --foo" "$study" train --foo
expect 2 "subcommand is required" "$study"
expect 2 "bake\|subcommand" "$study" bake
expect 2 "space" "$study" run --space moon --out "$folder/wrong"
expect 2 "epochs" "$study" train --epochs 0 --out "$folder/wrong"
expect 2 "epochs" "$study" train --epochs many --out "$folder/wrong"
expect 2 "data is needed" "$study" train --out "$folder/wrong"
expect 2 "cifar10:DIR" "$study" train --data moon:/x --out "$folder/wrong"
expect 2 "number of networks" "$study" truth --data synthetic --truth some --out "$folder/wrong"
expect 1 "no-such-folder" "$study" train --data fashion-mnist:/no-such-folder --out "$folder/wrong"
expect 1 "\"fit\" writes it" "$study" search --out "$folder/wrong"

small=(--data synthetic --train-images 400 --validation-images 400 --score-images 100 --calibration 50 --epochs 2
    --learning-rate 0.05 --samples 30 --truth 12 --truth-epochs 1 --truth-seeds 2 --retrain-epochs 1 --retrain-seeds 1
    --plan close --folds 2 --error-folds 2 --error-seeds 2)
expect 0 "report: $folder/run/report.html" "$study" run --quick --out "$folder/run" "${small[@]}"
for file in supernet.safetensors training.csv architectures.csv scores.csv predictor.json predictions.csv held_out.csv \
    predictors.csv candidates.csv front.csv retrained.csv truth.csv error_scores.csv error_parts.csv error_ranking.csv \
    ranking.csv report.html charts/ranking.csv manifest.json; do
    [ -s "$folder/run/$file" ] || fail "run: there is no $file"
done
grep -q "What was found" "$folder/run/report.html" || fail "the page does not begin with what was found"
grep -q "minus the loss" "$folder/run/report.html" || fail "the page does not say in which unit scores are"
expect 0 "truth.csv, done before" "$study" run --out "$folder/run"
expect 2 "F1104" "$study" run --truth many --out "$folder/run"
expect 2 "257" "$study" sample --samples 257 --out "$folder/run"
expect 0 "truth.csv, done before" "$study" run --out "$folder/run" # with the options from before both
grep -q "evaluate: scores.csv, done before" "$folder/said" || fail "run: a refused command is remembered"
expect 2 "give another folder" "$study" run --space fashion_mini --out "$folder/run"

# Stopped at any time, the same command goes on to the same files.
"$study" run --quick --out "$folder/stopped" "${small[@]}" > "$folder/said" 2>&1 &
pid=$!
for stop in training.csv truth_runs.csv error_scores.csv; do
    for _ in $(seq 600); do
        [ -e "$folder/stopped/$stop" ] && break
        sleep 0.05
    done
    kill -KILL $pid 2> /dev/null
    wait $pid 2> /dev/null
    "$study" run --out "$folder/stopped" > "$folder/said" 2>&1 &
    pid=$!
done
wait $pid || fail "going on: $(cat "$folder/said")"
for file in training.csv scores.csv predictions.csv truth_runs.csv retrained_runs.csv error_scores.csv error_parts.csv; do
    cmp "$folder/run/$file" "$folder/stopped/$file" || fail "$file differs after a stop"
done

# Tables of one's own.
{
    echo arch,score
    for a in 0 1 2 3; do for b in 0 1 2 3; do for c in 0 1; do echo "$a$b$c$a,0.$a$b$c"; done; done; done
} > "$folder/own.csv"
expect 0 predictions.csv "$study" fit --scores "$folder/own.csv" --folds 2 --out "$folder/own"
expect 0 candidates.csv "$study" search --out "$folder/own"
expect 0 candidates.csv "$study" search --table "$folder/own.csv" --macs-share 1 --out "$folder/own"
grep -q '^3313,0.331,' "$folder/own/candidates.csv" || fail "search --table: the best is not the first"
expect 0 truth.csv "$study" truth --truth-table "$folder/own.csv" --out "$folder/own"
expect 1 "own.csv" "$study" truth --truth-table "$folder/own.csv" --truth-column mean --out "$folder/own"

# A stage depends on what files hold, not on how their paths are spelt: a table is looked at where it is read.
tiny=(--samples 12 --plan close --folds 2 --train-images 64 --validation-images 60 --epochs 1 --batch 32 --score-images 40
    --calibration 16 --truth none --finalists 0 --error-seeds 0)
in_folder() { (cd "$folder" && "$study" "$@"); }
mine() { sed "s/,0\\./,$1./" "$folder/own.csv" > "$folder/scores.csv"; }
table=(run --out tables --data synthetic "${tiny[@]}" --scores scores.csv --truth-table scores.csv)
mine 0
expect 0 "stage fit: predictor.json" in_folder "${table[@]}"
expect 0 "fit: .*done before" in_folder run --out tables --scores "$folder/scores.csv" --truth-table ./scores.csv
mine 7
expect 0 "stage fit: .* in " in_folder "${table[@]}"
grep -q "^0000,7" "$folder/tables/truth.csv" || fail "run: the truth is not that of the new table"
rm "$folder/scores.csv"
expect 1 "scores.csv" in_folder run --out tables
grep -q "^0000,7" "$folder/tables/truth.csv" || fail "run: the truth went with its table"
grep -q "^error:" "$folder/said" && fail "a line begins with error: though nothing of that name failed"

# The same images by another spelling, or from other files, leave a trained supernet in peace.
images=/usr/share/datasets/fashion-mnist
if [ -d $images ]; then
    expect 0 "stage train: .* in " "$study" run --out "$folder/images" --data fashion-mnist:$images "${tiny[@]}"
    mkdir "$folder/unpacked"
    for file in $images/*.gz; do gzip -dc "$file" > "$folder/unpacked/$(basename "$file" .gz)"; done
    t=unpacked/train t10k=unpacked/t10k
    for data in fashion-mnist:$images/ fashion-mnist:unpacked \
        "idx:$t-images-idx3-ubyte,$t-labels-idx1-ubyte,$t10k-images-idx3-ubyte,./$t10k-labels-idx1-ubyte"; do
        expect 0 "train: .*done before" in_folder run --out images --data "$data"
    done
    cp "$folder/images/supernet.safetensors" "$folder/trained"
    expect 1 "no-such-folder" "$study" run --out "$folder/images" --data fashion-mnist:/no-such-folder
    expect 0 "stage train: .* in " "$study" run --out "$folder/images" --data fashion-mnist:$images --epochs 2
    cmp -s "$folder/trained" "$folder/images/supernet.safetensors" && fail "run: it was not trained for 2 epochs"
    expect 0 "report" "$study" run --out "$folder/images" --epochs 1
    cmp "$folder/trained" "$folder/images/supernet.safetensors" || fail "run: what was trained before is gone"
fi

# What the last stages cannot read is refused before the first.
printf 'arch,score\n0000,0.5\n0001,nan\n' > "$folder/nan.csv"
for wrong in "1 F0916 --scores $folder/nan.csv" "1 F0916 --truth-table $folder/nan.csv --truth-column score" \
    "1 F1175 --truth-table /dev/null" "2 F1104 --truth many"; do
    rm -rf "$folder/refused"
    read -r code id wrong <<< "$wrong"
    # shellcheck disable=SC2086
    expect "$code" "$id" "$study" run --space fashion_tiny --out "$folder/refused" --data synthetic --quick $wrong
    [ -e "$folder/refused/supernet.safetensors" ] && fail "run $wrong: it trained before it was refused"
done

# Without Chart.js.
expect 0 "no charts" "$study" report --chart-js /no-such-file --out "$folder/own"
grep -q "class=missing" "$folder/own/report.html" || fail "the page does not say what is missing"

# CIFAR-10's format, NAS-Bench-Macro's space and a table of truths.
python=$(command -v python3 || true)
if [ -n "$python" ]; then
    "$python" - "$folder" << 'PY'
import os, random, sys
folder = sys.argv[1] + "/cifar"
os.makedirs(folder)
random.seed(1)
for name in [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]:
    with open(f"{folder}/{name}", "wb") as f:
        for i in range(40):
            f.write(bytes([i % 10]) + random.randbytes(3072))
with open(sys.argv[1] + "/macro.csv", "w") as f:
    f.write("arch,mean_acc\n")
    for i in range(6561):
        code = "".join(str(i // 3**k % 3) for k in range(8))
        f.write(f"{code},{90 + random.random()}\n")
# As NAS-Bench-201 writes its cells; every other row as digits.
names = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
with open(sys.argv[1] + "/cells.csv", "w") as f:
    f.write("arch,c10_test,same_network\n")
    for i in range(15625):
        d = [i // 5**(5 - k) % 5 for k in range(6)]
        n = [names[o] for o in d]
        text = f"|{n[0]}~0|+|{n[1]}~0|{n[2]}~1|+|{n[3]}~0|{n[4]}~1|{n[5]}~2|"
        f.write(f"{text if i % 2 else ''.join(map(str, d))},{10 + 5 * d.count(3) + 2 * d.count(2)},x\n")
with open(sys.argv[1] + "/no_cells.csv", "w") as f:
    f.write("arch,c10_test\n|none~0|+|none~0|none~1|+|none~0|none~1|max_pool~2|,10\n")
PY
    expect 0 "ranking\|report" "$study" run --space nas_bench_macro --quick --out "$folder/macro" --data "cifar10:$folder/cifar" \
        --validation-images 60 --train-images 64 --batch 32 --score-images 40 --calibration 16 --samples 12 --plan close \
        --folds 2 --truth-table "$folder/macro.csv" --no-augment
    [ -s "$folder/macro/ranking.csv" ] || fail "nas_bench_macro: there is no ranking.csv"
    for text in "fit to scores and 20 truths" "(in the unit of the truths)"; do
        grep -q "$text" "$folder/macro/report.html" || fail "nas_bench_macro: the winner is not that of scores and truths"
    done
    expect 2 F1091 "$study" fidelities --known-truths 4000 --out "$folder/macro"

    # NAS-Bench-201: a space of graphs, with five cells a stage, and with one, whose networks are not those of the table.
    few=(--data "cifar10:$folder/cifar" --validation-images 60 --train-images 64 --epochs 1 --batch 32 --score-images 20
        --samples 30 --plan cautious --folds 2 --no-augment)
    expect 0 "report" "$study" run --space nas_bench_201 --out "$folder/cells" --truth-table "$folder/cells.csv" "${few[@]}"
    [ "$(wc -l < "$folder/cells/truth.csv")" -eq 5261 ] || fail "nas_bench_201: the truth is not that of 5,260 networks"
    grep -q '^333333,40$' "$folder/cells/truth.csv" || fail "nas_bench_201: the truth of 333333, given as digits"
    grep -q '^333332,37$' "$folder/cells/truth.csv" || fail "nas_bench_201: the truth of 333332, given as a text"
    [ "$(grep -c ',1$' "$folder/cells/two_fidelities.csv")" -eq 20 ] || fail "fidelities: expected 20 known truths"
    "$study" fit --space nas_bench_201 --scores "$folder/cells/scores.csv" --out "$folder/given_cells" --plan cautious \
        --folds 2 > "$folder/given.log" 2>&1 || fail "fit: scores of nas_bench_201 that are given: $(cat "$folder/given.log")"
    if grep -q "one cell a stage" "$folder/given.log" "$folder/given_cells/manifest.json"; then
        fail "fit: given scores are said to be of a supernet with one cell a stage"
    fi
    for measure in tau regret; do
        grep -q "^two_fidelities,$measure," "$folder/cells/ranking.csv" || fail "ranking.csv: no $measure of two fidelities"
    done
    first=$(sed -n '2s/^\([^,]*,[^,]*\),.*/\1/p' "$folder/cells/candidates.csv") # arch,predicted
    grep -q "^$first," "$folder/cells/two_fidelities.csv" || fail "search: the first is not that of scores and truths: $first"
    grep -q "The winner is [0-4]\{6\}" "$folder/cells/report.html" || fail "the page does not say what the winner's truth is"
    grep -q "fitted with 20 truths" "$folder/cells/report.html" || fail "the page does not have the fit with 20 truths"
    grep -q "benchmark writes it: |[a-z_0-9]*~0|+|" "$folder/cells/report.html" || fail "the cell is not written as a text"
    grep -q "aria-label=\"cells 0 to 5 of the code\"" "$folder/cells/report.html" || fail "the cell is not drawn"
    expect 0 candidates.csv "$study" search --known-truths 0 --out "$folder/cells"
    first=$(sed -n '2s/^\([^,]*,[^,]*\),.*/\1/p' "$folder/cells/candidates.csv")
    grep -q "^$first," "$folder/cells/predictions.csv" || fail "search --known-truths 0: the first is not the scores': $first"
    expect 1 "no_cells.csv:2: .*F0353" "$study" truth --truth-table "$folder/no_cells.csv" --out "$folder/cells"
    expect 0 "Without published truth" "$study" run --space nas_bench_201 --quick --out "$folder/one_cell" \
        --truth-table "$folder/cells.csv" --random-networks 1 --retrain-epochs 1 "${few[@]}"
    [ -e "$folder/one_cell/truth.csv" ] && fail "nas_bench_201 --quick: it read a table of other networks' truths"
    grep -q "no published truth is theirs" "$folder/one_cell/report.html" || fail "the page does not say that there is no truth"
    expect 2 F1191 "$study" truth --truth-table "$folder/cells.csv" --out "$folder/one_cell"
fi

# The paper's scale, with fewer scores.
expect 0 segments_result.csv "$study" run --space mobile_19x6 --out "$folder/mobile" --segment-samples 200 --segment-epochs 10
[ "$(grep -c ',279936,' "$folder/mobile/segments.csv")" -eq 3 ] || fail "segments: expected 3 x 279936 candidates"

exit $failed
