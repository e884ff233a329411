"""Rules: what a DTU says raises an alarm, and clears it; both are in the database, also over a kill and a reload."""
import json
import signal

import pytest

from harness.control import metrics, post
from harness.tlv import TlvClient
from harness.wait import wait_for

TASK = {"start_addr": 2000, "length": 2, "interval": 0.1, "trigger": "timer"}
POINTS = {2000: {"name": "temperature", "type": "int16", "scale": 0.1, "unit": "°C", "decimals": 1},
          2001: {"name": "pressure", "type": "uint16"}}
HOT = {"devices": ["1001", "2*"], "point": "temperature", "when": "above 80", "hysteresis": 2, "severity": "critical",
       "message": {"zh": "{{device_name}} 温度过高：{{value}} {{unit}}"}}


@pytest.fixture
def start(collector):
    def start(**rules):
        hub = collector(server={"cache": {"flush_interval": 0.05},
                                "polling": {"request_gap": 0, "stagger": 0, "response_timeout": 10}},
                        data={"query_tasks": {1: TASK}, "data_points": POINTS, "rules": rules,
                              "devices": {"1001": {"name": "锅炉"}}}, replace_data=True)
        hub.process.wait_log("is ready")
        return hub
    return start


def say(dtu, temperature, pressure=0):
    """Twice, so that the first answer has been looked at when this returns."""
    for _ in range(2):
        dtu.answer_next({2000: round(temperature * 10), 2001: pressure})


def events(database, kinds="alarm_%"):
    rows = database.query("SELECT uid, kind, device_id, severity, data FROM events WHERE kind LIKE %s ORDER BY id",
                          kinds)
    return [{**row, "data": json.loads(row["data"])} for row in rows]


def alarms(database):
    return database.query("SELECT * FROM alarms ORDER BY raised, uid")


def wait_states(database, *states):
    return wait_for(lambda: [row["state"] for row in alarms(database)] == list(states) and alarms(database), 10,
                    lambda: f"alarms {states}, they are {alarms(database)}")


def open_alarms(hub):
    now = metrics(hub)
    return {name: now[f'alarms_open{{severity="{name}"}}'] for name in ("info", "warning", "critical")}


def test_an_alarm_is_raised_and_clears_behind_its_hysteresis(start, database):
    hub = start(hot=HOT)
    with TlvClient(hub.port, 1001) as dtu, TlvClient(hub.port, 3001) as other:
        say(other, 99)
        say(dtu, 80)
        say(dtu, 80.1)
        wait_states(database, "raised")
        assert open_alarms(hub) == {"info": 0, "warning": 0, "critical": 1}
        say(dtu, 95)
        say(dtu, 78.1)
        say(dtu, 78)
        (alarm,) = wait_states(database, "cleared")
    assert (alarm["rule"], alarm["device_id"], alarm["point"]) == ("hot", "1001", "temperature")
    assert (alarm["severity"], alarm["value"]) == ("critical", 80.1)
    assert alarm["message_zh"] == "锅炉 温度过高：80.1 °C"
    assert alarm["message_en"] == "temperature above 80: 80.1 °C"
    assert alarm["raised"] < alarm["cleared"]
    raised, cleared = wait_for(lambda: len(events(database)) == 2 and events(database), 10, "both events")
    assert (raised["kind"], raised["uid"]) == ("alarm_raised", alarm["uid"])
    assert raised["severity"] == raised["data"]["severity"] == "critical"
    about = {"device_name": "锅炉", "rule": "hot", "data_point": "temperature", "value": 80.1, "unit": "°C"}
    assert about.items() <= raised["data"].items()
    assert (cleared["kind"], cleared["data"]["alarm"]) == ("alarm_cleared", alarm["uid"])
    assert cleared["data"]["value"] == 78
    now = metrics(hub)
    assert (now["rules"], now["alarms_raised_total"], now["alarms_cleared_total"]) == (1, 1, 1)
    assert open_alarms(hub)["critical"] == 0


def test_an_open_alarm_outlives_a_kill(start, database):
    hub = start(hot=HOT)
    with TlvClient(hub.port, 1001) as dtu:
        say(dtu, 90)
        (alarm,) = wait_states(database, "raised")
    hub.kill()
    hub.start()
    with TlvClient(hub.port, 1001) as dtu:
        say(dtu, 79)
        wait_for(lambda: open_alarms(hub)["critical"] == 1, 10, "the alarm of the earlier life")
        say(dtu, 90)
        say(dtu, 79)
        say(dtu, 78)
        (same,) = wait_states(database, "cleared")
        say(dtu, 90)
        wait_states(database, "cleared", "raised")
    assert (same["uid"], same["raised"]) == (alarm["uid"], alarm["raised"])
    kinds = wait_for(lambda: len(told := events(database)) == 3 and [event["kind"] for event in told], 10, "the events")
    assert kinds == ["alarm_raised", "alarm_cleared", "alarm_raised"]


def test_what_was_acknowledged_stays_so_over_a_kill(start, database):
    hub = start(hot=HOT)
    with TlvClient(hub.port, 1001) as dtu:
        say(dtu, 90)
        (alarm,) = wait_states(database, "raised")
        assert post(hub, "/alarms/acknowledge", {"id": alarm["uid"], "actor": "Mei 梅", "comment": "on my way"})[0] == 200
        wait_states(database, "acknowledged")
    hub.kill()
    hub.start()
    with TlvClient(hub.port, 1001) as dtu:
        say(dtu, 90)
        wait_for(lambda: open_alarms(hub)["critical"] == 1, 10, "the alarm of the earlier life")
        say(dtu, 90)
        (still,) = wait_states(database, "acknowledged")
        assert (still["uid"], still["actor"], still["comment"]) == (alarm["uid"], "Mei 梅", "on my way")
        say(dtu, 78)
        (over,) = wait_states(database, "cleared")
    assert (over["uid"], over["actor"], over["acknowledged"]) == (alarm["uid"], "Mei 梅", still["acknowledged"])


def test_silence_is_an_event_and_an_alarm(start, database):
    hub = start(silent={"when": "no data for 1 s", "devices": ["1001"]})
    with TlvClient(hub.port, 1001) as dtu:
        say(dtu, 20)
        (alarm,) = wait_states(database, "raised")
        assert (alarm["point"], alarm["value"]) == ("", None)
        say(dtu, 20)
        wait_states(database, "cleared")
    told = wait_for(lambda: len(events(database)) == 2 and events(database, "%"), 10, "both events")
    kinds = [event["kind"] for event in told if event["kind"] in ("no_data", "alarm_raised", "alarm_cleared")]
    assert kinds == ["no_data", "alarm_raised", "alarm_cleared"]


def test_a_reload_brings_rules_and_takes_them_away(start, database):
    hub = start()
    with TlvClient(hub.port, 1001) as dtu:
        say(dtu, 90)
        hub.reload(data={"rules": {"hot": HOT}})
        hub.process.wait_log("taken over")
        say(dtu, 90)
        wait_states(database, "raised")
        hub.reload(data={"rules": {"hot": {"when": "above 100"}}})
        wait_states(database, "cleared")
        hub.reload(data={"rules": {"hot": {"when": "above 85"}}})
        wait_for(lambda: metrics(hub)["reloads_total"] == 3, 10, "the third reload")
        say(dtu, 90)
        wait_states(database, "cleared", "raised")
        hub.reload(data={"rules": {"hot": None}})
        wait_states(database, "cleared", "cleared")
    reasons = [event["data"].get("reason") for event in events(database) if event["kind"] == "alarm_cleared"]
    assert reasons == ["rule changed", "rule removed"]
