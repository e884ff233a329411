"""make install and make deb: what they put where, and that it runs from there."""
import grp
import os
import pwd
import re
import shutil
import stat
import subprocess
import urllib.request

import pytest
import yaml

from harness.net import free_port, listening
from harness.parts import BUILD, ROOT, merged, new_config
from harness.service import Manager

CONF = "etc/dtuhub/server_config.yml"
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="dpkg --root sets owners")


def make(*variables):
    done = subprocess.run(["make", "-s", "install", *variables], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# make install


def test_an_installed_configuration_is_not_overwritten(tmp_path):
    where = [f"PREFIX={tmp_path}", f"SYSCONFDIR={tmp_path}/etc"]
    make(*where)
    mine = tmp_path / CONF
    assert stat.S_IMODE(mine.parent.stat().st_mode) == 0o750
    assert stat.S_IMODE((mine.parent / "credentials").stat().st_mode) == 0o700
    mine.write_text(mine.read_text() + "# mine\n")
    make(*where)
    assert mine.read_text().endswith("# mine\n")
    assert "# mine" not in (tmp_path / "share/dtuhub/config/server_config.yml").read_text()


def test_destdir_is_not_in_any_file(tmp_path):
    make(f"DESTDIR={tmp_path}/stage", "PREFIX=/opt/hub", "SYSCONFDIR=/opt/hub/etc")
    stage = tmp_path / "stage/opt/hub"
    unit = (stage / "lib/systemd/system/dtuhub-collector.service").read_text()
    assert "ExecStart=/opt/hub/bin/dtuhub-collector -c /opt/hub/etc/dtuhub\n" in unit
    found = [path for path in stage.rglob("*") if path.is_file() and str(tmp_path).encode() in path.read_bytes()]
    assert found == []


def site(folder, prefix, socket, port):
    """A main file for nginx around the installed site example."""
    text = (prefix / "share/dtuhub/nginx/site.conf").read_text()
    assert text.count("/run/dtuhub-webapp/webapp.sock") == 1 and text.count("127.0.0.1:8080") == 1
    (folder / "site.conf").write_text(text.replace("/run/dtuhub-webapp/webapp.sock", str(socket))
                                      .replace("127.0.0.1:8080", f"127.0.0.1:{port}"))
    (folder / "temp").mkdir()
    temps = "".join(f"{kind}_temp_path {folder}/temp/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = f"user {pwd.getpwuid(0).pw_name} {grp.getgrgid(0).gr_name};" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(f"{user}\ndaemon off;\npid {folder}/nginx.pid;\nevents {{}}\n"
                                       f"http {{\naccess_log off;\n{temps}include {folder}/site.conf;\n}}\n")


def test_the_installed_programs_find_their_files(run, database, tmp_path):
    prefix = tmp_path / "prefix"
    make(f"PREFIX={prefix}", f"SYSCONFDIR={prefix}/etc")
    config = prefix / CONF
    wanted = new_config(tmp_path, database).server
    password = wanted["mysql"].pop("password")
    shipped = yaml.safe_load(config.read_text())
    assert "password" not in shipped["mysql"]
    (config.parent / "credentials/mysql").write_text(password)
    config.write_text(yaml.dump(merged(shipped, {"server": wanted["server"], "mysql": {
        key: value for key, value in wanted["mysql"].items() if key != "password_file"}})))
    manager = Manager(tmp_path)
    env = {**manager.env(), "CREDENTIALS_DIRECTORY": str(config.parent / "credentials")}
    collector = run.start("collector", [prefix / "bin/dtuhub-collector", "-c", config.parent], env)
    collector.wait_log("is ready")
    socket, port = tmp_path / "webapp.sock", free_port()
    run.start("webapp", [prefix / "bin/dtuhub-webapp", "-c", config.parent, "--socket", socket], env)
    manager.wait("READY", 2)
    site(tmp_path, prefix, socket, port)
    nginx = run.start("nginx", ["nginx", "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-e", "stderr"])
    nginx.wait_ready(lambda: listening(port))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    page = opener.open(f"http://127.0.0.1:{port}/", timeout=20).read().decode()
    asset = re.search(r'"(/assets/[^"]+)"', page)[1]
    answer = opener.open(f"http://127.0.0.1:{port}{asset}", timeout=20)
    assert answer.status == 200 and "default-src 'none'" in answer.headers["Content-Security-Policy"]
    manager.close()


# make deb


@pytest.fixture(scope="module")
def debs(tmp_path_factory):
    """The package and the one after it, which changes a comment of a conffile."""
    folder = tmp_path_factory.mktemp("debs")

    def build(top, revision):
        done = subprocess.run(["sh", top / "scripts/deb.sh", BUILD], cwd=top, capture_output=True, text=True,
                              env={**os.environ, "DEB_OUT": str(folder), "DEB_REVISION": revision})
        assert done.returncode == 0, done.stdout + done.stderr
        return folder / done.stdout.strip().rsplit("/", 1)[1]

    copy = folder / "source"
    copy.mkdir()
    for name in ("scripts", "shared", "config", "templates", "nginx", "docs", "packaging", "README.md", "LICENSE"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
    shutil.copytree(ROOT / "build/assets", copy / "build/assets")
    for name in ("server_config.yml", "data_config.yml"):
        file = copy / "config" / name
        file.write_text(file.read_text() + "# new in this version\n")
    return build(ROOT, "1"), build(copy, "2")


def field(deb, name):
    return subprocess.run(["dpkg-deb", "-f", deb, name], capture_output=True, text=True, check=True).stdout.strip()


def test_the_package_says_what_it_is(debs):
    version = re.search(r'DTUHUB_VERSION "(.*)"', (ROOT / "shared/base/version.h").read_text())[1]
    assert [field(deb, "Version") for deb in debs] == [f"{version}-1", f"{version}-2"]
    depends = field(debs[0], "Depends")
    for package in ("libc6", "libevent-2.1-7", "libmariadb3", "libsystemd0"):
        assert package in depends
    assert field(debs[0], "Description").splitlines()[0] and field(debs[0], "Maintainer")


def test_the_package_is_well_made(debs, tmp_path):
    listing = subprocess.run(["dpkg-deb", "-c", debs[0]], capture_output=True, text=True, check=True).stdout
    subprocess.run(["dpkg-deb", "-R", debs[0], tmp_path / "x"], check=True)
    top = tmp_path / "x"
    for line in listing.splitlines():
        mode, owner, *_, path = line.split()
        assert owner == "root/root", line
        assert mode[8] != "w" and mode[5] != "w" or mode[0] == "l", line
        assert re.match(r"\./(etc/(dtuhub/.*|logrotate\.d/(dtuhub)?)?|usr/(bin|lib|share)?/?.*)?$", path), line
    conffiles = (top / "DEBIAN/conffiles").read_text().split()
    assert sorted(f"/{path.relative_to(top)}" for path in (top / "etc").rglob("*") if path.is_file()) == conffiles
    subprocess.run(["md5sum", "--quiet", "-c", "DEBIAN/md5sums"], cwd=top, check=True)
    assert not list(top.rglob("credentials/*")) and (top / "usr/share/doc/dtuhub/copyright").exists()
    assert (top / "usr/share/doc/dtuhub/changelog.Debian.gz").exists()
    for script in ("postinst", "prerm", "postrm"):
        subprocess.run(["sh", "-n", top / "DEBIAN" / script], check=True)
        assert os.access(top / "DEBIAN" / script, os.X_OK)
    for program in ("collector", "webapp"):
        assert (top / f"usr/share/man/man8/dtuhub-{program}.8.gz").exists()
        sections = subprocess.run(["readelf", "-S", top / f"usr/bin/dtuhub-{program}"], capture_output=True).stdout
        assert b".debug_info" not in sections and b".symtab" not in sections


class Root:
    """An otherwise empty system in a folder, and dpkg for it; the maintainer scripts run with DPKG_ROOT."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("etc", "run", "var/lib/dpkg/info", "var/lib/dpkg/updates"):
            (folder / name).mkdir(parents=True)
        for name in ("status", "available"):
            (folder / "var/lib/dpkg" / name).touch()
        (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
        (folder / "etc/group").write_text("root:x:0:\nwww-data:x:33:\n")

    def dpkg(self, *arguments):
        done = subprocess.run(["dpkg", f"--root={self.folder}", "--force-depends", "--force-script-chrootless",
                               "--force-confdef", "--force-confold", f"--log={self.folder}/dpkg.log", *arguments],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def status(self):
        done = subprocess.run(["dpkg-query", f"--admindir={self.folder}/var/lib/dpkg", "-W", "-f",
                               "${db:Status-Status} ${Version}", "dtuhub"], capture_output=True, text=True)
        return done.stdout

    def read(self, path):
        return (self.folder / path).read_text()

    def left(self):
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if "dtuhub" in str(
            path.relative_to(self.folder)) and not str(path.relative_to(self.folder)).startswith("var/lib/dpkg")}


@root_only
def test_install_upgrade_remove_purge(debs, tmp_path):
    system = Root(tmp_path / "root")
    out = system.dpkg("-i", debs[0])
    assert "/etc/dtuhub/credentials/mysql" in out and "systemctl enable --now" in out
    assert re.match(r"installed .*-1$", system.status())
    user = re.search(r"^dtuhub:\S*:(\d+):(\d+):.*:/usr/sbin/nologin$", system.read("etc/passwd"), re.M)
    uid, gid = int(user[1]), int(user[2])
    run_dir = (system.folder / "run/dtuhub-webapp").stat()
    assert (run_dir.st_uid, run_dir.st_gid, stat.S_IMODE(run_dir.st_mode)) == (uid, 33, 0o2750)
    config_dir = (system.folder / "etc/dtuhub").stat()
    assert (config_dir.st_uid, config_dir.st_gid, stat.S_IMODE(config_dir.st_mode)) == (0, gid, 0o750)
    assert not (system.folder / "etc/systemd").exists()  # nothing is enabled

    password = system.folder / "etc/dtuhub/credentials/mysql"
    password.write_text("of the owner")
    mine = system.folder / CONF
    mine.write_text(mine.read_text() + "# mine\n")
    out = system.dpkg("-i", debs[1])
    assert "credentials" not in out  # it is configured
    assert re.match(r"installed .*-2$", system.status())
    assert mine.read_text().endswith("# mine\n")
    assert system.read(CONF + ".dpkg-dist").endswith("# new in this version\n")
    assert system.read("etc/dtuhub/data_config.yml").endswith("# new in this version\n")
    assert password.read_text() == "of the owner"

    system.dpkg("-r", "dtuhub")
    assert system.status().startswith("config-files")
    assert mine.exists() and password.exists()
    assert all(path.startswith(("etc/dtuhub", "etc/logrotate.d/")) for path in system.left())

    journal = system.folder / "var/lib/dtuhub/journal"
    journal.mkdir(parents=True)
    (journal / "1.journal").write_text("readings")
    (journal.parent / "other").write_text("")
    out = system.dpkg("-P", "dtuhub")
    assert "/var/lib/dtuhub/journal stays: it may hold readings that the database does not have" in out
    assert "the database and the user dtuhub stay" in out
    assert {path for path in system.left() if (system.folder / path).is_file()} == {"var/lib/dtuhub/journal/1.journal"}
    system.dpkg("-i", debs[0])
    (journal / "all-stored").write_text("")
    assert "stays: " not in system.dpkg("-P", "dtuhub")
    assert system.left() == set()
    assert system.status() == "" or system.status().startswith("not-installed")


@root_only
def test_the_web_server_may_connect_to_the_portal_alone(debs, tmp_path):
    """Sockets as the units make them: www-data reaches the webapp's and not the collector's."""
    system = Root(tmp_path / "root")
    system.dpkg("-i", debs[0])
    uid, gid = map(int, re.search(r"^dtuhub:\S*?:(\d+):(\d+):", system.read("etc/passwd"), re.M).groups())
    (system.folder / "run/dtuhub").mkdir(mode=0o750)  # RuntimeDirectory=
    os.chown(system.folder / "run/dtuhub", uid, gid)
    serve = ("import os, socket, sys\nos.umask(0o117)\ns = socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\n")
    connect = ("import socket, sys\ns = socket.socket(socket.AF_UNIX)\ntry: s.connect(sys.argv[1])\n"
               "except PermissionError: sys.exit(13)\nexcept ConnectionRefusedError: sys.exit(0)\n")

    def as_user(user, group, code, path):
        return subprocess.run(["/usr/bin/python3", "-c", code, path], cwd=system.folder / "run", user=user, group=group,
                              extra_groups=[]).returncode
    for path in ("dtuhub/control.sock", "dtuhub-webapp/webapp.sock"):
        assert as_user(uid, gid, serve, path) == 0
    assert as_user(33, 33, connect, "dtuhub-webapp/webapp.sock") == 0
    assert as_user(33, 33, connect, "dtuhub/control.sock") == 13
    assert as_user(uid, gid, connect, "dtuhub/control.sock") == 0
