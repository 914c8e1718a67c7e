#!/usr/bin/env bash
# Makes the generated files anew; with --check only says which are not current.
set -uo pipefail
cd "$(dirname "$0")/.."
status=0
for tool in tools/generate_*.py; do
  .venv/bin/python "$tool" "$@" || status=1
done
exit $status
