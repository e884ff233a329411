"""Who comes in, as whom, and who does not: allow-lists, balancers, ports, profiles, secrets, quarantine, storms."""
import selectors
import socket
import struct

import pytest

from harness.control import get_json, metrics, write
from harness.line import Line
from harness.net import free_port, listening
from harness.peers import PROFILES
from harness.tlv import Closed, TlvClient, modbus
from harness.wait import wait_for

pytestmark = pytest.mark.asan

FAST = {"polling": {"response_timeout": 10, "request_gap": 0, "slave_gap": 0, "stagger": 0},
        "cache": {"flush_interval": 0.05}}
TEXT = {"framing": "rtu",
        "registration": {"packets": {"login": {"kind": "text", "start": "LOGIN:", "chars": "word", "end": ";"}}},
        "heartbeat": {"packets": {"ping": {"kind": "bytes", "text": "ping", "reply": {"text": "pong"}}}}}
WITH_SECRET = {"framing": "rtu", "registration": {"packets": {
    "login": {"kind": "regex", "pattern": r"LOGIN:(?<id>\w+)(:(?<secret>\w+))?;"}}}}


def reads(address, name):
    """A task and a point of its own, so that a reading says by which profile it was read."""
    return {"query_tasks": {1: {"start_addr": address, "length": 1, "interval": 0.1}},
            "data_points": {address: {"name": name, "type": "uint16"}}}


METER = {"line": TEXT, **reads(100, "level")}


@pytest.fixture
def hub(collector):
    def start(server=None, main=None, **data):
        hub = collector(server={**FAST, "server": server or {}}, replace_data=True,
                        data={"profiles": {"meter": METER}, **(main or {}), **data})
        hub.process.wait_log("is ready")
        return hub
    return start


def reload(hub, **changes):
    before = metrics(hub)["reloads_total"]
    hub.reload(**changes)
    wait_for(lambda: metrics(hub)["reloads_total"] > before, 20, hub.process.tail)


def history(database, device):
    return [(row["event"], row["details"]) for row in database.query(
        "SELECT event, details FROM connection_history WHERE device_id = %s ORDER BY id", device)]


def events(database, kind):
    return [(row["device_id"], row["details"]) for row in database.query(
        "SELECT device_id, details FROM events WHERE kind = %s ORDER BY id", kind)]


def device_of(database, device):
    """Its row in devices, once there is one."""
    return wait_for(lambda: database.query("SELECT * FROM devices WHERE device_id = %s", device), 20,
                    f"device {device}")[0]


def read_value(database, line, device, value, address=100, name="level", answers=1):
    """Its next queries are for ${address}, and what it answers is stored."""
    for _ in range(answers):
        query = line.answer_next({address: value})
        assert query == modbus(1, 3, struct.pack(">HH", address, 1)), query.hex()
    wait_for(lambda: database.value("SELECT COUNT(*) FROM device_data WHERE device_id = %s AND data_point = %s "
                                    "AND value = %s", device, name, value), 20, f"{value} of {device}")


def read_value_after_reload(database, line, *what):
    """What was asked before the reload is not decoded any more."""
    read_value(database, line, *what, answers=2)


def shut_out(line):
    """The server closes the line without a word."""
    assert line.wait_closed() == b""
    line.close()


# Who is known


