#!/usr/bin/env bash
# check.sh FLAGS_FILE CASE.cpp COMPILER...: the case must not compile, and what the compiler says must hold the text of
# its line `// expect: TEXT`. Where that text begins with "nothing", it must compile. `// flags:` adds flags.
set -euo pipefail
flags_file=$1
source=$2
shift 2

expected=$(sed -n 's|^// expect: ||p' "$source")
mapfile -t extra < <(sed -n 's|^// flags: ||p' "$source" | tr ' ' '\n')
if [ -z "$expected" ]; then
    echo "$source: the first lines must hold '// expect: <text>'"
    exit 1
fi
status=0
output=$("$@" "@$flags_file" -fsyntax-only "${extra[@]}" "$source" 2>&1) || status=$?
if [[ $expected == nothing* ]]; then
    echo "$output"
    exit "$status"
fi
if [ "$status" -eq 0 ]; then
    echo "$source compiles, but should not: $expected"
    exit 1
fi
if ! grep -qF -- "$expected" <<< "$output"; then
    echo "$source: the compiler does not say: $expected"
    echo "$output" | head -40
    exit 1
fi
echo "refused as it should be: $expected"
