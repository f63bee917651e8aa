#!/usr/bin/env bash
# headers_alone.sh FLAGS_FILE INCLUDE_DIR SKIP_REGEX SCRATCH COMPILER...: every public header compiles by itself, without
# a warning of those that COMPILER... switches on; those that include something for their definitions alone also without
# definitions. Headers that match SKIP_REGEX are left out and named. COMPILER... may begin with a compiler's cache: files
# are written to the folder SCRATCH, and have the same path each time.
set -euo pipefail
flags_file=$1
include_dir=$2
skip=$3
scratch=$4
shift 4

rm -rf "$scratch"
mkdir -p "$scratch"
cd "$include_dir"
count=0
while read -r header; do
    if [ -n "$skip" ] && [[ $header =~ $skip ]]; then
        echo "skipped: $header"
        continue
    fi
    source="$scratch/${header//\//_}"
    # Twice: the guard must work too.
    printf '#include <%s>\n#include <%s>\n' "$header" "$header" > "$source.cpp"
    # What config.hpp refuses must be refused by every header that has functions.
    if [[ ! $header =~ /(fwd|version)[.]hpp$ ]]; then
        printf '#ifndef FITNAS_CONFIG_HPP\n#error "%s must include fitnas/config.hpp"\n#endif\n' "$header" \
            >> "$source.cpp"
    fi
    if sed -n '/^#if FITNAS_DEFINITIONS/,$p' "$header" | grep -q '^#include'; then
        { echo '#define FITNAS_SEPARATE_COMPILATION'; cat "$source.cpp"; } > "${source}_declared.cpp"
    fi
    count=$((count + 1))
done < <(find fitnas -name '*.hpp' ! -name src.hpp | sort)
find "$scratch" -name '*.cpp' | sort | xargs -P 2 -I '{}' "$@" "@$flags_file" -Werror -c '{}' -o '{}.o'
echo "$count headers compile by themselves"