def test_quarantine_until_a_reload_names_the_device(hub, database):
    hub = hub(unknown_devices="quarantine", devices={"1001": {"name": "known"}})
    with Line(hub.port, b"LOGIN:new;") as line, Line(hub.port, b"LOGIN:1001;") as known:
        shown = wait_for(lambda: get_json(hub, "/quarantine"), 20, "the quarantine")
        assert [(row["device_id"], row["profile"], row["peer"], row["times"]) for row in shown] == [
            ("new", "meter", f"127.0.0.1:{line.local_port}", 1)]
        read_value(database, known, "1001", 5)
        line.send(b"ping")
        line.expect(b"pong")
        line.quiet(0.5)
        assert write(hub, device="new", slave=1, function=6, address=1, values=[1])[0] in (404, 409)
        assert [row["device_id"] for row in get_json(hub, "/lines")] == ["1001"]
        assert database.value("SELECT COUNT(*) FROM devices WHERE device_id = 'new'") == 0
        reload(hub, data={"devices": {"new": {"name": "pump"}}})
        read_value(database, line, "new", 7)
        device = device_of(database, "new")
        assert (device["name"], device["profile"], device["port"]) == ("pump", "meter", line.local_port)
        assert get_json(hub, "/quarantine") == []
        assert history(database, "new") == [("connect", "")]
        read_value_after_reload(database, known, "1001", 6)
    assert database.value("SELECT COUNT(*) FROM heartbeat_log") == 0


def test_unknown_devices_are_refused(hub, database):
    hub = hub(unknown_devices="refuse", devices={"1001": {"name": "known"}})
    with Line(hub.port, b"LOGIN:1001;") as known:
        shut_out(Line(hub.port, b"LOGIN:1002;"))
        read_value(database, known, "1001", 5)
    assert metrics(hub)["refused_devices_total"] == 1
    assert get_json(hub, "/quarantine") == []
    assert database.value("SELECT COUNT(*) FROM devices") == 1


def test_a_secret_and_an_address_of_its_own(hub, database):
    hub = hub(profiles={"meter": {**METER, "line": WITH_SECRET}},
              devices={"1001": {"secret": "sesame"}, "1002": {"from": "127.0.0.2, 127.0.1.0/24"}})
    with Line(hub.port, b"LOGIN:1001:sesame;") as line, Line(hub.port, b"LOGIN:1002;", "127.0.1.9") as bound:
        read_value(database, line, "1001", 1)
        read_value(database, bound, "1002", 1)
        shut_out(Line(hub.port, b"LOGIN:1001:Sesame;"))
        shut_out(Line(hub.port, b"LOGIN:1001:sesame1;"))
        shut_out(Line(hub.port, b"LOGIN:1001;"))
        shut_out(Line(hub.port, b"LOGIN:1002;", "127.0.0.1"))
        assert metrics(hub)["refused_devices_total"] == 4
        read_value(database, line, "1001", 2)
        read_value(database, bound, "1002", 2)
        assert history(database, "1001") == history(database, "1002") == [("connect", "")]
        with Line(hub.port, b"LOGIN:1001:sesame;") as newer:
            read_value(database, newer, "1001", 3)
            line.wait_closed()
    stored = [row["raw_data"] for row in database.query(
        "SELECT raw_data FROM raw_packets WHERE device_id = '1001' AND packet_type <> 'modbus'")]
    assert stored == [] and "sesame" not in hub.process.log()


# Where they come from


def test_the_allow_list(hub, database):
    hub = hub({"allow": "127.0.0.2, 127.0.3.0/24"})
    with Line(hub.port, b"LOGIN:1;", "127.0.0.2") as one, Line(hub.port, b"LOGIN:2;", "127.0.3.77") as two:
        read_value(database, one, "1", 1)
        read_value(database, two, "2", 1)
        for source in ("127.0.0.1", "127.0.0.3", "127.0.2.255"):
            shut_out(Line(hub.port, source=source))
        assert metrics(hub)["refused_address_total"] == 3
        reload(hub, server={"server": {"allow": "127.0.0.3"}})
        shut_out(Line(hub.port, source="127.0.0.2"))
        read_value_after_reload(database, one, "1", 2)
        with Line(hub.port, b"LOGIN:3;", "127.0.0.3") as three:
            read_value(database, three, "3", 1)
    assert device_of(database, "1")["ip_address"] == "127.0.0.2"
    assert device_of(database, "2")["ip_address"] == "127.0.3.77"


BALANCER = "127.0.0.9"


def proxy_v1(source, port):
    return f"PROXY TCP4 {source} 192.0.2.1 {port} 22334\r\n".encode()


