"""The live stream of the control channel: what happens, as it happens, and what was missed."""
import json
import socket

import pytest

from harness.control import get, metrics
from harness.tlv import TlvClient
from harness.wait import wait_for

TASK = {"start_addr": 2000, "length": 2, "interval": 0.1, "trigger": "timer"}
POINT = {"name": "level", "type": "uint16", "unit": "m"}


class Viewer:
    """Reads one stream; as_dict of each event: event, id, data."""

    def __init__(self, hub, query="", last_id=None):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(str(hub.control_socket))
        head = f"GET /live{query} HTTP/1.1\r\nHost: x\r\n" + (f"Last-Event-ID: {last_id}\r\n" if last_id else "")
        self.sock.sendall(head.encode() + b"\r\n")
        self.file = self.sock.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while (line := self.file.readline().strip()):
            name, value = line.decode().split(": ", 1)
            self.headers[name.lower()] = value
        self.rest = b""

    def _line(self):
        while b"\n" not in self.rest:
            size = int(self.file.readline(), 16)
            assert size > 0, "the stream ended"
            self.rest += self.file.read(size)
            self.file.readline()
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def next(self):
        fields = {}
        while True:
            line = self._line()
            if line == "" and "event" in fields:
                fields["data"] = json.loads(fields["data"])
                return fields
            if line and not line.startswith(":"):
                name, value = line.split(": ", 1)
                fields[name] = value

    def until(self, kind):
        while (event := self.next())["event"] != kind:
            pass
        return event

    def close(self):
        self.file.close()
        self.sock.close()


@pytest.fixture
def hub(collector):
    hub = collector(server={"cache": {"flush_interval": 0.05}}, replace_data=True,
                    data={"query_tasks": {1: TASK}, "data_points": {2000: POINT}})
    wait_for(lambda: get(hub, "/readyz")[0] == 200, 20, lambda: hub.process.tail())
    return hub


def test_events_and_values_come_as_they_happen(hub):
    viewer = Viewer(hub, "?devices=1001")
    assert viewer.status == 200
    assert viewer.headers["content-type"].startswith("text/event-stream")
    assert viewer.next()["event"] == "hello"
    with TlvClient(hub.port, 1001) as dtu:
        online = viewer.until("device_online")
        assert online["data"]["device_id"] == "1001" and online["data"]["ip"] == "127.0.0.1"
        dtu.answer_next({2000: 7})
        values = viewer.until("values")["data"]
        assert values["device_id"] == "1001"
        assert values["values"] == {"level": {"value": 7.0, "unit": "m"}}
    offline = viewer.until("device_offline")
    assert offline["data"]["reason"]
    assert metrics(hub)["live_viewers"] == 1
    viewer.close()
    wait_for(lambda: metrics(hub)["live_viewers"] == 0, 40, "the viewer is gone")


def test_who_comes_back_gets_what_was_missed(hub):
    viewer = Viewer(hub)
    last = viewer.next()["id"]
    viewer.close()
    with TlvClient(hub.port, 7):
        wait_for(lambda: metrics(hub)['events_total{kind="device_online"}'] == 1, 10, "online")
    back = Viewer(hub, last_id=last)
    assert [back.next()["event"] for _ in range(2)][0] == "device_online"
    back.close()
    lost = Viewer(hub, last_id="1-1")
    assert [lost.next()["event"] for _ in range(2)] == ["reset", "hello"]
    lost.close()


def test_a_viewer_is_told_only_of_what_it_asks_for(hub):
    viewer = Viewer(hub, "?kinds=device_offline")
    assert viewer.next()["event"] == "hello"
    with TlvClient(hub.port, 7):
        wait_for(lambda: metrics(hub)['events_total{kind="device_online"}'] == 1, 10, "online")
    assert viewer.next()["event"] == "device_offline"
    viewer.close()


def test_one_who_does_not_read_is_closed_and_disturbs_nobody(hub):
    idle = Viewer(hub)
    other = Viewer(hub, "?kinds=config_reloaded")
    other.next()
    for _ in range(5000):
        if metrics(hub)["live_viewers"] == 1:
            break
        with TlvClient(hub.port, 7):
            pass
    assert metrics(hub)["live_viewers"] == 1
    hub.reload()
    assert other.next()["event"] == "config_reloaded"
    idle.close()
    other.close()
