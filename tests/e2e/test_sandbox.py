"""The daemons ask the kernel for nothing that their units forbid: each runs through its main path below strace, and what
it called is compared with SystemCallFilter, RestrictAddressFamilies, MemoryDenyWriteExecute, ProtectHome and
ProtectSystem. systemd itself need not run."""
import os
import re
import shutil
import signal
import subprocess

import pytest

from harness.control import get, metrics
from harness.fastcgi import Request
from harness.net import free_port, listening
from harness.parts import BUILD, ROOT
from harness.service import Manager
from harness.tlv import TlvClient
from harness.wait import wait_for

# SQLite hands new files to the owner of the database, where it is root: a unit's user is not.
OF_ROOT = {"fchown"} if os.geteuid() == 0 else set()
SOURCES = ["packaging/dtuhub-{}.service.in", "packaging/hardening.conf"]


def works(*argv):
    return shutil.which(argv[0]) and subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


pytestmark = [
    pytest.mark.skipif(not works("strace", "-o", "/dev/null", "true"), reason="strace is missing, or may not trace"),
    pytest.mark.skipif(not works("systemd-analyze", "syscall-filter", "@default"), reason="systemd-analyze is missing"),
    pytest.mark.skipif(BUILD != ROOT / "build", reason="a sanitizer makes calls of its own")]


def unit(name):
    """{key: [value, ...]} of a unit with what is put into it."""
    found = {}
    for path in SOURCES:
        for key, value in re.findall(r"(?m)^(\w+)=(.*)$", (ROOT / path.format(name)).read_text()):
            found.setdefault(key, []).append(value)
    return found


def groups():
    """{group: its calls and groups}"""
    text = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter"], capture_output=True, text=True,
                          check=True).stdout
    found, members = {}, None
    for line in text.splitlines():
        word = line.strip()
        if line.startswith("@"):
            members = found.setdefault(word, set())
        elif line.startswith("    ") and not word.startswith("#"):
            members.add(word)
    return found


def calls(word, known):
    return {word} if word not in known else set().union(*(calls(member, known) for member in known[word]))


def allowed_calls(lines):
    known, allowed = groups(), set()
    for line in lines:
        named = set().union(*(calls(word, known) for word in line.removeprefix("~").split()))
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


class Traced:
    """A program below strace, which is no parent of it: its pid and its signals are its own."""

    def __init__(self, run, name, options, env):
        self._path = run.folder / f"{name}.strace"
        self.process = run.start(name, ["strace", "-D", "-f", "-q", "-o", self._path, BUILD / f"dtuhub-{name}", *options], env)

    def end(self):
        assert self.process.stop() == 0
        gone = rf"(?m)^{self.process.pid} +\+\+\+ exited"
        wait_for(lambda: re.search(gone, self._path.read_text(errors="replace")), 20, "the end of the trace")
        return self._path.read_text(errors="replace")


def check(trace, name, folder):
    """Against the unit: folder is what a unit's StateDirectory and its like are."""
    says = unit(name)
    used = set(re.findall(r"(?m)^\d+ +(\w+)\(", trace))
    assert len(used) > 40 and {"execve", "clone3", "openat"} <= used, "the trace of a whole run"
    assert used - allowed_calls(says["SystemCallFilter"]) - OF_ROOT == set()
    families = set(re.findall(r" socket\((\w+)", trace))
    assert families and families <= set(" ".join(says["RestrictAddressFamilies"]).split())
    assert says["MemoryDenyWriteExecute"] == ["yes"]
    assert not re.findall(r" mmap\([^)]*PROT_WRITE\|PROT_EXEC.*| mprotect\([^)]*PROT_EXEC.*", trace)
    assert says["ProtectHome"] == ["yes"] and says["ProtectSystem"] == ["strict"]
    opened = re.findall(r' openat\([^"]*"([^"]*)", ([\w|]+).*\) += \d', trace)
    own = (str(folder), str(ROOT))
    elsewhere = [(path, how) for path, how in opened if not path.startswith(own)]
    assert not [path for path, _ in elsewhere if re.match(r"/(home|root|run/user)/", path)]
    assert not [path for path, how in elsewhere if not how.startswith("O_RDONLY") and not path.startswith("/dev/")]


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def reload(process, manager):
    manager.clear()
    process.signal(signal.SIGHUP)
    manager.wait("READY")


