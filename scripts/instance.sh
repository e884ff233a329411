#!/bin/sh
# One running dtuhub in a folder of its own: MariaDB, collector, webapp, nginx, and for demo simulated DTUs.
#   instance.sh up      start what is not running; data and configuration that are there stay as they are
#   instance.sh demo    the same with SIM simulated DTUs, then wait until their readings are seen through nginx
#   instance.sh down    stop all of it by pid file; the data stays
# Variables: RUN_DIR=run SIM=20 WEB_HOST=127.0.0.1, BUILD=build (folder of the programs), SIM_OPTIONS (more options of
# dtuhub-sim), and for a new RUN_DIR DTU_PORT=22334 WEB_PORT=8080; later RUN_DIR/config/server_config.yml says the ports.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd -P)
scripts=$top/scripts
build=$(cd "$top" && realpath -m "${BUILD:-build}")
sim_count=${SIM:-20}
web_host=${WEB_HOST:-127.0.0.1}
run=$(realpath -m "${RUN_DIR:-run}")
config=$run/config
case $top$run in *[[:space:]\"\'\|\&\;\\\$\{\}\#]*) die "use a RUN_DIR (and a source folder) without blanks and quotes: $run" ;; esac

setting() {
    sh "$scripts/config_key.sh" get "$config/server_config.yml" "$@"
}

change() {
    sh "$scripts/config_key.sh" "$1" "$config.new/server_config.yml" "$2" "$3" "${4-}"
}

# The instance's own copy of config/: made once, from then on edited by its owner.
make_config() {
    [ ! -d "$config" ] || return 0
    rm -rf "$config.new"
    cp -r "$top/config" "$config.new"
    (umask 077 && random_word >"$config.new/mysql.password")
    change set server main_port "${DTU_PORT:-22334}"
    change set server web_port "${WEB_PORT:-8080}"
    change set server control_socket "$sockets/control.sock"
    change set mysql socket "$sockets/mysql.sock"
    change set mysql user dtuhub
    change drop mysql password
    change set mysql password_file mysql.password
    change set mysql database dtu_data
    change set journal dir "$run/journal"
    [ "$sim_count" -lt 1000 ] || change set server max_connections $((sim_count + 100))
    mv "$config.new" "$config"
}

read_config() {
    dtu_port=$(setting server main_port)
    web_port=$(setting server web_port)
    dtu_port=${dtu_port:-22334} web_port=${web_port:-8080}
    threads=$(setting mysql pool_size)
    for pair in "DTU_PORT ${DTU_PORT:-$dtu_port} $dtu_port" "WEB_PORT ${WEB_PORT:-$web_port} $web_port"; do
        # shellcheck disable=SC2086
        set -- $pair
        [ "$2" = "$3" ] || say "$1=$2 is not used: $config/server_config.yml is there already and says $3"
    done
    url=http://$web_host:$web_port
    case $web_host in 0.0.0.0 | "[::]") url=http://127.0.0.1:$web_port ;; esac
}

# fails NAME TEXT: say what is wrong, with the end of the part's log, and give up.
fails() {
    say "--- end of $run/log/$1.log" >&2
    tail -n 20 "$run/log/$1.log" >&2 || :
    die "$1 $2; its log is $run/log/$1.log"
}

# start NAME PROGRAM COMMAND...: start a part that does not run yet, and wait until its NAME_ready succeeds.
start() {
    name=$1 program=$2
    shift 2
    ! running "$run/$name.pid" "$program" "$run/" || return 0
    launch "$run/$name.pid" "$run/log/$name.log" "$@"
    until_true 30 ready_or_gone || fails "$name" "is not ready after 30 s"
    alive "$run/$name.pid" || fails "$name" "has ended"
}

ready_or_gone() {
    if running "$run/$name.pid" "$program" "$run/"; then "${name}_ready"; else not alive "$run/$name.pid"; fi
}

# The collector makes the schema, which the webapp needs.
database_takes_data() {
    curl -fs --max-time 5 --unix-socket "$(setting server control_socket)" http://collector/readyz >/dev/null 2>&1
}

collector_ready() { listening "$dtu_port"; }
webapp_ready() { [ -S "$sockets/fastcgi.sock" ]; }
nginx_ready() { listening "$web_port"; }
sim_ready() { :; }

# need_port NAME PROGRAM PORT VARIABLE KEY: a part that is to be started needs its port for itself.
need_port() {
    running "$run/$1.pid" "$2" "$run/" || ! listening "$3" ||
        die "port $3 is in use by another program: stop that, or use another port ($4=PORT with a new RUN_DIR; \
$5 in $config/server_config.yml for this one)"
}

