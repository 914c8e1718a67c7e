#!/usr/bin/env bash
# What CI checks before the tests. Every check runs, so that one look shows all that is wrong.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=""
step() {
  local name=$1
  shift
  if ! output=$("$@" 2>&1); then
    failed="$failed $name"
    printf '== %s\n%s\n' "$name" "$output"
  else
    printf 'ok %s\n' "$name"
  fi
}
bin=.venv/bin
step "ruff check" $bin/ruff check .
step "ruff format" $bin/ruff format --check .
step "mypy" $bin/mypy
step "mypy of the benchmarks" $bin/mypy -p bench
step "floors" $bin/lint-imports
step "layout" $bin/python tools/check_layout.py
step "generated" tools/generate.sh --check
[ -z "$failed" ] || { echo "failed:$failed"; exit 1; }
