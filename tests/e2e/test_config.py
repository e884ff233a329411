"""The collector's command line, its check of the configuration, and the reload."""
import re
import signal
import socket
import subprocess

import pytest

from harness.control import metrics, status
from harness.parts import BUILD, ROOT
from harness.tlv import TlvClient
from harness.wait import wait_for

PROGRAM = BUILD / "dtuhub-collector"


def call(*options):
    return subprocess.run([PROGRAM, *options], capture_output=True, text=True, timeout=20)


def test_the_original_files_are_good():
    done = call("-c", ROOT / "tests/fixtures/original", "-t")
    assert done.returncode == 0 and done.stderr == ""


def test_every_fault_of_both_files_in_one_run(config, run):
    folder = config().folder
    with open(folder / "server_config.yml", "a") as file:
        file.write("cach: {}\n")
    with open(folder / "data_config.yml", "w") as file:
        file.write("query_tasks:\n  1: {start_addr: 1, length: 126, interval: 1}\n"
                   "data_points:\n  1: {name: a, type: int, length: 2, scales: 1}\n")
    done = call("-c", folder, "-t")
    assert done.returncode == 1
    lines = done.stderr.splitlines() + done.stdout.splitlines()
    lines = [line for line in lines if line]
    assert all(re.match(r"\S+_config\.yml:\d+: \S", line) for line in lines), lines
    assert any(re.search(r'server_config\.yml:\d+: .*cach.*cache', line) for line in lines), lines
    assert any(re.search(r"data_config\.yml:2: .*125", line) for line in lines), lines
    assert any(re.search(r"data_config\.yml:4: .*scales.*scale", line) for line in lines), lines
    done = call("-c", folder)
    assert done.returncode == 1 and "data_config.yml:2: " in done.stderr  # a start refuses them as well


def test_notes_of_what_is_hardly_meant(config):
    folder = config().folder
    with open(folder / "data_config.yml", "w") as file:
        file.write("profiles:\n  idle:\n    port: 40001\n")
    done = call("-c", folder, "-t")
    assert done.returncode == 0 and done.stderr == ""
    first, note = done.stdout.splitlines()
    assert first == f"{folder}: the configuration is good"
    assert note.startswith(f"{folder}/data_config.yml:2: note: profiles.idle: nothing is read here"), note


def test_webhooks_and_rules_are_held_against_each_other(config):
    folder = config(
        server={"webhooks": {"targets": {
            "ops": {"url": "https://h/", "rules": ["tank_hihg", "pump_*"]},
            "room": {"url": "https://h/", "events": "*", "format": "feishu"}}}},
        data={"query_tasks": {1: {"start_addr": 1, "length": 1, "interval": 1}},
              "data_points": {1: {"name": "level", "type": "uint16"}},
              "rules": {"tank_high": {"point": "levle", "when": "above 8"}}},
        replace_data=True).folder
    path = folder / "server_config.yml"
    done = call("-c", folder, "-t")
    assert done.returncode == 1
    assert re.fullmatch(rf'{path}:\d+: webhooks\.targets\.ops\.rules: unknown rule "tank_hihg": '
                        r'did you mean "tank_high"\?\n', done.stderr), done.stderr

    path.write_text(path.read_text().replace("tank_hihg", "tank_high"))
    done = call("-c", folder, "-t")
    assert done.returncode == 0 and done.stderr == ""
    first, robot, point = done.stdout.splitlines()
    assert re.match(rf"{path}:\d+: note: webhooks\.targets\.room\.events: data_received", robot), robot
    assert re.match(rf"{folder}/data_config\.yml:\d+: note: rules\.tank_high\.point: no point", point), point


def test_a_missing_folder():
    done = call("-c", "/nonexistent", "-t")
    assert done.returncode == 1
    assert "/nonexistent/server_config.yml:0: " in done.stderr and "/nonexistent/data_config.yml:0: " in done.stderr


def test_help_version_and_usage():
    text = call("--help")
    assert text.returncode == 0 and all(word in text.stdout for word in ("-c DIR", "-t", "--version", "HUP", "USR1"))
    assert re.fullmatch(r"dtuhub-collector \d+\.\d+\.\d+\n", call("--version").stdout)
    assert call("--nonsense").returncode == 2
    assert call("nonsense").returncode == 2


