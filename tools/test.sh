#!/usr/bin/env bash
# Runs every test: first those that bear neighbours, one process a processor; then those marked `alone`, one after the other.
# Why apart: what counts lost packets or measures time would count and measure the neighbours.
# Arguments go to pytest, both times (tools/test.sh --durations=20); both parts run whatever the first found.
set -euo pipefail
cd "$(dirname "$0")/.."
run() {
  # Status 5: nothing was collected, as when the arguments name tests of the other part only.
  .venv/bin/python -m pytest "$@" || { status=$?; [ $status -eq 5 ] || failed=$status; }
}
failed=0
run -n "$(nproc)" --dist worksteal -m "not alone" "$@"
run -m alone "$@"
exit $failed
