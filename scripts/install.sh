#!/bin/sh
# Install what was built, as "make install" does: install.sh BUILD
# Variables: DESTDIR, PREFIX, SYSCONFDIR. Programs, templates and assets go to PREFIX, the configuration to
# SYSCONFDIR/dtuhub; one that is there stays as it is. Run in the source folder.
set -eu
build=$1 prefix=${PREFIX:-/usr/local} sysconfdir=${SYSCONFDIR:-/etc}
root=${DESTDIR-}
to=$root$prefix share=$root$prefix/share/dtuhub config=$root$sysconfdir/dtuhub

# put MODE FOLDER FILE...: copy files into a folder.
put() {
    mode=$1 folder=$2
    shift 2
    install -d "$folder"
    install -m "$mode" "$@" "$folder"
}

# fill SOURCE TARGET: copy with the paths of this installation.
fill() {
    install -d "$(dirname "$2")"
    sed -e '/@HARDENING@/{r packaging/hardening.conf' -e 'd}' -e "s|@PREFIX@|$prefix|g" -e "s|@SYSCONFDIR@|$sysconfdir|g" \
        "$1" >"$2"
    chmod 644 "$2"
}

# tree SOURCE TARGET: copy a folder anew, so that no file of an older version stays.
tree() {
    rm -rf "$2"
    cp -r "$1" "$2"
    chmod -R u=rwX,go=rX "$2"
}

# The shipped configuration, with sockets and password where the units have them.
make_config() {
    put 644 "$1" config/*.yml
    put 644 "$1/profiles" config/profiles/*.yml
    put 644 "$1/tables" config/tables/*.csv
    sh scripts/config_key.sh set "$1/server_config.yml" server control_socket /run/dtuhub/control.sock
    # shellcheck disable=SC2016
    sed -i -e 's|^  # The password comes from .*|  # The units hand the password over: it is in credentials/mysql, which only root may read.|' \
        -e 's|^  password: .*|  password_file: "${CREDENTIALS_DIRECTORY}/mysql"|' "$1/server_config.yml"
}

put 755 "$to/bin" "$build/dtuhub-collector" "$build/dtuhub-webapp"
put 755 "$share/scripts" scripts/nginx_conf.sh
put 644 "$share/scripts" scripts/lib.sh
put 644 "$share/nginx" nginx/*.conf nginx/nginx.conf.in
tree templates "$share/templates"
tree build/assets "$share/assets"
rm -f "$share/assets/.made"
fill nginx/site.conf.in "$share/nginx/site.conf"
put 644 "$to/share/man/man1" docs/man/*.1
put 644 "$to/share/man/man8" docs/man/*.8
fill packaging/dtuhub-collector.service.in "$to/lib/systemd/system/dtuhub-collector.service"
fill packaging/dtuhub-webapp.service.in "$to/lib/systemd/system/dtuhub-webapp.service"
fill packaging/dtuhub.sysusers "$to/lib/sysusers.d/dtuhub.conf"
fill packaging/dtuhub.tmpfiles "$to/lib/tmpfiles.d/dtuhub.conf"
[ -e "$root$sysconfdir/logrotate.d/dtuhub" ] || fill packaging/dtuhub.logrotate "$root$sysconfdir/logrotate.d/dtuhub"
make_config "$share/config"
if [ ! -e "$config/server_config.yml" ] && [ ! -e "$config/data_config.yml" ]; then
    make_config "$config"
    chmod 750 "$config" # what is in it may be read by the group that tmpfiles.d gives it
    install -d -m 700 "$config/credentials"
fi
