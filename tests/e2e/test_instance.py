"""make demo, up and down: scripts/instance.sh as users run it."""
import os
import shlex
import shutil
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest

from harness.net import free_port, listening
from harness.parts import BUILD, ROOT
from harness.wait import wait_for

PARTS = ("mysql", "collector", "webapp", "nginx", "sim")


class Instance:
    def __init__(self, folder):
        self.folder = folder
        self.ports = {"DTU_PORT": str(free_port()), "WEB_PORT": str(free_port())}

    def run(self, action, status=0, **variables):
        done = subprocess.run(["sh", ROOT / "scripts" / "instance.sh", action], text=True, timeout=180,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              env={**os.environ, "RUN_DIR": str(self.folder), "BUILD": str(BUILD), "SIM": "5",
                                   **self.ports, **variables})
        assert done.returncode == status, done.stdout
        return done.stdout

    @property
    def env(self):
        lines = (self.folder / "demo.env").read_text().splitlines()
        return {name: shlex.split(value)[0] for name, value in (line.split("=", 1) for line in lines)}

    def pids(self):
        return {p: int((self.folder / f"{p}.pid").read_text()) for p in PARTS if (self.folder / f"{p}.pid").exists()}

    def get(self, path):
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(self.env["URL"] + path, timeout=10) as r:
            return r.read()

    def rows(self, sql):
        e = self.env
        done = subprocess.run(["mariadb", "--no-defaults", "-N", "-B", f"--socket={e['MYSQL_SOCKET']}", f"--user={e['MYSQL_USER']}",
                               f"--password={e['MYSQL_PASSWORD']}", e["MYSQL_DATABASE"], "-e", sql],
                              capture_output=True, text=True, check=True)
        return done.stdout.split()


def gone(pid):
    try:
        return not Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return True


@pytest.fixture
def instance(tmp_path):
    made = []

    def make(name="run"):
        made.append(Instance(tmp_path / name))
        return made[-1]
    yield make
    for one in made:
        one.run("down")
        shutil.rmtree(one.folder, ignore_errors=True)


def test_demo_up_and_down(instance):
    one = instance()
    out = one.run("demo")
    assert one.env["URL"] in out and "5 simulated" in out
    assert (one.folder / "demo.env").stat().st_mode & 0o777 == 0o600
    assert set(one.pids()) == set(PARTS)
    assert one.rows("SELECT COUNT(*) > 0 FROM device_data") == ["1"]
    assert one.rows("SELECT COUNT(*) FROM devices WHERE status = 'online'") == ["5"]

    before = one.pids()
    one.run("up")
    assert one.pids() == before, "up restarts nothing that runs"

    one.run("down")
    assert one.pids() == {}
    assert all(gone(pid) for pid in before.values())
    assert not listening(int(one.ports["DTU_PORT"]))

    one.run("up")
    assert set(one.pids()) == set(PARTS) - {"sim"}
    assert one.rows("SELECT COUNT(*) > 0 FROM device_data") == ["1"], "data stays"


def test_up_is_the_way_back_after_a_crash(instance):
    one = instance()
    one.run("up")
    before = one.pids()
    for part in ("collector", "webapp", "mysql"):
        os.kill(before[part], signal.SIGKILL)
        wait_for(lambda pid=before[part]: gone(pid), what=f"the killed {part} to go")
    config = one.folder / "config" / "server_config.yml"
    config.write_text(config.read_text() + "# mine\n")
    one.run("up")
    after = one.pids()
    assert after["nginx"] == before["nginx"]
    assert all(after[part] != before[part] for part in ("collector", "webapp", "mysql"))
    assert config.read_text().endswith("# mine\n")
    assert one.get("/api/devices") is not None


def test_a_pid_file_that_names_a_stranger(instance):
    one = instance()
    one.folder.mkdir()
    for part in PARTS:
        (one.folder / f"{part}.pid").write_text(str(os.getpid()))
    one.run("up")
    one.run("down")
    assert one.pids() == {}


def test_ports_in_use_and_ports_of_an_instance_that_is_there(instance):
    one, two = instance("one"), instance("two")
    one.run("up")
    out = two.run("up", status=1, DTU_PORT=one.ports["DTU_PORT"])
    assert f"port {one.ports['DTU_PORT']} is in use" in out and "DTU_PORT" in out
    out = one.run("up", DTU_PORT="1")
    assert "DTU_PORT=1 is not used" in out


def test_two_side_by_side_and_a_deep_folder(instance, tmp_path):
    one, two = instance("one"), instance("d" * 90)
    one.run("up")
    two.run("up")
    assert len(two.env["MYSQL_SOCKET"]) < 108
    assert set(one.pids().values()).isdisjoint(two.pids().values())
    two.run("down")
    assert one.get("/api/devices") is not None
    shutil.rmtree(Path(two.env["MYSQL_SOCKET"]).parent)


def test_a_faulty_config_is_refused_with_its_line(instance):
    one = instance()
    one.run("up")
    config = one.folder / "config" / "server_config.yml"
    config.write_text(config.read_text().replace("max_missed:", "max_mised:"))
    out = one.run("up", status=1)
    assert "server_config.yml:" in out and "max_mised" in out
