#!/usr/bin/env bash
# headers_alone.sh FLAGS_FILE INCLUDE_DIR SKIP_REGEX COMPILER...: every public header compiles by itself, without a
# warning of those that COMPILER... switches on; those that include something for their definitions alone also without
# definitions. Headers that match SKIP_REGEX are left out and named.
set -euo pipefail
flags_file=$1
include_dir=$2
skip=$3
shift 3

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
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
find "$scratch" -name '*.cpp' | sort | xargs -P 2 -n 1 "$@" "@$flags_file" -Werror -fsyntax-only
echo "$count headers compile by themselves"