@pytest.fixture
def programs(run, config, manager):
    """Both, with logs in files, a journal, and a device that is dialled by name."""
    dialled = free_port()
    made = config(server={"log": {"file": str(run.folder / "own.log"), "level": "debug"}, "mysql": {"pool_size": 2}},
                  data={"query_tasks": {1: {"interval": 1}}, "devices": {"2001": {"dial": f"localhost:{dialled}", "profile": "plc"}},
                        "profiles": {"plc": {"line": "mbap_dial", "query_tasks": {1: {
                            "start_addr": 1, "length": 1, "interval": 1, "trigger": "timer"}},
                            "data_points": {1: {"name": "a", "type": "uint16"}}}}})

    def start(name, *options):
        traced = Traced(run, name, ["-c", made.folder, *options], manager.env(1))
        manager.wait("READY")
        return traced
    return start


class Hub:
    """What harness.control wants to know of a collector."""

    def __init__(self, config):
        self.control_socket = config.server["server"]["control_socket"]


def test_the_collector_keeps_to_its_unit(programs, config, run, manager, mariadb):
    hub, port = Hub(config()), config().server["server"]["main_port"]
    traced = programs("collector")
    wait_for(lambda: get(hub, "/readyz")[0] == 200, 30, "the database")
    wait_for(lambda: re.search(r"2001.*(refused|Connection)", get(hub, "/dials")[1]), 20, "a dial by name")
    with TlvClient(port, 1001) as dtu:
        dtu.answer_next({2000: 1})
        wait_for(lambda: metrics(hub)["writer_readings_total"] > 0, 20, "a reading to be stored")
        (run.folder / "own.log").rename(run.folder / "own.log.1")
        reload(traced.process, manager)
        traced.process.signal(signal.SIGUSR1)
        wait_for(lambda: "end of the state" in (run.folder / "own.log").read_text(), 10, "the state")
        mariadb.stop()
        dtu.answer_next({2000: 2})
        wait_for(lambda: metrics(hub)["journal_records"] > 0, 20, "a record to wait in the journal")
        mariadb.start()
        wait_for(lambda: metrics(hub)["journal_records"] == 0, 30, "it to be stored")
        for path in ("/status", "/lines", "/quarantine", "/nothing"):
            get(hub, path)
    assert listening(port)
    check(traced.end(), "collector", run.folder)


def test_the_webapp_keeps_to_its_unit(programs, collector, config, run, manager):
    traced = programs("webapp", "--socket", run.folder / "webapp.sock", "--templates", ROOT / "templates")
    collector()  # it makes the tables
    hub = Hub(config())
    wait_for(lambda: get(hub, "/readyz")[0] == 200, 30, "the database")
    with TlvClient(config().server["server"]["main_port"], 1001) as dtu:
        dtu.answer_next({2000: 1})
        wait_for(lambda: metrics(hub)["writer_readings_total"] > 0, 20, "a reading to be stored")
        for path in ("/", "/devices", "/device/1001", "/lines", "/data", "/connections", "/export?device_id=1001", "/api/lines"):
            assert Request(run.folder / "webapp.sock", path).status() == 200, path
    (run.folder / "own.log").rename(run.folder / "own.log.1")
    config().server["mysql"].update(socket=None, host="localhost.localdomain", port=free_port())
    config().write()
    reload(traced.process, manager)
    assert Request(run.folder / "webapp.sock", "/healthz").status() == 503  # a database by name, which is not there
    check(traced.end(), "webapp", run.folder)