def test_a_port_in_use_is_said_by_its_key(config, run):
    settings = config()
    with socket.create_server(("127.0.0.1", settings.server["server"]["main_port"])) as taken:
        process = run.start("collector", [PROGRAM, "-c", settings.folder])
        process.expected_exit = {1}
        assert process.wait() == 1
        assert re.search(rf"127\.0\.0\.1:{taken.getsockname()[1]}: Address already in use.*server\.main_port",
                         process.log())


TASK = {"start_addr": 2000, "length": 2, "interval": 0.1, "trigger": "timer"}
POINT = {"name": "a", "type": "uint16"}


@pytest.fixture
def hub(collector):
    hub = collector(server={"cache": {"flush_interval": 0.05}, "polling": {"request_gap": 0}},
                    data={"query_tasks": {1: TASK}, "data_points": {2000: POINT}}, replace_data=True)
    hub.process.wait_log("is ready")
    return hub


def test_sighup_takes_over_tasks_and_points(hub, database):
    with TlvClient(hub.port, 1001) as dtu:
        dtu.answer_next({2000: 1})
        hub.reload(data={"query_tasks": {2: {**TASK, "start_addr": 3000, "length": 5}},
                         "data_points": {2001: {"name": "b", "type": "uint16"}, 3004: {"name": "c", "type": "uint16"}}})
        hub.process.wait_log("taken over: 1 profiles, 2 tasks, 3 points, 1 lines stay open")

        def seen():
            dtu.answer_next({2000: 1, 2001: 2, 3004: 3})
            return {row["data_point"]: row["value"] for row in
                    database.query("SELECT DISTINCT data_point, value FROM device_data")} == {"a": 1, "b": 2, "c": 3}
        wait_for(seen, 10, "values of the new points")
        hub.reload(data={"query_tasks": {1: None}, "data_points": {2000: None, 2001: None}})
        hub.process.wait_log("taken over: 1 profiles, 1 tasks, 1 points, 1 lines stay open")
        wait_for(lambda: dtu.answer_next({})[2:4] == b"\x0b\xb8" and dtu.answer_next({})[2:4] == b"\x0b\xb8", 5,
                 "only the new task")
    now = metrics(hub)
    assert now["accepted_total"] == now["registered_total"] == 1
    assert now["reloads_total"] == 2 and now["reloads_rejected_total"] == 0
    assert database.value("SELECT COUNT(*) FROM connection_history WHERE event = 'connect'") == 1


def test_a_broken_file_changes_nothing(hub):
    path = hub.config.folder / "data_config.yml"
    good = path.read_text()
    with TlvClient(hub.port, 1001) as dtu:
        dtu.answer_next({})
        path.write_text("query_tasks:\n  1: {start_addr: 4000, length: 200, interval: 1}\ndata_points: {}\n")
        hub.process.signal(signal.SIGHUP)
        hub.process.wait_log(r"data_config\.yml:2: .*125")
        hub.process.wait_log("what ran before goes on unchanged")
        assert "data_config.yml:2: " in status(hub)["config_error"]
        now = metrics(hub)
        assert (now["config_ok"], now["reloads_rejected_total"], now["reloads_total"]) == (0, 1, 0)
        for _ in range(3):
            assert dtu.answer_next({})[2:4] == b"\x07\xd0"
        path.write_text(good)
        hub.process.signal(signal.SIGHUP)
        hub.process.wait_log("taken over")
        assert status(hub)["config_error"] == "" and metrics(hub)["config_ok"] == 1
        dtu.answer_next({})
    assert metrics(hub)["accepted_total"] == 1


def test_a_port_that_a_reload_cannot_bind_is_said(hub):
    with socket.create_server(("127.0.0.1", 0)) as taken, TlvClient(hub.port, 1001) as dtu:
        port = taken.getsockname()[1]
        hub.reload(data={"profiles": {"pumps": {"port": port}}})
        hub.process.wait_log("taken over: 2 profiles")
        said = f"port {port} of profile pumps cannot be bound: Address already in use"
        assert said in status(hub)["config_error"] and metrics(hub)["config_ok"] == 0
        hub.process.wait_log(r"data_config\.yml:\d+: profiles\.pumps: nothing is read here")
        dtu.answer_next({})
    hub.process.signal(signal.SIGHUP)
    wait_for(lambda: status(hub)["config_error"] == "" and metrics(hub)["config_ok"] == 1, 10, "the port")
