#!/usr/bin/env bash
# Pins pyproject.toml's dependencies with hashes, for every Python and platform that netloom runs on.
set -euo pipefail
cd "$(dirname "$0")/.."
compile=(.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes
  --no-header --no-emit-index-url --no-annotate --upgrade pyproject.toml)
"${compile[@]}" -o requirements.lock
"${compile[@]}" --group dev -o requirements-dev.lock
