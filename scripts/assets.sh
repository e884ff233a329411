#!/bin/sh
# Gather what nginx serves under /assets/ into BUILD/assets: the files that webapp/assets/files.txt lists, a line each
#   SOURCE TARGET
# where SOURCE is below webapp/assets/, or starts with node_modules/ and comes from npm (webapp/assets/package-lock.json).
#   assets.sh BUILD
set -eu
from=webapp/assets npm=$1/npm to=$1/assets

[ ! -f $from/package-lock.json ] || sh "$(dirname "$0")/npm.sh" $from "$npm"

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