def proxy_v2(source, port, family=socket.AF_INET):
    address = socket.inet_pton(family, source)
    own = bytes(len(address) - 1) + b"\x01"
    body = address + own + struct.pack(">HH", port, 22334) + b"\x04\x00\x02ab"  # a TLV that says nothing
    kind = 0x11 if family == socket.AF_INET else 0x21
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack(">BBH", 0x21, kind, len(body)) + body


@pytest.mark.parametrize("header, address", [
    (proxy_v1("203.0.113.7", 40007), "203.0.113.7"),
    (proxy_v2("203.0.113.7", 40007), "203.0.113.7"),
    (proxy_v2("2001:db8::7", 40007, socket.AF_INET6), "2001:db8::7"),
], ids=["v1", "v2", "v2 IPv6"])
@pytest.mark.parametrize("one_by_one", [False, True], ids=["glued", "one by one"])
def test_a_balancer_says_whom_it_speaks_for(hub, database, header, address, one_by_one):
    hub = hub({"proxy_from": BALANCER, "allow": "203.0.113.0/24, 2001:db8::/32"})
    with Line(hub.port, source=BALANCER) as line:
        line.send(header + b"LOGIN:1001;", one_by_one)
        read_value(database, line, "1001", 1)
        device = device_of(database, "1001")
        assert (device["ip_address"], device["port"]) == (address, 40007)
        peer = get_json(hub, "/line?device=1001")["peer"]
        assert peer == (f"[{address}]:40007" if ":" in address else f"{address}:40007")


def test_who_may_not_speak_for_others(hub, database):
    hub = hub({"proxy_from": BALANCER, "allow": f"203.0.113.0/24, {BALANCER}, 127.0.0.8"})
    shut_out(Line(hub.port, proxy_v1("198.51.100.1", 1) + b"LOGIN:1001;", BALANCER))  # it is not allowed itself
    shut_out(Line(hub.port, b"LOGIN:1001;", BALANCER))  # no header
    shut_out(Line(hub.port, proxy_v1("203.0.113.7", 1) + b"LOGIN:1001;", "127.0.0.1"))  # no balancer
    with Line(hub.port, b"LOGIN:1001;", "127.0.0.8") as line:
        read_value(database, line, "1001", 1)
        assert device_of(database, "1001")["ip_address"] == "127.0.0.8"
    now = metrics(hub)
    assert now["refused_address_total"] == 2 and now["proxy_errors_total"] == 1 and now["registered_total"] == 1


# By which profile


def test_a_profile_with_a_port_of_its_own(hub, database):
    port, next_port = free_port(), free_port()
    box = {"line": str(PROFILES / "moxa.yml"), "port": port, **reads(200, "pressure")}
    hub = hub(profiles={"meter": METER, "box": box}, devices={"tank": {"profile": "box", "from": "127.0.0.6"}})
    with Line(port, source="127.0.0.5") as line, Line(port, source="127.0.0.6") as tank:  # neither says a word
        read_value(database, line, "127.0.0.5", 1, 200, "pressure")
        read_value(database, tank, "tank", 2, 200, "pressure")
        assert device_of(database, "tank")["profile"] == device_of(database, "127.0.0.5")["profile"] == "box"
        reload(hub, data={"profiles": {"box": {"port": next_port}}})
        assert listening(next_port) and not listening(port)
        with Line(next_port, source="127.0.0.7") as late, Line(hub.port, b"LOGIN:1;") as main:
            read_value(database, late, "127.0.0.7", 3, 200, "pressure")
            read_value(database, main, "1", 4)
        read_value_after_reload(database, line, "127.0.0.5", 5, 200, "pressure")


