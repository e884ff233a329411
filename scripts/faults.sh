#!/bin/sh
# make test-faults: kills at random instants, the same for the same FAULT_SEED, and a long outage of the database under
# load. Everything runs in a temporary folder on free ports; figures are printed.
set -eu
cd "$(dirname "$0")/.."
tmp=$(mktemp -d /tmp/dtuhub-faults-XXXXXX)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
export TMPDIR="$tmp" ROUNDS="${ROUNDS:-50}" FAULT_SEED="${FAULT_SEED:-1}" DTUHUB_OUTAGE_SECONDS=60
"${PYTHON:-/usr/bin/python3}" -m pytest -q -s -c tests/pytest.ini --rootdir tests --basetemp "$tmp/pytest" \
    tests/faults tests/e2e/test_outage.py