start_database() {
    if [ "$(setting mysql socket)" != "$sockets/mysql.sock" ]; then
        say "$config/server_config.yml names a database server of its own: none is started here"
        return
    fi
    password=$(cat "$config/$(setting mysql password_file)")
    sh "$scripts/mariadb.sh" start "$run"
    sh "$scripts/mariadb.sh" account "$run" "$(setting mysql database)" "$(setting mysql user)" "$password"
}

start_servers() {
    faults=$("$build/dtuhub-collector" -c "$config" -t 2>&1) || {
        say "$faults" >&2
        die "the configuration in $config has the faults above"
    }
    need_port collector dtuhub-collector "$dtu_port" DTU_PORT server.main_port
    need_port nginx nginx "$web_port" WEB_PORT server.web_port
    start_database
    start collector dtuhub-collector "$build/dtuhub-collector" -c "$config"
    until_true 15 database_takes_data || say "the collector runs, but its database takes no data yet: see $run/log"
    running "$run/webapp.pid" dtuhub-webapp "$run/" || rm -f "$sockets/fastcgi.sock"
    start webapp dtuhub-webapp "$build/dtuhub-webapp" -c "$config" --socket "$sockets/fastcgi.sock" \
        --templates "$top/templates"
    sh "$scripts/nginx_conf.sh" "$run/" "$web_host" "$web_port" "$sockets/fastcgi.sock" "$top/build/assets" \
        "${threads:-8}"
    start nginx nginx nginx -p "$run" -c "$run/nginx.conf" -e stderr
    until_true 15 fetch /api/devices || fails webapp "does not answer on $url/api/devices"
}

fetch() {
    curl -fsS --noproxy '*' --max-time 10 "$url$1" >"$run/fetched.json" 2>"$run/log/curl.log"
}

devices_online() {
    fetch /api/devices && [ "$(grep -o '"status": *"online"' "$run/fetched.json" | wc -l)" -ge "$1" ]
}

reading_seen() {
    fetch /api/devices || return 1
    device=$(sed -n 's/.*"device_id": *"\([^"]*\)".*/\1/p;T;q' "$run/fetched.json")
    fetch "/api/device/$device/data?limit=1" && grep -q '"value": *-\{0,1\}[0-9]' "$run/fetched.json"
}

start_devices() {
    halt 10 "$run/sim.pid" dtuhub-sim "$run/"
    # shellcheck disable=SC2086
    start sim dtuhub-sim "$build/dtuhub-sim" -c "$config" --port "$dtu_port" --count "$sim_count" ${SIM_OPTIONS-}
    until_true 60 devices_online "$((sim_count < 50 ? sim_count : 50))" ||
        fails sim "started, but its devices are not online on $url/api/devices after 60 s"
    until_true 60 reading_seen || fails collector "runs, but no reading is seen on $url after 60 s"
    rm -f "$run/fetched.json"
}

# Values hold nothing that quotes do not cover: see the check of RUN_DIR at the top.
write_env() {
    (umask 077 && cat >"$run/demo.env") <<ENV
URL='$url'
ADMIN_USER=''
ADMIN_PASSWORD=''
API_TOKEN=''
DTU_PORT='$dtu_port'
MYSQL_SOCKET='$(setting mysql socket)'
MYSQL_DATABASE='$(setting mysql database)'
MYSQL_USER='$(setting mysql user)'
MYSQL_PASSWORD='$([ ! -f "$config/mysql.password" ] || cat "$config/mysql.password")'
CONTROL_SOCKET='$(setting server control_socket)'
ENV
}

tell() {
    say "dtuhub runs: $url"
    say "  There is no login yet, so the web interface listens on $web_host. WEB_HOST=0.0.0.0 opens it to everybody."
    say "  DTUs dial port $dtu_port. $1"
    say "  Configuration: $config (reload: kill -HUP \$(cat $run/collector.pid)); logs: $run/log"
    say "  make down stops it, make up starts it again; data stays in $run/mysql"
}

up() {
    mkdir -p "$run/log"
    exec 9>"$run/.lock"
    flock 9
    # shellcheck disable=SC3045
    ulimit -n "$(ulimit -H -n)" 2>/dev/null || :
    sockets=$(socket_dir "$run")
    make_config
    read_config
    start_servers
    write_env
}

down() {
    [ -d "$run" ] || return 0
    halt 10 "$run/sim.pid" dtuhub-sim "$run/"
    halt 10 "$run/nginx.pid" nginx "$run/"
    halt 10 "$run/webapp.pid" dtuhub-webapp "$run/"
    halt 30 "$run/collector.pid" dtuhub-collector "$run/"
    sh "$scripts/mariadb.sh" stop "$run"
}

case ${1-} in
up)
    up
    tell ""
    ;;
demo)
    up
    start_devices
    tell "$sim_count simulated ones are connected."
    ;;
down) down ;;
*) die "usage: instance.sh up|demo|down" ;;
esac
