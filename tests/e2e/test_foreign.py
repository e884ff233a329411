"""Against libmodbus, whose makers never saw this code: what its slaves say they served is what the database holds."""
import json

import pytest

from harness.control import get, get_json, metrics, write
from harness.net import free_port
from harness.peers import (FUNCTIONS, PROFILES, Dtu, SerialSlaves, TcpSlave, assert_all_stored, measured, read_request,
                           stored, tasks_and_points)
from harness.wait import wait_for

pytestmark = pytest.mark.asan

FAST = {"polling": {"response_timeout": 5, "request_gap": 0, "slave_gap": 0, "stagger": 0},
        "cache": {"flush_interval": 0.05}}
USR_BEAT = b"www.usr.cn"
DIGITS = b"0123456789"
DIGIT_UNITS = range(48, 58)  # whose address bytes are ASCII digits
DIGIT_LINE = {"framing": "rtu", "timing": {"idle": 0.5},
              "registration": {"packets": {"id": {"kind": "text", "start": "LOGIN:", "chars": "word", "end": ";"}}},
              "heartbeat": {"packets": {"digits": {"kind": "bytes", "text": DIGITS.decode()}}}}


@pytest.fixture
def hub(collector):
    def start(line, data, server=None, devices=None, **profile):
        if isinstance(line, str):
            line = str(PROFILES / f"{line}.yml")
        hub = collector(server={**FAST, **(server or {})}, replace_data=True,
                        data={"profiles": {"foreign": {"line": line, **data, **profile}}, "devices": devices or {}})
        hub.process.wait_log("is ready")
        return hub
    return start


def events(database, kind):
    return [row["details"] for row in database.query("SELECT details FROM events WHERE kind = %s ORDER BY id", kind)]


def history(database, device):
    return [row["event"] for row in database.query(
        "SELECT event FROM connection_history WHERE device_id = %s ORDER BY id", device)]


def assert_heartbeats(database, device, bytes_of_one, dtu):
    """As many as the DTU sent, each whole."""
    def lost():
        return dtu.heartbeats - database.value("SELECT COUNT(*) FROM heartbeat_log WHERE device_id = %s", device)
    wait_for(lambda: lost() == 0, 10, lambda: f"{dtu.heartbeats} heartbeats, {lost()} are missing")
    def packets():
        return [row["raw_data"] for row in database.query(
            "SELECT raw_data FROM raw_packets WHERE device_id = %s AND packet_type = 'heartbeat'", device)]
    wait_for(lambda: len(packets()) == dtu.heartbeats, 10, lambda: f"{dtu.heartbeats} heartbeats, {len(packets())} packets")
    assert set(packets()) == {bytes_of_one}


def assert_clean(hub):
    """Every byte was of a packet, every answer the right one."""
    now = metrics(hub)
    assert {name: now[name + "_total"] for name in
            ("answers_unexpected", "answers_late", "crc_errors", "noise_bytes", "protocol_errors")} == {
        "answers_unexpected": 0, "answers_late": 0, "crc_errors": 0, "noise_bytes": 0, "protocol_errors": 0}


def served(slave, names, least):
    """Whether each of the points was served so often."""
    return all(len(measured(slave, unit, function)) >= least for unit, function in names.values())


def test_a_serial_slave_behind_a_dtu(hub, database, run):
    data, names = tasks_and_points([1], 0.1)
    hub = hub("usr", data)
    slave = SerialSlaves(run, [1])
    with Dtu(hub.port, b"LOGIN:1001", USR_BEAT, [slave]) as dtu:
        wait_for(lambda: served(slave, names, 30), 60, "thirty answers to each task")
        dtu.deaf = True
        assert_all_stored(database, "1001", names, [slave])
        assert dtu.heartbeats > 30
        assert_heartbeats(database, "1001", USR_BEAT, dtu)
        assert_clean(hub)
    device, = database.query("SELECT device_id, profile FROM devices")
    assert device == {"device_id": "1001", "profile": "foreign"}


