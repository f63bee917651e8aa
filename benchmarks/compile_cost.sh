#!/usr/bin/env bash
# What it costs to compile against the library, as a ratio to a file that includes xtensor and xtensor-blas and
# multiplies two matrices. See compile_cost/measure.py for the method and the budgets.
#
#   benchmarks/compile_cost.sh [--json] [--check] [--runs N] [case...]
exec python3 "$(dirname "${BASH_SOURCE[0]}")/compile_cost/measure.py" "$@"
