#!/bin/sh
# Gather what nginx serves under /assets/ into BUILD/assets: the files that webapp/assets/files.txt lists, a line each
#   SOURCE TARGET
# where SOURCE is below webapp/assets/, or starts with node_modules/ and comes from npm (webapp/assets/package-lock.json).
#   assets.sh BUILD
set -eu
from=webapp/assets npm=$1/npm to=$1/assets

if [ -f $from/package-lock.json ] && ! cmp -s $from/package-lock.json "$npm/installed"; then
    mkdir -p "$npm"
    cp $from/package.json $from/package-lock.json "$npm/"
    (cd "$npm" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >"$npm/log" 2>&1 || {
        cat "$npm/log" >&2
        echo "assets.sh: npm could not fetch the packages of $from/package.json" >&2
        exit 1
    }
    cp $from/package-lock.json "$npm/installed"
fi

rm -rf "$to.new"
mkdir -p "$to.new"
grep -v '^#' $from/files.txt | while read -r source target; do
    [ -n "$source" ] || continue
    case $source in
    node_modules/*) file=$npm/$source ;;
    *) file=$from/$source ;;
    esac
    mkdir -p "$to.new/$(dirname "$target")"
    cp "$file" "$to.new/$target"
done
rm -rf "$to"
mv "$to.new" "$to"
