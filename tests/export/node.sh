#!/usr/bin/env bash
# node.sh SCRIPT...: runs the script; leaves with 77 where Node.js or ONNX Runtime is missing.
set -euo pipefail
if ! command -v node > /dev/null; then
    echo "skipped: Node.js is not installed"
    exit 77
fi
if [ ! -d "$(dirname "${BASH_SOURCE[0]}")/node_modules/onnxruntime-node" ]; then
    echo "skipped: ONNX Runtime is not installed: npm install --ignore-scripts --prefix tests/export"
    exit 77
fi
exec node "$@"
