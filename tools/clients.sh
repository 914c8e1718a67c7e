#!/usr/bin/env bash
# Makes .venv/clients: clients of CloudStack's API that the tests run as their users do, apart from netloom's own packages.
# Rule 1: doing it twice does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
locks=tests/clients
target=.venv/clients
stamp=$(cat "$locks"/*.lock "$0" | sha256sum | cut -d' ' -f1)
[ "$(cat "$target/.stamp" 2>/dev/null)" != "$stamp" ] || exit 0
echo "setup: installing the clients that are tested against CloudStack's API"
rm -rf "$target"
.venv/bin/python -m venv "$target"
pip=("$target/bin/python" -m pip --disable-pip-version-check -q)
"${pip[@]}" install --require-hashes -r "$locks/requirements.lock"
# Of the big distribution only the one collection is wanted: 1 MB instead of half a gigabyte.
"${pip[@]}" download --no-deps --require-hashes -r "$locks/collection.lock" -d "$target/download"
"$target/bin/python" - "$target" <<'PY'
import pathlib, sys, zipfile
target = pathlib.Path(sys.argv[1])
for wheel in (target / "download").glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        names = [n for n in archive.namelist() if n.startswith("ansible_collections/ngine_io/cloudstack/")]
        archive.extractall(target / "collections", names)
PY
rm -rf "$target/download"
echo "$stamp" >"$target/.stamp"
