#!/bin/sh
# Install the packages of the named groups of packages.txt that are missing: packages.sh build run test lint
# Does nothing (and needs no network and no root) where all are there.
set -eu
PATH=$PATH:/usr/sbin:/sbin
list=$(dirname "$0")/../packages.txt

wanted() {
    awk -v groups=" $* " '
        /^\[/ { on = index(groups, " " substr($0, 2, length($0) - 2) " ") }
        on && /^[a-z0-9]/ { print $1, substr($2, 2) }' "$list"
}

missing=$(wanted "$@" | while read -r package command; do
    [ -n "$command" ] && command -v "$command" >/dev/null 2>&1 && continue
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
done | xargs)
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "packages.sh: run as root, or install sudo; missing: $missing" >&2
        exit 1
    }
    sudo=sudo
fi
echo "Installing: $missing"

# Only the programs are wanted: no service of the system is started by this, now or at the next boot.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap '$sudo rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' | $sudo sh -c "cat >$policy && chmod 755 $policy"
fi
$sudo apt-get update -qq
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
case " $missing " in
*" nginx-light "*) ! command -v systemctl >/dev/null || $sudo systemctl disable --quiet nginx || : ;;
esac
