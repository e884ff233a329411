#!/bin/sh
# Write DIR/nginx.conf and what it includes (in DIR/nginx), from the files in nginx/, and make the folders it needs.
#   nginx_conf.sh DIR HOST PORT FASTCGI_SOCKET ASSETS THREADS
# THREADS is the number of the webapp's threads. All paths are absolute.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
[ $# -eq 6 ] || die "usage: nginx_conf.sh DIR HOST PORT FASTCGI_SOCKET ASSETS THREADS"
dir=$1 host=$2 port=$3 socket=$4 assets=$5 threads=$6
from=$(dirname "$0")/../nginx

# keepalive counts for each worker by itself: no more workers than leave each one a kept connection and one thread free.
workers=$(getconf _NPROCESSORS_ONLN)
[ "$workers" -lt "$threads" ] || workers=$((threads - 1))
[ "$workers" -gt 0 ] || workers=1
keep=$(((threads - 1) / workers))
[ "$keep" -gt 0 ] || keep=1
# Workers of a root's nginx would become nobody, who may not read a private folder.
user=
[ "$(id -u)" -ne 0 ] || user="user $(id -un) $(id -gn);"

mkdir -p "$dir/nginx"
cp "$from/headers.conf" "$from/fastcgi.conf" "$from/types.conf" "$dir/nginx/"
sed -e "s|@USER@|$user|" -e "s|@WORKERS@|$workers|" -e "s|@RUN@|$dir|g" -e "s|@FASTCGI@|$socket|" -e "s|@KEEPALIVE@|$keep|" \
    -e "s|@HOST@|$host|" -e "s|@PORT@|$port|" -e "s|@ASSETS@|$assets|" "$from/nginx.conf.in" >"$dir/nginx.conf"
