"""The daemons as system services: what they say to the service manager, and what the shipped units say."""
import os
import re
import signal
import socket
import stat
import subprocess
import time

import pytest

from harness.net import listening
from harness.parts import BUILD, ROOT
from harness.service import Manager
from harness.wait import wait_for


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path)
    yield manager
    manager.close()


@pytest.fixture
def daemon(run, config, manager):
    """daemon("collector") or daemon("webapp"): started as a unit starts it."""
    def start(name, watchdog_s=None, **env):
        options = {"collector": [], "webapp": ["--socket", run.folder / "webapp.sock", "--templates", ROOT / "templates"]}
        return run.start(name, [BUILD / f"dtuhub-{name}", "-c", config().folder, *options[name]],
                         {**manager.env(watchdog_s), **env})
    return start


def test_the_collector_is_ready_when_it_listens(daemon, config, manager):
    process = daemon("collector")
    assert manager.wait("READY")["STATUS"] == "0 lines open"
    assert listening(config().server["server"]["main_port"])
    assert process.stop() == 0
    stopping = manager.wait("STOPPING")
    assert int(stopping["EXTEND_TIMEOUT_USEC"]) == 15_000_000
    assert manager.states() == ["READY", "STOPPING"]


def test_a_reload_is_announced_with_its_end(daemon, config, manager):
    process = daemon("collector")
    manager.wait("READY")
    before = time.monotonic_ns() // 1000
    process.signal(signal.SIGHUP)
    assert manager.wait("READY", 2)["STATUS"] == "0 lines open"
    assert before <= int(manager.wait("RELOADING")["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    assert manager.states() == ["READY", "RELOADING", "READY"]


def test_a_refused_reload_is_ready_and_says_why(daemon, config, manager):
    process = daemon("collector", watchdog_s=0.2)
    manager.wait("READY")
    config().server["server"]["max_missed"] = "many"
    config().write()
    process.signal(signal.SIGHUP)
    text = manager.wait("READY", 2)["STATUS"]
    assert text.startswith("reload refused, runs as before: ") and re.search(r"server_config\.yml:\d+: .*max_missed", text)
    manager.clear()
    assert manager.wait("WATCHDOG")["STATUS"] == text
    config().server["server"]["max_missed"] = 4
    config().write()
    process.signal(signal.SIGHUP)
    assert manager.wait("READY")["STATUS"] == "0 lines open"


@pytest.mark.parametrize("name", ["collector", "webapp"])
def test_the_watchdog_is_fed_while_the_loop_goes_round(daemon, manager, name):
    process = daemon(name, watchdog_s=0.2)
    manager.wait("WATCHDOG", 5)
    process.signal(signal.SIGSTOP)
    wait_for(lambda: f"{process.pid} ({process.argv[0].rsplit('/', 1)[1][:15]}) T" in
             open(f"/proc/{process.pid}/stat").read(), 10, "the daemon to hang")
    manager.clear()
    with pytest.raises(AssertionError):
        manager.wait("WATCHDOG", timeout=1)
    process.signal(signal.SIGCONT)
    manager.wait("WATCHDOG", 2)


def test_without_a_watchdog_there_are_no_pings(daemon, manager):
    process = daemon("collector")
    manager.wait("READY")
    assert process.stop() == 0
    assert all("WATCHDOG" not in message for message in manager.heard)


def test_the_webapp_tells_the_same(daemon, manager, tmp_path):
    process = daemon("webapp")
    assert manager.wait("READY")["STATUS"] == "ready, 8 threads"
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "webapp.sock"))
    process.signal(signal.SIGHUP)
    manager.wait("READY", 2)
    assert process.stop() == 0
    manager.wait("STOPPING")
    assert manager.states() == ["READY", "RELOADING", "READY", "STOPPING"]


@pytest.mark.parametrize("name", ["collector", "webapp"])
def test_sighup_opens_the_log_file_anew(daemon, config, manager, tmp_path, name):
    log = tmp_path / "own.log"
    config(server={"log": {"file": str(log)}})
    process = daemon(name)
    manager.wait("READY")
    log.rename(tmp_path / "own.log.1")
    process.signal(signal.SIGHUP)
    manager.wait("READY", 2)
    assert log.exists()
    old = (tmp_path / "own.log.1").read_text()
    assert process.stop() == 0
    assert "stopping" in log.read_text()
    assert (tmp_path / "own.log.1").read_text() == old.rstrip("\n") + "\n" and "stopping" not in old


@pytest.mark.parametrize("name", ["collector", "webapp"])
def test_the_password_comes_by_credential(daemon, config, database, manager, tmp_path, name):
    made = config()
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "mysql").write_text(made.server["mysql"].pop("password") + "\n")
    made.server["mysql"]["password_file"] = "${CREDENTIALS_DIRECTORY}/mysql"
    made.write()
    process = daemon(name, CREDENTIALS_DIRECTORY=str(tmp_path / "credentials"))
    manager.wait("READY")
    if name == "collector":
        process.wait_log("is ready")  # it has logged in


def test_the_control_socket_is_in_the_runtime_directory(daemon, config, manager, tmp_path):
    made = config()
    made.server["server"].pop("control_socket")
    made.write()
    (tmp_path / "runtime").mkdir()
    daemon("collector", RUNTIME_DIRECTORY=str(tmp_path / "runtime"))
    manager.wait("READY")
    assert stat.S_IMODE(os.stat(tmp_path / "runtime" / "control.sock").st_mode) == 0o660


# The units


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder that "make install" has filled, as for PREFIX=/usr."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run(["sh", "scripts/install.sh", BUILD], cwd=ROOT, check=True,
                   env={**os.environ, "DESTDIR": str(folder), "PREFIX": "/usr", "SYSCONFDIR": "/etc"})
    return folder


@pytest.mark.parametrize("name", ["collector", "webapp"])
def test_the_units_are_hardened(installed, name):
    unit = installed / "usr/lib/systemd/system" / f"dtuhub-{name}.service"
    done = subprocess.run(["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=20", unit],
                          capture_output=True, text=True)
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert done.returncode == 0 and float(exposure[1]) <= 2.0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["collector", "webapp"])
def test_the_units_have_no_fault(installed, name, tmp_path):
    unit = tmp_path / f"dtuhub-{name}.service"
    text = (installed / "usr/lib/systemd/system" / unit.name).read_text()
    assert "@P" not in text and "@S" not in text.replace("=@system-service", "") and "@H" not in text
    # The programs are looked for, so the copy names the ones in the folder; the manual is not there to be shown.
    unit.write_text(text.replace("=/usr/bin/dtuhub", f"={installed}/usr/bin/dtuhub").replace("Documentation=", "#"))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    assert done.returncode == 0 and not complaints, done.stderr