def test_the_first_packet_chooses_among_profiles_of_a_port(hub, database):
    def shipped(name, address):
        return {"line": str(PROFILES / f"{name}.yml"), **reads(address, name)}
    hub = hub(main=reads(100, "tlv"), profiles={
        "usr": shipped("usr", 200), "irtu": shipped("irtu", 300), "irtu_bin": shipped("irtu_bin", 400),
        "ddp": shipped("ddp", 500)})
    ddp = b"\x7b\x01\x00\x1613800138000" + bytes([10, 0, 0, 1, 0x13, 0x88]) + b"\x7b"
    irtu_bin = bytes([20]) + bytes.fromhex("8655010423456790") + bytes.fromhex("89860012345678901234")
    lines = [
        ("usr", "1001", 200, Line(hub.port, b"LOGIN:1001")),
        ("usr", "d8b04c010203", 200, Line(hub.port, bytes.fromhex("d8b04c010203"))),
        ("irtu", "865501042345678", 300, Line(hub.port, b'{"csq":20,"imei":"865501042345678","ver":"1"}')),
        ("irtu_bin", "865501042345679", 400, Line(hub.port, irtu_bin)),
    ]
    with TlvClient(hub.port) as original, Line(hub.port, ddp) as hongdian:
        original.send(struct.pack(">I", 77))
        for profile, device, address, line in lines:
            with line:
                read_value(database, line, device, address + 1, address, profile)
                assert device_of(database, device)["profile"] == profile
        original.expect(b"\x01")
        assert original.answer_next({100: 101}) == modbus(1, 3, b"\0\x64\0\x01")
        hongdian.expect(b"\x7b\x81\x00\x1013800138000\x7b")
        query = modbus(1, 3, struct.pack(">HH", 500, 1))
        hongdian.expect(b"\x7b\x89\x00\x1813800138000" + query + b"\x7b")
        reading = modbus(1, 3, 2, b"\x01\xf5")
        hongdian.send(b"\x7b\x09" + struct.pack(">H", 16 + len(reading)) + b"13800138000" + reading + b"\x7b")
        wait_for(lambda: database.value("SELECT value FROM device_data WHERE data_point = 'ddp'") == 501, 20, "by DDP")
        wait_for(lambda: database.value("SELECT value FROM device_data WHERE data_point = 'tlv'") == 101, 20, "by TLV")
    assert {row["device_id"]: row["profile"] for row in database.query("SELECT device_id, profile FROM devices")} == {
        "1001": "usr", "d8b04c010203": "usr", "865501042345678": "irtu",
        "865501042345679": "irtu_bin", "77": "default", "13800138000": "ddp"}


# Lines that come again


def test_the_newest_line_wins(hub, database):
    hub = hub()
    with Line(hub.port, b"LOGIN:1001;") as old:
        read_value(database, old, "1001", 1)
        query = old.read_query()
        with Line(hub.port, b"LOGIN:1001;", "127.0.0.2") as new:
            old.wait_closed()
            read_value(database, new, "1001", 2)
            superseded = f"superseded by 127.0.0.2:{new.local_port}"
            assert history(database, "1001") == [("connect", ""), ("disconnect", superseded), ("connect", "")]
            wait_for(lambda: events(database, "device_superseded") == [("1001", superseded)], 20, "the event")
            with pytest.raises((Closed, OSError)):
                old.answer(query, {100: 3})  # what it was asked is forgotten
                old.read_query()
            read_value(database, new, "1001", 4)
    assert database.value("SELECT COUNT(*) FROM device_data WHERE value = 3") == 0


def test_a_device_that_flaps(hub, database):
    hub = hub({"flap_count": 4, "flap_window": 300})
    with Line(hub.port, b"LOGIN:steady;") as steady:
        read_value(database, steady, "steady", 1)
        for n in range(6):
            with Line(hub.port, b"LOGIN:weak;") as line:
                read_value(database, line, "weak", n)
                assert metrics(hub)["flapping_total"] == (n >= 3)
    (device, details), = wait_for(lambda: events(database, "device_flapping"), 20, "the event")
    assert device == "weak" and "again and again" in details


# Many at once


