#!/usr/bin/env bash
# run.sh BUILD SCRATCH MISSING: builds the two programs here against an installed tree, as docs/your-own.md says, trains with
# one and classifies with the other; damaged photographs are refused by name. MISSING: packages that were not found.
# Reads CXX and CMAKE.
set -euo pipefail
build=$1
scratch=$2
missing=$3
here=$(dirname "${BASH_SOURCE[0]}")
if [ -n "$missing" ]; then
    echo "skipped: not found: $missing"
    exit 77
fi
rm -rf "$scratch"
mkdir -p "$scratch"

fail() {
    echo "$1"
    exit 1
}
# refused NAME COMMAND...: the command must fail, with a sentence that says that the file NAME is damaged.
refused() {
    local name=$1
    shift
    if "$@" > "$scratch/output" 2> "$scratch/errors"; then
        fail "a damaged photograph was taken: $*"
    fi
    [ ! -s "$scratch/output" ] || fail "something was printed before $name was refused: $(cat "$scratch/output")"
    grep -qE "^\[F[0-9]{4}\] .*$name: is no JPEG image that can be decoded" "$scratch/errors" ||
        fail "$name must be refused by name, got: $(cat "$scratch/errors")"
}

"$CMAKE" --install "$build" --prefix "$scratch/prefix" --component fitnas_development > /dev/null
# Without optimisation: it is compiled in half of the time, and runs for seconds.
"$CMAKE" -S "$here" -B "$scratch/build" -G Ninja -DCMAKE_PREFIX_PATH="$scratch/prefix" > "$scratch/log" ||
    fail "$(cat "$scratch/log")"
"$CMAKE" --build "$scratch/build" > "$scratch/log" || fail "$(cat "$scratch/log")"

if command -v nm > /dev/null && nm -C "$scratch/build/deploy" | grep -m 5 -E '^[0-9a-f]+ [A-Za-z] (void )?fitnas::([a-z_]+::)*[a-z_]*(backward|cross_entropy)[a-z_]*\('; then
    fail "deploy must have no training in it"
fi

train=$scratch/build/train
deploy=$scratch/build/deploy
out=$scratch/out
trained=$("$train" "$out") || fail "train failed"
echo "$trained"
[[ $trained =~ ^[012]{3}:\ [0-9]+\ mJ,\ ([0-9]+)\ %\ of\ the\ test\ images$ ]] || fail "train must say what it found"
[ "${BASH_REMATCH[1]}" -ge 80 ] || fail "of 20 photographs at least 16 should be classified right"
for file in model.json winner.safetensors winner.onnx; do
    [ -s "$out/$file" ] || fail "train must write $file"
done
for class in rows columns checks disc; do
    said=$("$deploy" "$out/winner.safetensors" "$out/$class.jpg") || fail "deploy failed"
    echo "$class.jpg: $said"
    [[ $said =~ ^$class,\ [0-9]+\ %$ ]] || fail "deploy must print class and probability of $class.jpg"
done

head -c 400 "$out/disc.jpg" > "$out/cut_off.jpg"
refused cut_off.jpg "$deploy" "$out/winner.safetensors" "$out/cut_off.jpg"
cp "$out/cut_off.jpg" "$out/photos/rows/damaged.jpg"
refused photos/rows/damaged.jpg "$train" "$out"