def test_slaves_and_heartbeats_that_look_like_digits(hub, database, run):
    data, names = tasks_and_points(DIGIT_UNITS, 0.5)
    hub = hub(DIGIT_LINE, data)
    slaves = SerialSlaves(run, DIGIT_UNITS)
    with Dtu(hub.port, b"LOGIN:48-57;" + DIGITS, DIGITS, [slaves]) as dtu:
        dtu.heartbeats += 1  # the one glued to the registration
        wait_for(lambda: served(slaves, names, 8), 60, "eight answers to each task")
        dtu.deaf = True
        assert_all_stored(database, "48-57", names, [slaves])
        assert dtu.heartbeats > 100
        assert_heartbeats(database, "48-57", DIGITS, dtu)
        assert_clean(hub)


def slaves_of(hub, device):
    return {slave["slave"]: slave for slave in get_json(hub, f"/line?device={device}")["slaves"]}


def assert_neighbours_wait_once(asked, dead, others):
    """Between two requests to the dead slave each of the others is asked, the repetition of its first one apart."""
    units = [request[0] for request in asked]
    turns = [i for i, unit in enumerate(units) if unit == dead]
    assert len(turns) >= 4
    for one, next_one in list(zip(turns, turns[1:]))[1:]:
        assert set(units[one + 1:next_one]) == set(others), f"asked from {one} to {next_one}: {units}"


def test_a_dead_slave_among_others(hub, database, run):
    dead, others = 52, [unit for unit in DIGIT_UNITS if unit != 52]
    data, names = tasks_and_points(DIGIT_UNITS, 0.5)
    late = {name: key for name, key in names.items() if key[0] == dead}
    early = {name: key for name, key in names.items() if key[0] != dead}
    hub = hub(DIGIT_LINE, data, server={"polling": {**FAST["polling"], "response_timeout": 1.5}}, dead_after=2, backoff=2)
    slaves = SerialSlaves(run, others)
    with Dtu(hub.port, b"LOGIN:bus;", DIGITS, [slaves]) as dtu:
        wait_for(lambda: events(database, "slave_dead"), 60, "the slave to be dead")
        wait_for(lambda: slaves_of(hub, "bus")[dead]["timeouts"] >= 4, 60, "four time-outs")
        assert_neighbours_wait_once(dtu.asked, dead, others)
        assert {unit: slave["state"] for unit, slave in slaves_of(hub, "bus").items()} == {
            unit: "dead" if unit == dead else "alive" for unit in DIGIT_UNITS}
        returned = SerialSlaves(run, [dead])
        dtu.plug(returned)
        wait_for(lambda: events(database, "slave_alive"), 60, "the slave to be alive again")
        wait_for(lambda: served(returned, late, 3), 60, "three of its answers to each task")
        state = slaves_of(hub, "bus")[dead]
        assert state["state"] == "alive" and state["answers"] >= 12
        dtu.deaf = True
        assert_all_stored(database, "bus", late, [returned])
        assert_all_stored(database, "bus", early, [slaves])
        assert_heartbeats(database, "bus", DIGITS, dtu)
        assert_clean(hub)
    assert events(database, "slave_dead")[0] == f"slave {dead} left 2 requests in a row unanswered"
    assert events(database, "slave_alive") == [f"slave {dead} answers again"]


def dial_state(hub):
    return get_json(hub, "/dials")[0]


def dialled(port):
    return {"plc": {"dial": f"127.0.0.1:{port}", "profile": "foreign"}}


