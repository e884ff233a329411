#!/bin/sh
# make bench: measure, print a table, and keep it in build/bench.txt. Everything runs in a temporary folder.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
PYTHONPATH=$top/tests PYTHONDONTWRITEBYTECODE=1 exec "${PYTHON:-/usr/bin/python3}" "$top/tests/bench/bench.py"
