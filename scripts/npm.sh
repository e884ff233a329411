#!/bin/sh
# Fetch the packages that FOLDER/package-lock.json names into TO/node_modules, where they are not there already.
#   npm.sh FOLDER TO
set -eu
from=$1 to=$2
! cmp -s "$from/package-lock.json" "$to/installed" || exit 0
mkdir -p "$to"
cp "$from/package.json" "$from/package-lock.json" "$to/"
(cd "$to" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >"$to/log" 2>&1 || {
    cat "$to/log" >&2
    echo "npm.sh: npm could not fetch the packages of $from/package.json" >&2
    exit 1
}
cp "$from/package-lock.json" "$to/installed"