def test_a_tcp_slave_that_we_dial(hub, database, run):
    port = free_port()
    data, names = tasks_and_points([1, 7], 0.2)
    lives = [TcpSlave(run, port)]
    hub = hub("mbap_dial", data, devices=dialled(port))
    wait_for(lambda: served(lives[0], names, 10), 60, "ten answers to each task")
    assert dial_state(hub)["state"] == "online"
    lives[0].process.kill()
    nexts = [wait_for(lambda: dial_state(hub)["failures"] == n and dial_state(hub)["next"], 60, f"{n} failures")
             for n in (1, 2, 3)]
    first, second = (b - a for a, b in zip(nexts, nexts[1:]))
    assert first >= 1500 and second >= 3000, "it pauses 2 s and then 4 s, a quarter less at the least"
    assert history(database, "plc") == ["connect", "disconnect"] and "refused" in dial_state(hub)["error"]
    lives.append(TcpSlave(run, port))
    wait_for(lambda: served(lives[1], names, 10), 60, "ten answers to each task again")
    assert dial_state(hub)["state"] == "online"
    lives[1].process.kill()
    wait_for(lambda: history(database, "plc") == ["connect", "disconnect"] * 2, 20, "the end of the line")
    # What a slave noted last it may not have said any more.
    for keep in range(2 ** len(lives)):
        wanted = {name: [value for i, life in enumerate(lives)
                         for value in kept(life, unit, function, bool(keep >> i & 1))]
                  for name, (unit, function) in names.items()}
        if wanted == stored(database, "plc"):
            break
    else:
        assert stored(database, "plc") == wanted
    assert_clean(hub)


def kept(slave, unit, function, last_too):
    """Of measured(), all where ${last_too}, else all but the answer that the slave noted last."""
    values = measured(slave, unit, function)
    last = slave.requests("read")[-1]
    return values if last_too or last[:2] != (unit, function) else values[:-1]


WRITABLE = {
    "setpoint": {"name": "setpoint", "address": 130, "slave": 1, "function": 3, "type": "uint16", "scale": 0.1,
                 "writable": True, "min": 0, "max": 100},
    "relay": {"name": "relay", "address": 140, "slave": 1, "function": 1, "type": "bits", "writable": True},
    "ratio": {"name": "ratio", "address": 150, "slave": 1, "function": 3, "type": "float32", "word_order": "CDAB",
              "writable": True},
}
ORDERS = [
    # what is asked; what libmodbus notes: function, address, count, values; what the audit says
    ({"slave": 1, "function": 5, "address": 110, "values": [1]}, (5, 110, 1, "1"), ("", "1")),
    ({"slave": 1, "function": 6, "address": 111, "values": [4660]}, (6, 111, 1, "1234"), ("", "4660")),
    ({"slave": 1, "function": 15, "address": 112, "values": [1, 0, 1, 1, 0, 0, 0, 1, 1]},
     (15, 112, 9, "101100011"), ("", "1 0 1 1 0 0 0 1 1")),
    ({"slave": 1, "function": 16, "address": 120, "values": [1, 65535, 3]}, (16, 120, 3, "0001ffff0003"),
     ("", "1 65535 3")),
    ({"point": "setpoint", "value": 23.5}, (6, 130, 1, "00eb"), ("setpoint", "23.5")),
    ({"point": "relay", "value": 1}, (5, 140, 1, "1"), ("relay", "1")),
    ({"point": "ratio", "value": -1.5}, (16, 150, 2, "0000bfc0"), ("ratio", "-1.5")),
]


