# What tests of the program `study` from outside share; sourced where $folder is known, which it makes anew.
# shellcheck shell=bash
rm -rf "$folder"
mkdir -p "$folder"
failed=0
fail() {
    echo "$(basename "$0" .sh): $*" >&2
    failed=1
}

# expect CODE WORDS COMMAND...: leaves with CODE, and says WORDS.
expect() {
    local code=$1 words=$2 got=0
    shift 2
    "$@" > "$folder/said" 2>&1 || got=$?
    [ $got -eq "$code" ] || fail "$*: left with $got instead of $code: $(cat "$folder/said")"
    grep -q -e "$words" "$folder/said" || fail "$*: does not say \"$words\": $(cat "$folder/said")"
}
