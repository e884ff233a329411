#!/bin/sh
# Make a Debian package of what was built: deb.sh BUILD writes build/dtuhub_VERSION_ARCH.deb and prints its path.
# Variables: DEB_REVISION=1, the number behind the version; DEB_OUT=build, the folder it goes to.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
build=$1 out=${DEB_OUT:-build} revision=${DEB_REVISION:-1}
version=$(sed -n 's/^#define DTUHUB_VERSION "\(.*\)"/\1/p' shared/base/version.h)-$revision
arch=$(dpkg --print-architecture)
mkdir -p "$out"
work=$(realpath "$out")/deb
root=$work/root doc=$work/root/usr/share/doc/dtuhub
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y shared/base/version.h)}
export SOURCE_DATE_EPOCH
umask 022

documents() {
    mkdir -p "$doc"
    install -m 644 LICENSE "$doc/copyright"
    install -m 644 README.md docs/*.md "$doc"
    {
        printf 'dtuhub (%s) unstable; urgency=medium\n\n  * Version %s.\n\n' "$version" "${version%-*}"
        printf ' -- dtuhub developers <dtuhub@localhost>  %s\n' "$(date -R -u -d "@$SOURCE_DATE_EPOCH")"
    } | gzip -9n >"$doc/changelog.Debian.gz"
    # The manual of the simulator, which is not part of the package, stays out.
    rm -r "$root/usr/share/man/man1"
    gzip -9n "$root"/usr/share/man/man8/*
}

# dpkg-shlibdeps wants a debian/control where it is run.
library_packages() {
    mkdir -p "$work/debian"
    printf 'Source: dtuhub\n\nPackage: dtuhub\nArchitecture: any\n' >"$work/debian/control"
    (cd "$work" && dpkg-shlibdeps -O root/usr/bin/dtuhub-collector root/usr/bin/dtuhub-webapp 2>"$work/shlibdeps.log") ||
        die "dpkg-shlibdeps failed: $(cat "$work/shlibdeps.log")"
}

control() {
    mkdir "$root/DEBIAN"
    depends=$(library_packages | sed -n 's/^shlibs:Depends=//p')
    [ -n "$depends" ] || die "dpkg-shlibdeps found no libraries"
    sed -e "s|@VERSION@|$version|" -e "s|@ARCH@|$arch|" -e "s|@DEPENDS@|$depends|" \
        -e "s|@SIZE@|$(du -sk --apparent-size "$root" | cut -f 1)|" packaging/debian/control.in >"$root/DEBIAN/control"
    (cd "$root" && find etc -type f | sort | sed 's|^|/|') >"$root/DEBIAN/conffiles"
    (cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
    install -m 755 packaging/debian/postinst packaging/debian/prerm packaging/debian/postrm "$root/DEBIAN"
}

rm -rf "$work"
mkdir -p "$root"
DESTDIR=$root PREFIX=/usr SYSCONFDIR=/etc sh "$(dirname "$0")/install.sh" "$build"
strip --strip-unneeded "$root/usr/bin/dtuhub-collector" "$root/usr/bin/dtuhub-webapp"
documents
control
deb=$out/dtuhub_${version}_$arch.deb
dpkg-deb --root-owner-group --build "$root" "$deb" >"$work/build.log"
rm -rf "$work"
say "$deb"
