# What the scripts here share; sourced, never run. POSIX sh.
# shellcheck shell=sh

# Where Debian has mariadbd and nginx, which is not in the PATH of everybody.
PATH=$PATH:/usr/sbin:/sbin

say() {
    printf '%s\n' "$*"
}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# alive PIDFILE: whether a process with the pid in PIDFILE lives, whoever it is. Sets pid and cmdline.
alive() {
    [ -s "$1" ] && pid=$(cat "$1" 2>/dev/null) && [ -r "/proc/$pid/cmdline" ] || return 1
    cmdline=$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) && [ -n "$cmdline" ]
}

# running PIDFILE WORD...: whether it lives and has each WORD in its command line: its program and a path of this
# instance. So a pid that the system gave to a stranger since then is never taken for ours. Sets pid.
running() {
    alive "$1" || return 1
    shift
    for word in "$@"; do
        case $cmdline in *"$word"*) ;; *) return 1 ;; esac
    done
}

# until_true SECONDS COMMAND...: run COMMAND ten times a second until it succeeds; fails after SECONDS.
until_true() {
    tries=$(($1 * 10))
    shift
    while ! "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.1
    done
}

not() {
    ! "$@"
}

# launch PIDFILE LOG COMMAND...: start COMMAND detached from this terminal, its output appended to LOG. Descriptor 9 is
# the lock of instance.sh, which must not outlive it.
launch() {
    pidfile=$1 log=$2
    shift 2
    setsid "$@" >>"$log" 2>&1 </dev/null 9>&- &
    echo $! >"$pidfile"
}

# halt SECONDS PIDFILE WORD...: TERM, wait SECONDS, then KILL. Nothing happens where it does not run.
halt() {
    seconds=$1
    shift
    if running "$@"; then
        kill -TERM "$pid"
        until_true "$seconds" not running "$@" || {
            say "process $pid ($2) did not stop within $seconds s, killed"
            kill -KILL "$pid"
            until_true 5 not running "$@"
        }
    fi
    rm -f "$1"
}

# listening PORT: whether anything on this machine listens on the TCP port.
listening() {
    hex=$(printf ':%04X' "$1")
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v p="$hex\$" '$4 == "0A" && $2 ~ p { f = 1 } END { exit !f }'
}

# random_word: 32 hexadecimal digits.
random_word() {
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
}

# socket_dir DIR: print where the unix sockets of the instance in DIR go: DIR itself, or a private folder in /tmp where
# DIR is too deep for the 107 bytes that a socket's path may have.
socket_dir() {
    if [ "$(printf '%s/fastcgi.sock' "$1" | wc -c)" -le 100 ]; then
        printf '%s\n' "$1"
        return
    fi
    short=/tmp/dtuhub-$(id -u)-$(printf '%s' "$1" | cksum | cut -d ' ' -f 1)
    mkdir -m 700 "$short" 2>/dev/null || [ -O "$short" ] || die "$short belongs to somebody else; use a shorter RUN_DIR"
    printf '%s\n' "$short"
}
