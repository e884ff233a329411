"""One line, byte by byte, with a DTU made by hand."""
import pytest

from harness.control import metrics
from harness.tlv import Closed, TlvClient, modbus, tlv
from harness.wait import wait_for

POINT = {"type": "uint16", "scale": None}


def tasks(*entries):
    """(number, start, length, interval or None for heartbeat) each, with a point at each start."""
    return {"query_tasks": {number: {"start_addr": start, "length": length, "interval": interval or 0,
                                     "trigger": "timer" if interval else "heartbeat"}
                            for number, start, length, interval in entries},
            "data_points": {start: {"name": f"p{start}", **POINT} for _, start, _, _ in entries}}


FAST = {"polling": {"response_timeout": 0.3, "request_gap": 0, "retries": 1}, "cache": {"flush_interval": 0.05}}
BEAT = tasks((7, 2000, 2, None))


@pytest.fixture
def hub(collector):
    return lambda data, **server: collector(server={**FAST, **server}, data=data, replace_data=True)


def history(database, device=1001):
    return [(row["event"], row["details"]) for row in database.query(
        "SELECT event, details FROM connection_history WHERE device_id = %s ORDER BY id", str(device))]


def values(database, point):
    return [row["value"] for row in database.query(
        "SELECT value FROM device_data WHERE data_point = %s ORDER BY `timestamp`", point)]


def wait_tables(hub):
    hub.process.wait_log("is ready")


def test_acknowledgements_byte_by_byte(hub, database):
    hub = hub(BEAT)
    wait_tables(hub)
    with TlvClient(hub.port) as dtu:
        dtu.send((0xFEDCBA98).to_bytes(4, "big")[:3], one_by_one=True)
        dtu.quiet(0.2)
        dtu.send(b"\x98")
        dtu.expect(b"\x01")
        dtu.send(b"\x02")
        dtu.quiet(0.2)
        dtu.send(b"\x00")
        dtu.expect(b"\x02")
        assert dtu.answer_next({2000: 65535}) == modbus(1, 3, b"\x07\xd0\x00\x02")
        dtu.send(tlv(3, b"hello"), one_by_one=True)
        dtu.expect(b"\x03")
        dtu.send(tlv(3) + tlv(2) + tlv(3, b"x" * 255))  # glued, empty, longest
        query = tlv(4, modbus(1, 3, b"\x07\xd0\x00\x02"))  # the heartbeat's
        got = dtu.read(3 + len(query))
        assert query in got
        assert sorted(got.replace(query, b"")) == [2, 3, 3]  # the heartbeat's answer need not wait
        wait_for(lambda: database.value("SELECT COUNT(*) FROM raw_packets") == 7, 5, "seven packets")
    rows = database.query("SELECT device_id, packet_type, raw_data FROM raw_packets ORDER BY id")
    assert {row["device_id"] for row in rows} == {str(0xFEDCBA98)}
    assert [(row["packet_type"], row["raw_data"]) for row in rows] == [
        ("register", bytes.fromhex("fedcba98")), ("heartbeat", b"\x02\x00"),
        ("modbus", tlv(4, modbus(1, 3, 4, b"\xff\xff\0\0"))), ("data", tlv(3, b"hello")), ("data", tlv(3)),
        ("heartbeat", b"\x02\x00"), ("data", tlv(3, b"x" * 255))]
    assert values(database, "p2000") == [65535]


def test_the_original_query_on_the_wire(collector):
    hub = collector(data={"query_tasks": {1: {"interval": 0.2}, 2: None, 4: None},
                          "data_points": {2200: None, 2202: None, 2400: None}})
    with TlvClient(hub.port, 1001) as dtu:
        dtu.expect(bytes.fromhex("0408010307d00064") + modbus(1, 3, b"\x07\xd0\x00\x64")[-2:])


def test_wrong_answers_are_dropped_and_the_query_repeated(hub, database):
    hub = hub(tasks((1, 2000, 2, 0.1)), polling={"response_timeout": 0.3, "request_gap": 0, "retries": 10})
    wait_tables(hub)
    right = modbus(1, 3, 4, b"\0\x07\0\0")
    with TlvClient(hub.port, 1001) as dtu:
        query = dtu.read_query()
        wrong = [right[:-1] + bytes([right[-1] ^ 1]),     # CRC
                 modbus(2, 3, 4, b"\0\x63\0\0"),          # slave
                 modbus(1, 4, 4, b"\0\x63\0\0"),          # function
                 modbus(1, 3, 2, b"\0\x63"),              # length, in itself right
                 modbus(1, 3, 4, b"\0\x63"),              # length that lies
                 b""]
        for frame in wrong:
            dtu.send(tlv(4, frame))
            assert dtu.read_query() == query
        dtu.send(tlv(4, right))
        dtu.read_query()
        now = metrics(hub)
        assert now["answers_unexpected_total"] == len(wrong) and now["crc_errors_total"] >= 1
        assert now["polls_repeated_total"] >= len(wrong) and now["polls_answered_total"] == 1
        wait_for(lambda: values(database, "p2000"), 5, "the reading")
    assert hub.stop() == 0
    assert values(database, "p2000") == [7]


def test_an_exception_is_named_and_closes_nothing(hub):
    hub = hub(tasks((1, 2000, 2, 0.1)))
    with TlvClient(hub.port, 1001) as dtu:
        dtu.read_query()
        dtu.send(tlv(4, modbus(1, 0x83, 2)))
        hub.process.wait_log(r"1001 .*task 1 refused by slave 1: exception 02, illegal data address")
        dtu.answer_next({2000: 1})
        assert metrics(hub)["polls_repeated_total"] == 0