def registered_at(database, since=0):
    """When each of the devices registered, in seconds, in order."""
    rows = database.query("SELECT UNIX_TIMESTAMP(`timestamp`) AS at FROM connection_history "
                          "WHERE event = 'connect' AND id > %s ORDER BY `timestamp`", since)
    return [float(row["at"]) for row in rows]


def test_the_accept_rate(hub, database):
    rate, burst, count = 50, 5, 200
    hub = hub({"accept_rate": rate})
    lines = [Line(hub.port, b"LOGIN:%d;" % n) for n in range(count)]
    wait_for(lambda: len(registered_at(database)) == count, 60, "all of them")
    moments = registered_at(database)
    for line in lines:
        line.close()
    for i in range(count):
        for k in range(i + 1, count):
            # A burst may have waited in front of the loop while the next one came.
            assert k - i + 1 <= rate * (moments[k] - moments[i]) + 2 * burst + 1, (i, k, moments[i], moments[k])
    assert metrics(hub)["refused_total"] == 0


class Crowd:
    """DTUs that answer each query with a number of their own: 1000 + n in the first round, 2000 + n in the second."""

    def __init__(self, count):
        self.count, self.answered = count, set()
        self._selector = selectors.DefaultSelector()
        self._socks = []

    def dial(self, port, base):
        """All at once."""
        self.hang_up()
        self.answered.clear()
        for n in range(self.count):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            self._selector.register(sock, selectors.EVENT_WRITE, [n, base, b""])
            self._socks.append(sock)

    def turn(self):
        """Do what can be done now."""
        for key, ready in self._selector.select(0.05):
            n, base, held = key.data
            if ready & selectors.EVENT_WRITE:
                key.fileobj.send(b"LOGIN:%d;" % n)
                self._selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
                continue
            data = key.fileobj.recv(4096)
            if not data:
                raise AssertionError(f"the line of {n} was closed")
            held += data
            while len(held) >= 8:
                key.fileobj.send(modbus(1, 3, 2, struct.pack(">H", base + n)))
                self.answered.add(n)
                held = held[8:]
            key.data[2] = held

    def all_answered(self):
        self.turn()
        return len(self.answered) == self.count

    def hang_up(self):
        for sock in self._socks:
            self._selector.unregister(sock)
            sock.close()
        self._socks = []


def test_all_redial_at_once_after_a_restart(hub, database):
    count = 300
    profile = {**METER, **reads(100, "level")}
    profile["query_tasks"][1]["interval"] = 1
    hub = hub({"accept_rate": 100}, profiles={"meter": profile})
    crowd = Crowd(count)
    try:
        for life, base in enumerate((1000, 2000)):
            crowd.dial(hub.port, base)
            wait_for(crowd.all_answered, 60, lambda: f"all to be polled; {len(crowd.answered)} are")
            wait_for(lambda: (crowd.turn(), database.value(
                "SELECT COUNT(DISTINCT device_id) FROM device_data WHERE value = %s + CAST(device_id AS INT)", base))[1]
                == count, 60, "a reading of each")
            status = get_json(hub, "/status")
            assert status["registered"] == status["connections"] == count
            now = metrics(hub)
            assert now["refused_total"] == now["evicted_total"] == now["superseded_total"] == 0
            assert now["registered_total"] == count and now["closed_total"] == 0
            if life == 0:
                hub.kill()
                hub.start()
    finally:
        crowd.hang_up()
    wait_for(lambda: metrics(hub)["devices_online"] == 0, 20, "all to be offline")
    assert hub.stop() == 0
    told = {row["event"]: row["n"] for row in database.query(
        "SELECT event, COUNT(*) AS n FROM connection_history GROUP BY event")}
    assert told == {"connect": 2 * count, "disconnect": 2 * count}
    assert database.value("SELECT COUNT(*) FROM device_data WHERE value <> CAST(device_id AS INT) + 1000 "
                          "AND value <> CAST(device_id AS INT) + 2000") == 0
