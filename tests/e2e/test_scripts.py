"""What the scripts lean on: processes known by more than a number, ports, settings in YAML with comments."""
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def sh(text, *arguments, status=0):
    """Run shell text after lib.sh; its output."""
    done = subprocess.run(["sh", "-c", f'set -eu; . "{SCRIPTS}/lib.sh"\n{text}', "test", *map(str, arguments)],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture
def child(run, tmp_path):
    def start(script="import time; print('up', flush=True); time.sleep(60)"):
        process = run.start("child", [sys.executable, "-c", script, tmp_path / "config"])
        process.expected_exit.update({-15, -9})
        process.wait_log("up")
        (tmp_path / "child.pid").write_text(str(process.pid))
        return process
    return start


def test_a_running_process_is_known_and_stopped(child, tmp_path):
    process = child()
    sh('running "$1/child.pid" python "$1/"', tmp_path)
    sh('halt 10 "$1/child.pid" python "$1/"', tmp_path)
    assert process.wait(5) == -15
    assert not (tmp_path / "child.pid").exists()


def test_a_stranger_with_the_pid_of_ours_is_left_alone(child, tmp_path):
    process = child()
    sh('running "$1/child.pid" dtuhub-collector "$1/"', tmp_path, status=1)
    sh('running "$1/child.pid" python "$1/other/"', tmp_path, status=1)
    sh('halt 10 "$1/child.pid" dtuhub-collector "$1/"', tmp_path)
    assert process.alive
    assert not (tmp_path / "child.pid").exists()


def test_who_ignores_term_is_killed(child, tmp_path):
    process = child("import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)")
    assert "killed" in sh('halt 1 "$1/child.pid" python "$1/"', tmp_path)
    assert process.wait(5) == -9


@pytest.mark.parametrize("content", ["", "999999999", "nonsense", "-1", "0"])
def test_stale_pid_files(tmp_path, content):
    (tmp_path / "child.pid").write_text(content)
    sh('running "$1/child.pid" python "$1/"', tmp_path, status=1)
    sh('halt 1 "$1/child.pid" python "$1/"', tmp_path)


def test_listening():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
        sh('listening "$1"', port, status=1)
        s.listen()
        sh('listening "$1"', port)


def test_sockets_of_a_deep_folder_go_to_a_short_one(tmp_path):
    assert sh('socket_dir "$1"', "/x/run") == "/x/run"
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    short = Path(sh('socket_dir "$1"', deep))
    try:
        assert len(str(short)) < 60 and short.stat().st_mode & 0o777 == 0o700
        assert sh('socket_dir "$1"', deep) == str(short)
        assert sh('socket_dir "$1"', f"{deep}2") != str(short)
    finally:
        short.rmdir()
        Path(sh('socket_dir "$1"', f"{deep}2")).rmdir()


CONFIG = """# head
server:
  # which port
  port: 1 # as a number
  name: "a # b"

mysql:
  password: "secret"
"""


def key(path, action, *words):
    done = subprocess.run(["sh", SCRIPTS / "config_key.sh", action, path, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_settings_are_changed_and_comments_stay(tmp_path):
    path = tmp_path / "c.yml"
    path.write_text(CONFIG)
    assert key(path, "get", "server", "port") == "1"
    assert key(path, "get", "server", "name") == "a # b"
    assert key(path, "get", "mysql", "port") == ""
    key(path, "set", "server", "port", "22")
    key(path, "set", "server", "extra", "/x/y.sock")
    key(path, "drop", "mysql", "password")
    key(path, "set", "mysql", "password_file", "p")
    key(path, "set", "web", "n", "3")
    assert yaml.safe_load(path.read_text()) == {
        "server": {"port": 22, "name": "a # b", "extra": "/x/y.sock"}, "mysql": {"password_file": "p"}, "web": {"n": 3}}
    assert "# head" in path.read_text() and "# which port" in path.read_text()


def test_packages_that_are_there_need_no_network():
    done = subprocess.run(["sh", SCRIPTS / "packages.sh", "run"], capture_output=True, text=True, check=True,
                          env={"PATH": "/usr/bin:/bin", "http_proxy": "http://127.0.0.1:1"})
    assert done.stdout == ""
