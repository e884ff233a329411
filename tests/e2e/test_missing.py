"""Who is missing, and why, as the control channel says it of real lines."""
import pytest

from harness.control import get_json, status, write
from harness.line import Line
from harness.net import free_port
from harness.wait import wait_for

pytestmark = pytest.mark.asan

LINE = {"framing": "rtu",
        "registration": {"packets": {"login": {"kind": "text", "start": "LOGIN:", "chars": "word", "end": ";"}}}}
METER = {"line": LINE, "dead_after": 1, "query_tasks": {1: {"start_addr": 100, "length": 1, "interval": 0.1}},
         "data_points": {100: {"name": "level", "type": "uint16"}}}


@pytest.fixture
def hub(collector):
    def start(server=None, polling=None, **data):
        hub = collector(server={"server": server or {}, "cache": {"flush_interval": 0.05},
                                "polling": {"request_gap": 0, "stagger": 0, **(polling or {})}}, replace_data=True,
                        data={"profiles": {"meter": METER}, **data})
        hub.process.wait_log("is ready")
        return hub
    return start


def test_devices_that_the_configuration_names(hub):
    port = free_port()
    hub = hub(devices={"1001": {"name": "Boiler", "profile": "meter"}, "1002": {},
                       "plc": {"profile": "meter", "dial": f"127.0.0.1:{port}"}})
    assert status(hub)["devices_expected"] == 3
    with Line(hub.port, b"LOGIN:1001;"):
        wait_for(lambda: len(get_json(hub, "/expected?online=no")) == 2, 20, "1001 online")
        expected = get_json(hub, "/expected")
    assert expected == [
        {"device_id": "1001", "name": "Boiler", "profile": "meter", "dial": None, "online": True, "refusal": None,
         "refused_at": None},
        {"device_id": "1002", "name": "", "profile": None, "dial": None, "online": False, "refusal": None,
         "refused_at": None},
        {"device_id": "plc", "name": "", "profile": "meter", "dial": {"host": "127.0.0.1", "port": port},
         "online": False, "refusal": None, "refused_at": None}]
    wait_for(lambda: len(get_json(hub, "/expected?online=no")) == 3, 20, "1001 offline")


def test_lines_whose_address_is_not_allowed(hub):
    hub = hub({"allow": "127.0.0.2"})
    for _ in range(3):
        Line(hub.port, b"LOGIN:1001;").wait_closed()
    refusal, = wait_for(lambda: [row for row in get_json(hub, "/refusals") if row["times"] == 3], 20, "the refusals")
    assert (refusal["peer"], refusal["device_id"], refusal["text"], refusal["hex"]) == ("127.0.0.1", "", "", "")
    assert "server.allow" in refusal["reason"]
    assert refusal["first_at"] <= refusal["last_at"]


def test_whether_a_stranger_is_still_there(hub):
    hub = hub(unknown_devices="quarantine")
    line = Line(hub.port, b"LOGIN:new;")
    wait_for(lambda: [row["connected"] for row in get_json(hub, "/quarantine")] == [True], 20, "the stranger")
    code, answer = write(hub, device="new", slave=1, function=6, address=1, values=[1])
    assert code == 409 and "in quarantine" in answer["error"]
    line.close()
    wait_for(lambda: [row["connected"] for row in get_json(hub, "/quarantine")] == [False], 20, "its end")
    code, answer = write(hub, device="new", slave=1, function=6, address=1, values=[1])
    assert code == 409 and "in quarantine" in answer["error"]
    hub.reload(data={"devices": {"new": {}}})
    wait_for(lambda: get_json(hub, "/quarantine") == [], 20, "the reload")
    assert [row["device_id"] for row in get_json(hub, "/expected?online=no")] == ["new"]


def test_only_lines_with_a_dead_slave(hub):
    hub = hub(polling={"response_timeout": 0.1, "retries": 0})
    with Line(hub.port, b"LOGIN:1001;"):
        wait_for(lambda: get_json(hub, "/lines"), 20, "the line")
        lines = wait_for(lambda: get_json(hub, "/lines?slaves=dead"), 20, "a dead slave")
    assert lines[0]["slaves"][0]["state"] == "dead"
