#!/bin/sh
# A private MariaDB in a folder of its own, on a unix socket only, run as the caller; no configuration of the system
# has a say in it.
#   mariadb.sh start DIR           make DIR/mysql where it is not there, start the server, wait until it answers
#   mariadb.sh stop DIR            stop it
#   mariadb.sh sql DIR [OPTION...] run the SQL of stdin as the server's administrator
#   mariadb.sh account DIR DATABASE USER PASSWORD
#                                  make the database and an account that has rights on it alone
# DIR is an absolute path. Files in it: mysql/ mysql.tmp/ mysql.pid mysql.log, and mysql.sock there or where socket_dir
# says.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
[ $# -ge 2 ] || die "usage: mariadb.sh start|stop|sql|account DIR ..."
action=$1 dir=$2
shift 2
data=$dir/mysql
scratch=$dir/mysql.tmp # of its own: a server that starts deletes the temporary tables that lie in its folder for them
socket=$(socket_dir "$dir")/mysql.sock

sql() {
    mariadb --no-defaults --socket="$socket" --user="$(id -un)" "$@"
}

answers() {
    echo 'SELECT 1' | sql >/dev/null 2>&1
}

# --force: a bare machine may not know its own name, which a server on a unix socket does not need.
create() {
    rm -rf "$data.new"
    TMPDIR=$scratch mariadb-install-db --no-defaults --force --datadir="$data.new" --user="$(id -un)" \
        --skip-test-db --skip-name-resolve \
        --auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" \
        --innodb-log-file-size=32M >>"$dir/mysql.log" 2>&1 || {
        tail -n 20 "$dir/mysql.log" >&2
        die "mariadb-install-db failed, see $dir/mysql.log"
    }
    mv "$data.new" "$data"
}

start() {
    running "$dir/mysql.pid" mariadbd "$data" && answers && return
    mkdir -p "$dir" "$scratch"
    [ -d "$data" ] || create
    launch "$dir/mysql.pid" "$dir/mysql.log" mariadbd --no-defaults --datadir="$data" --user="$(id -un)" \
        --skip-networking --socket="$socket" --pid-file="$data/server.pid" --tmpdir="$scratch" \
        --character-set-server=utf8mb4 \
        --innodb-log-file-size=32M --innodb-buffer-pool-size="${MARIADB_BUFFER_POOL:-128M}" \
        --max-allowed-packet=64M --performance-schema=OFF --skip-log-bin
    until_true 60 answers || {
        tail -n 20 "$dir/mysql.log" >&2
        die "MariaDB does not answer on $socket, see $dir/mysql.log"
    }
}

account() {
    sql <<SQL
CREATE DATABASE IF NOT EXISTS \`$1\` CHARACTER SET utf8mb4;
CREATE OR REPLACE USER '$2'@'localhost' IDENTIFIED BY '$3';
GRANT ALL ON \`$1\`.* TO '$2'@'localhost';
SQL
}

case $action in
start) start ;;
stop) halt 60 "$dir/mysql.pid" mariadbd "$data" ;;
sql) sql "$@" ;;
account) account "$@" ;;
*) die "$action: not one of start, stop, sql, account" ;;
esac
