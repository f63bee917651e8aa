#!/usr/bin/env bash
# python.sh MODULE SCRIPT...: runs the script with a Python that has the module; leaves with 77 where none has it.
set -euo pipefail
module=$1
shift
for python in python3 /usr/bin/python3; do
    if "$python" -c "import numpy, $module" 2> /dev/null; then
        exec "$python" "$@"
    fi
done
echo "skipped: there is no Python with $module (Debian: python3-$module)"
exit 77