def test_time_out_and_retry(hub, database):
    hub = hub(tasks((1, 2000, 2, 0.1)))
    wait_tables(hub)
    with TlvClient(hub.port, 1001) as dtu:
        query = dtu.read_query()
        assert dtu.read_query() == query  # the one retry
        hub.process.wait_log(r"task 1: no answer from slave 1 within 300 ms, 2 times")
        dtu.answer_next({2000: 5})
        wait_for(lambda: values(database, "p2000"), 5, "the reading")
    now = metrics(hub)
    assert now["polls_timed_out_total"] == 1 and now["polls_repeated_total"] == 1


def test_a_late_answer_is_no_other_tasks(hub, database):
    """Two tasks of one shape: served values say which task they were for, and in which round."""
    hub = hub(tasks((1, 2000, 2, 0.1), (2, 3000, 2, 0.1)),
              polling={"response_timeout": 0.15, "request_gap": 0, "retries": 0})
    wait_tables(hub)
    sent = {2000: [], 3000: []}
    with TlvClient(hub.port, 1001) as dtu:
        for turn in range(24):
            query = dtu.read_query()
            start = int.from_bytes(query[2:4], "big")
            in_time = turn % 3 != 0
            if not in_time:
                timed_out = metrics(hub)["polls_timed_out_total"]
                wait_for(lambda: metrics(hub)["polls_timed_out_total"] > timed_out, 5, "the time-out")
            dtu.answer(query, {start: start * 10 + turn})
            if in_time:
                sent[start].append(start * 10 + turn)
        wait_for(lambda: metrics(hub)["polls_answered_total"] == 16, 5, "the last answer to be taken")
    assert metrics(hub)["answers_late_total"] == 8
    assert hub.stop() == 0
    assert len(sent[2000]) > 2 and len(sent[3000]) > 2
    assert {start: values(database, f"p{start}") for start in sent} == sent


def test_a_silent_line_is_probed_before_it_is_closed(hub, database):
    hub = hub(BEAT, server={"heartbeat_timeout": 0.3, "max_missed": 2})
    wait_tables(hub)
    with TlvClient(hub.port, 1001) as dtu:
        probe = dtu.read_query()  # no heartbeat, no timer: only a probe can come
        dtu.answer(probe, {})
        hub.process.wait_log("alive after 2 missed heartbeats")
        dtu.send(tlv(2))
        dtu.answer_next({})
        assert dtu.read_query() == probe
        dtu.wait_closed()
    wait_for(lambda: len(history(database)) == 4, 5, "the history")
    assert [event for event, _ in history(database)] == [
        "connect", "heartbeat_timeout", "heartbeat_timeout", "disconnect"]
    assert "probe stayed unanswered" in history(database)[-1][1]
    assert database.value("SELECT status FROM devices") == "offline"
    assert values(database, "p2000") == [0]  # the heartbeat's, not the probe's
    assert metrics(hub)["heartbeat_timeouts_total"] == metrics(hub)["probes_sent_total"] == 2


def test_the_newest_line_of_an_id_wins(hub, database):
    hub = hub(BEAT)
    wait_tables(hub)
    with TlvClient(hub.port, 1001) as old:
        with TlvClient(hub.port, 1001) as new:
            assert old.wait_closed() == b""
            new.send(tlv(2))
            new.expect(b"\x02")
            wait_for(lambda: len(history(database)) == 3, 5, "the history")
            connects = history(database)
            assert [event for event, _ in connects] == ["connect", "disconnect", "connect"]
            assert connects[1][1] == "superseded by 127.0.0.1:%d" % new.sock.getsockname()[1]
            device, = database.query("SELECT status, port FROM devices")
            assert device == {"status": "online", "port": new.sock.getsockname()[1]}
            assert metrics(hub)["superseded_total"] == 1


def test_an_unknown_packet_closes_the_line(hub, database):
    hub = hub(BEAT)
    wait_tables(hub)
    with TlvClient(hub.port, 1001) as dtu:
        dtu.send(b"\x09")
        with pytest.raises(Closed):
            dtu.read(1)
    wait_for(lambda: ("disconnect", "protocol error") in history(database), 5, "the history")


def test_sigterm_stores_everything(hub, database):
    hub = hub(BEAT, cache={"flush_interval": 60})
    wait_tables(hub)
    with TlvClient(hub.port, 1001) as dtu:
        dtu.send(tlv(3, b"last words") * 500)
        dtu.expect(b"\x03" * 500)
        assert database.value("SELECT COUNT(*) FROM raw_packets") == 0
        assert hub.stop() == 0
        dtu.wait_closed()
    assert database.value("SELECT COUNT(*) FROM raw_packets WHERE packet_type = 'data'") == 500
    assert history(database)[-1] == ("disconnect", "server stopping")
    assert database.value("SELECT status FROM devices") == "offline"


def test_after_kill_9_nobody_is_left_online(hub, database):
    hub = hub(BEAT)
    wait_tables(hub)

    def online():
        return database.value("SELECT COUNT(*) FROM devices WHERE status = 'online'")
    with TlvClient(hub.port, 1001), TlvClient(hub.port, 1002):
        wait_for(lambda: online() == 2, 5, "two online")
        hub.kill()
    assert online() == 2
    hub.start()
    wait_for(lambda: online() == 0, 10, "nobody online")
    assert database.value("SELECT COUNT(*) FROM connection_history WHERE event = 'disconnect' "
                          "AND details = 'the collector ended unexpectedly'") == 2
    with TlvClient(hub.port, 1001):
        wait_for(lambda: online() == 1, 5, "one online")
