"""Reloads under load: a hundred in a row, good ones and broken ones, and nothing is lost."""
import signal

import pytest

from harness.control import drained, get, metrics, status
from harness.served import Served, difference, stored_readings
from harness.wait import wait_for

DTUS = 20
RELOADS = 100
TASKS = {1: {"start_addr": 2000, "length": 4, "interval": 0.2, "trigger": "timer"},
         2: {"start_addr": 2100, "length": 2, "interval": 0.3, "trigger": "timer"}}
POINTS = {2000: {"name": "base", "type": "uint16"}, 2001: {"name": "second", "type": "uint16"},
          2100: {"name": "other", "type": "uint16"}}
BASE = {"base", "second", "other"}
MORE_TASKS = {3: {"start_addr": 3000, "length": 2, "interval": 0.2, "trigger": "timer"}}
MORE_POINTS = {2002: {"name": "guest", "type": "uint16"}, 3000: {"name": "extra", "type": "uint16"}}
BIG = {"server": {"log": {"level": "debug"}, "server": {"max_connections": 2000}, "polling": {"max_timeouts": 20}},
       "data": {"query_tasks": MORE_TASKS, "data_points": MORE_POINTS}}
SMALL = {"server": {"log": {"level": "info"}, "server": {"max_connections": 1000}, "polling": {"max_timeouts": 30}},
         "data": {"query_tasks": dict.fromkeys(MORE_TASKS), "data_points": dict.fromkeys(MORE_POINTS)}}


@pytest.fixture
def hub(collector):
    hub = collector(server={"cache": {"flush_interval": 0.05, "max_size": 1000000},
                            "polling": {"request_gap": 0.01, "slave_gap": 0.01, "retries": 0, "stagger": 0,
                                        "response_timeout": 10}},
                    data={"query_tasks": {**TASKS, **MORE_TASKS}, "data_points": {**POINTS, **MORE_POINTS}},
                    replace_data=True)
    hub.process.wait_log("is ready")
    return hub


def counted(hub):
    now = metrics(hub)
    return now["reloads_total"], now["reloads_rejected_total"]


def more_answers(hub, each):
    before = metrics(hub)["polls_answered_total"]
    wait_for(lambda: metrics(hub)["polls_answered_total"] >= before + each * DTUS, 20, f"{each} more answers a DTU")


def reload_and_wait(hub, wanted, act):
    act()
    wait_for(lambda: counted(hub) == wanted, 20, lambda: f"the counters {wanted}, they are {counted(hub)}")
    more_answers(hub, 1)


def break_and_reload(hub, number):
    """A fault that can be told from the others by its task."""
    path = hub.config.folder / "data_config.yml"
    path.write_text(path.read_text().replace("query_tasks:", f"query_tasks:\n  {1000 + number}: {{length: 200}}", 1))
    hub.process.signal(signal.SIGHUP)


def expect_broken(hub, number):
    """Told in readiness, which stays as it is, in /status and in the metrics."""
    code, text = get(hub, "/readyz")
    assert code == 200 and "configuration: the last reload went wrong: " in text, text
    assert str(1000 + number) in text and str(1000 + number) in status(hub)["config_error"]
    assert metrics(hub)["config_ok"] == 0


def expect_good(hub):
    code, text = get(hub, "/readyz")
    assert code == 200 and text.endswith("\nconfiguration: ok\n"), text
    now = metrics(hub)
    assert now["config_ok"] == 1 and now["config_loaded_time_seconds"] >= now["start_time_seconds"]


def without(points, names):
    return {name: both for name, both in points.items() if name not in names}


def compare(database, served, device):
    """The base points of every answer are stored, once and in order; a changed point may be missing. How many answers
    to the base tasks there were."""
    history = [(kind, without(points, {"guest"})) for kind, points in served.history[device]]
    stored = stored_readings(database, device)
    following = [kind for kind, _ in history[1:]] + ["end"]
    wanted = [(kind, points, bool(BASE & points.keys()) and then != "lost")
              for (kind, points), then in zip(history, following) if points]
    assert {kind for kind, _, _ in wanted} == {"answer"}
    fault = difference(wanted, [without(moment, {"guest"}) for moment in stored], history)
    assert fault is None, f"device {device}: {len(wanted)} answers, {len(stored)} moments; {fault}"
    said = {(points["base"], points["guest"]) for _, points in served.history[device] if "guest" in points}
    assert {(moment["base"], moment["guest"]) for moment in stored if "guest" in moment} <= said
    return sum(must for _, _, must in wanted)


def test_a_hundred_reloads_lose_nothing(hub, database, sim, tmp_path):
    dtus = sim("-c", hub.config.folder, "--port", hub.port, "--count", DTUS, "--heartbeat", 0.8, "--unique",
               "--latency", 20, "--served", tmp_path / "served.tsv")
    wait_for(lambda: metrics(hub)["devices_online"] == DTUS, 20, "all DTUs")
    more_answers(hub, 10)  # of all tasks, those to come and go too
    for number in range(RELOADS // 4):
        for i, changes in enumerate((SMALL, BIG)):
            good, bad = 2 * number + i, 2 * number + i
            reload_and_wait(hub, (good + 1, bad), lambda changes=changes: hub.reload(**changes))
            expect_good(hub)
            reload_and_wait(hub, (good + 1, bad + 1), lambda bad=bad: break_and_reload(hub, bad))
            expect_broken(hub, bad)
    now = metrics(hub)
    assert now["accepted_total"] == now["registered_total"] == now["devices_online"] == DTUS
    assert now["closed_total"] == now["superseded_total"] == 0
    assert dtus.stop() == 0
    wait_for(lambda: drained(hub), 20, lambda: f"everything to be stored: {metrics(hub)}")
    log = hub.process.log()
    assert log.count("what ran before goes on unchanged") == RELOADS // 2
    assert all(str(1000 + number) in log for number in range(RELOADS // 2))
    assert log.count("reload taken over: ") == RELOADS // 2
    served = Served(tmp_path / "served.tsv")
    assert len(served.devices) == DTUS
    answers = sum(compare(database, served, device) for device in served.devices)
    names = {row["data_point"]: row["n"] for row in
             database.query("SELECT data_point, COUNT(*) AS n FROM device_data GROUP BY data_point")}
    assert names.keys() == BASE | {"guest", "extra"} and 0 < names["guest"] < names["base"]
    now = metrics(hub)
    assert now["cache_dropped_total"] == now["polls_timed_out_total"] == now["crc_errors_total"] == 0
    assert hub.stop() == 0
    print(f"{RELOADS} reloads, {DTUS} DTUs, {answers} answers to tasks that stayed: all stored")
