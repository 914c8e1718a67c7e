#!/usr/bin/env bash
# Makes this machine able to run a make target: Debian packages (when root) and a virtual environment in .venv.
# Usage: tools/setup.sh python|run|test|bench
#   python  only .venv          run   + Open vSwitch and what the lab uses
#   test    + PostgreSQL        bench + OVN, the peer that is measured beside
# Rule 1: doing it twice does nothing. Rule 2: when it cannot do a step, it prints the exact line that can.
set -euo pipefail
cd "$(dirname "$0")/.."
level=${1:-run}

run_packages="openvswitch-switch iproute2 ethtool tcpdump iputils-ping"
test_packages="postgresql"
bench_packages="ovn-central ovn-host"
case $level in
  python) packages="" ;;
  run) packages="$run_packages" ;;
  test) packages="$run_packages $test_packages" ;;
  bench) packages="$run_packages $test_packages $bench_packages" ;;
  *) echo "setup: '$level' is none of python, run, test, bench" >&2; exit 2 ;;
esac

find_python() {
  for candidate in "${PYTHON:-}" python3 python3.11 python3.12 python3.13 python3.14; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
}

missing=""
for package in $packages; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done
python=$(find_python)
if [ -z "$python" ]; then
  missing="$missing python3 python3-venv"
elif [ ! -x .venv/bin/python ] && ! "$python" -c 'import ensurepip' 2>/dev/null; then
  missing="$missing python3-venv"
fi

if [ -n "$missing" ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "setup: packages are missing; as root, run:  apt-get update && apt-get install -y$missing" >&2
    exit 1
  fi
  echo "setup: installing$missing"
  export DEBIAN_FRONTEND=noninteractive
  # The package's own services are not what the lab runs; a policy file that is there stays in force.
  # shellcheck disable=SC2086
  if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >.setup.log 2>&1; then
    tail -n 20 .setup.log >&2
    echo "setup: apt-get failed; to see it, run:  apt-get update && apt-get install -y$missing" >&2
    exit 1
  fi
  rm -f .setup.log
  python=$(find_python)
fi
[ -n "$python" ] || { echo "setup: no Python 3.11 or newer; on Debian 12:  apt-get install -y python3 python3-venv" >&2; exit 1; }

stamp=$(cat requirements-dev.lock pyproject.toml | sha256sum | cut -d' ' -f1)
if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c '' 2>/dev/null; then
  rm -rf .venv
  "$python" -m venv .venv
fi
if [ "$(cat .venv/.stamp 2>/dev/null)" != "$stamp" ]; then
  echo "setup: installing Python packages from requirements-dev.lock"
  .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
  echo "$stamp" >.venv/.stamp
fi