def check_writes(hub, database, slave, device):
    for asked, _, _ in ORDERS:
        status, answer = write(hub, device=device, actor="the test", **asked)
        assert status == 200 and answer["status"] == "written" and answer["verified"], (asked, answer)
        assert answer["read_back"] == asked.get("values", asked.get("value"))
    assert slave.requests("write") == [(1, *noted) for _, noted, _ in ORDERS]
    status, answer = write(hub, device=device, point="setpoint", value=100.1)
    assert status == 422 and "100" in answer["error"] and "setpoint" in answer["error"]
    status, answer = write(hub, device=device, slave=1, function=16, address=299, values=[1, 2])
    assert status == 502 and (answer["status"], answer["exception"]) == ("exception", 2)
    wait_for(lambda: slave.requests("write")[len(ORDERS):] == [(1, 16, 299, 2, "refused")], 20, "libmodbus to note it")
    wait_for(lambda: database.value("SELECT COUNT(*) FROM write_log") == len(ORDERS) + 2, 10, "the audit")
    rows = database.query("SELECT * FROM write_log ORDER BY id")
    assert [(row["device_id"], row["slave"], row["function"], row["address"], row["count"], row["point"], row["value"],
             row["actor"], row["result"], row["details"]) for row in rows[:len(ORDERS)]] == [
        (device, 1, *noted[:3], *audit, "the test", "written", "") for _, noted, audit in ORDERS]
    assert [(row["result"], row["point"], row["value"], row["actor"]) for row in rows[len(ORDERS):]] == [
        ("refused", "setpoint", "100.1", "control"), ("exception", "", "1 2", "control")]
    assert "illegal data address" in rows[-1]["details"]


def writable_tasks():
    data, names = tasks_and_points([1], 0.2)
    data["query_tasks"] |= {10: {"start_addr": 130, "length": 22, "interval": 0.2},
                            11: {"start_addr": 140, "length": 1, "interval": 0.2, "function": 1}}
    data["data_points"] |= WRITABLE
    return data, names


def test_writes_to_a_serial_slave(hub, database, run):
    data, names = writable_tasks()
    hub = hub("usr", data)
    slave = SerialSlaves(run, [1])
    with Dtu(hub.port, b"LOGIN:1001", USR_BEAT, [slave]) as dtu:
        wait_for(lambda: served(slave, names, 1), 60, "the line to be polled")
        check_writes(hub, database, slave, "1001")
        wait_for(lambda: database.value("SELECT value FROM device_data WHERE data_point = 'setpoint' "
                                        "ORDER BY `timestamp` DESC LIMIT 1") == 23.5, 20, "the written value, polled")
        dtu.deaf = True
        assert_all_stored(database, "1001", names, [slave])
        assert_heartbeats(database, "1001", USR_BEAT, dtu)
        assert_clean(hub)
    status, answer = write(hub, device="1001", point="setpoint", value=1)
    assert status == 409 and "offline" in answer["error"]


def test_writes_to_a_tcp_slave(hub, database, run):
    port = free_port()
    data, names = writable_tasks()
    slave = TcpSlave(run, port)
    hub = hub("mbap_dial", data, devices=dialled(port))
    wait_for(lambda: served(slave, names, 1), 60, "the line to be polled")
    check_writes(hub, database, slave, "plc")
    assert_clean(hub)


def test_a_dtu_that_polls_by_itself(hub, database, run):
    data, names = tasks_and_points([1, 2], 1)
    hub = hub({"base": str(PROFILES / "usr.yml"), "listen_only": True}, data)
    slaves = SerialSlaves(run, [1, 2])
    with Dtu(hub.port, b"LOGIN:1001", USR_BEAT, [slaves]) as dtu:
        wait_for(lambda: history(database, "1001") == ["connect"], 20, "the DTU online")
        for _ in range(20):
            for unit in (1, 2):
                for function in FUNCTIONS.values():
                    before = metrics(hub)["polls_answered_total"]
                    dtu.ask(read_request(unit, function, 0, 16 if function <= 2 else 4))
                    wait_for(lambda: metrics(hub)["polls_answered_total"] > before, 20, "its answer to be heard")
        assert_all_stored(database, "1001", names, [slaves])
        assert_heartbeats(database, "1001", USR_BEAT, dtu)
        assert_clean(hub)
        assert dtu.asked == []
        status, answer = write(hub, device="1001", slave=1, function=6, address=100, values=[1])
        assert status == 409 and "listen_only" in answer["error"]
        states = {slave["slave"]: slave["state"] for slave in json.loads(get(hub, "/line?device=1001")[1])["slaves"]}
        assert states == {1: "alive", 2: "alive"}
