#!/usr/bin/env bash
# The paper's experiment on a few made-up images: `study run --space mobile_19x6 --data ...`, from folders in memory,
# from folders that are read as they are needed, from packs, and stopped on the way.
#
#   segments.sh PROGRAM PACK_IMAGES FOLDER
set -uo pipefail
study=$1
pack=$2
folder=$3
python=$(command -v python3) || exit 77
# shellcheck source=tests/study/expect.sh
. "$(dirname "${BASH_SOURCE[0]}")/expect.sh"
# same FILE A B: both runs have it, and it is the same.
same() { cmp "$folder/$2/$1" "$folder/$3/$1" || fail "$1 of $2 and $3 differ"; }

# 10 classes of JPEG images (PNG where Pillow is missing), of other sizes than 64 x 64.
"$python" - "$folder" << 'PY'
import os, random, struct, sys, zlib
try:
    from PIL import Image
except ImportError:
    Image = None
random.seed(3)
def save(path, width, height, pixels):
    if Image:
        Image.frombytes("RGB", (width, height), pixels).save(path + ".jpg", quality=90)
        return
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + pixels[3 * width * y:3 * width * (y + 1)] for y in range(height))
    with open(path + ".png", "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
for part, count in ("train", 8), ("test", 2):
    for c in range(10):
        where = f"{sys.argv[1]}/{part}/class{c}"
        os.makedirs(where)
        for i in range(count):
            w, h = 30 + 5 * (i % 3), 32
            save(f"{where}/{i}", w, h, bytes(min(255, 20 * c + (9 * x + 5 * y) % 50 + random.randrange(20))
                                             for y in range(h) for x in range(w) for _ in range(3)))
PY

few=(--train-images 40 --validation-images 20 --epochs 1 --batch 20 --score-images 20 --calibration 10 --segment-samples 16
    --segment-rescored 6 --segment-fills 1 --segment-epochs 5 --folds 2 --random-networks 1 --retrain-epochs 1
    --retrain-seeds 1 --checkpoint-steps 1 --macs-share 1)
plain=("${few[@]}" --no-augment --resized-crop 0)
run() { "$study" run --space mobile_19x6 --quick "$@"; }

expect 0 "report: $folder/memory/report.html" run --out "$folder/memory" --data "images:$folder/train,$folder/test" "${plain[@]}"
[ "$(grep -c ',279936,16,22,' "$folder/memory/segments.csv")" -eq 3 ] ||
    fail "expected three segments of 279,936 candidates, 16 of them sampled and 22 scores: $(cat "$folder/memory/segments.csv")"
for i in 1 2 3; do
    n=$(wc -l < "$folder/memory/segment_${i}_scores.csv")
    [ "$n" -ge 17 ] && [ "$n" -le 23 ] || fail "segment_${i}_scores.csv has $n lines"
    [ "$(grep -c "^$i," "$folder/memory/segment_kept.csv")" -eq 6 ] || fail "segment $i did not keep six"
    [ "$(grep -c "^$i," "$folder/memory/segment_held_out.csv")" -eq 16 ] || fail "segment $i: not every score was held out"
done
# A later segment begins with what the one before kept; the winner is the best that the last one kept.
for i in 1 2; do
    for part in $(sed -n "s/^$((i + 1)),\([0-5]*\),.*/\1/p" "$folder/memory/segment_kept.csv"); do
        grep -q "^$i,${part:0:7}" "$folder/memory/segment_kept.csv" || fail "$part does not begin with a part that segment $i kept"
    done
done
winner=$(sed -n '2s/,.*//p' "$folder/memory/candidates.csv")
[ "$winner" = "$(grep -m1 '^3,' "$folder/memory/segment_kept.csv" | cut -d, -f2)" ] || fail "the winner is not the best of segment 3"
grep -q "^winner,$winner," "$folder/memory/retrained.csv" || fail "the winner was not trained by itself"
grep -q "^random 1," "$folder/memory/retrained.csv" || fail "there is no random network"
[ -s "$folder/memory/winner.safetensors" ] || fail "the winner's weights are not there"
for words in "What was found" "scores that it was not fitted to\|scores that they were not fitted to" "A quick run" \
    "The winner of the search is $winner" "Beside published networks" "Left to you"; do
    grep -q "$words" "$folder/memory/report.html" || fail "the page does not say \"$words\""
done
echo "network,test_accuracy,macs,parameters,source
someone's,0.5,12345678,1000,a paper" > "$folder/memory/published.csv"
expect 0 report "$study" report --out "$folder/memory"
grep -q "12345678" "$folder/memory/report.html" || fail "the page does not show published.csv"

# Read as they are needed, and from packs: the same scores.
expect 0 report run --out "$folder/lazy" --data "images-lazy:$folder/train,$folder/test" "${plain[@]}" --read-ahead 2
"$pack" "$folder/train" "$folder/train.pack" > /dev/null && "$pack" "$folder/test" "$folder/test_packs" --images-a-file 7 > /dev/null ||
    fail "pack_images"
expect 0 report run --out "$folder/packed" --data "pack:$folder/train.pack,$folder/test_packs" "${plain[@]}"
for file in training.csv segment_1_scores.csv segment_2_scores.csv segment_3_scores.csv segments.csv candidates.csv retrained.csv; do
    same $file memory lazy
    same $file memory packed
done
for stage in train segments retrain; do # of other files with the same images nothing is done again
    expect 0 "stage $stage: .*done before" run --out "$folder/lazy" --data "pack:$folder/train.pack,$folder/test_packs" --read-ahead 0
done

# Stopped by a signal and killed, with crops and colours: the same command goes on to the same files.
data=(--data "images-lazy:$folder/train,$folder/test" "${few[@]}" --jitter 0.4)
expect 0 report run --out "$folder/whole" "${data[@]}"
cmp -s "$folder/whole/training.csv" "$folder/lazy/training.csv" && fail "crops and colours change nothing"
signal=TERM
run --out "$folder/stopped" "${data[@]}" > "$folder/said" 2>&1 &
pid=$!
for stop in supernet.safetensors segment_1_scores.csv segment_3_scores.csv retrain_1.safetensors; do
    for _ in $(seq 1200); do
        [ -e "$folder/stopped/$stop" ] && break
        sleep 0.05
    done
    kill -$signal $pid 2> /dev/null
    wait $pid 2> /dev/null
    signal=$([ $signal = TERM ] && echo KILL || echo TERM)
    "$study" run --out "$folder/stopped" > "$folder/said" 2>&1 &
    pid=$!
done
wait $pid || fail "going on: $(cat "$folder/said")"
for file in training.csv segment_1_scores.csv segment_2_scores.csv segment_3_scores.csv segments.csv segment_kept.csv \
    segment_held_out.csv candidates.csv retrained_runs.csv retrained.csv winner.safetensors; do
    same $file whole stopped
done

# What cannot be is refused with a sentence, before anything is trained.
expect 2 "F1111.*96 x 96 with 10.*mobile_19x6_of<96, 10>" run --out "$folder/wrong" --data "images:$folder/train" --image-size 96
mkdir "$folder/two"
cp -r "$folder/train/class0" "$folder/train/class1" "$folder/two"
expect 2 "F1111.*with 2: put" run --out "$folder/wrong" --data "images-lazy:$folder/two"
expect 1 "F1090.*the space has 10 classes.*folders of 2" run --out "$folder/wrong" --data "images-lazy:$folder/two" --classes 10
expect 2 "F1110" "$study" run --space fashion_tiny --out "$folder/wrong" --image-size 64
expect 2 "F1102.*evaluate" "$study" evaluate --space mobile_19x6 --out "$folder/wrong" --data "images:$folder/train"
expect 2 "F1114.*at most the 500" run --out "$folder/wrong" --data "images:$folder/train" --score-images 501
expect 2 "F1115.*2 for each of the 40" run --out "$folder/wrong" --data "images:$folder/train" --folds 40
expect 1 nowhere run --out "$folder/wrong" --data "pack:$folder/nowhere"
[ -e "$folder/wrong/supernet.safetensors" ] && fail "it trained before it was refused"

exit $failed
