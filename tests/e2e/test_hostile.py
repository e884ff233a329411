"""Strangers who do all that is wrong, while twenty DTUs go on as if there were nobody else."""
import random
import socket
import struct
import threading
from pathlib import Path

import pytest

from harness.control import drained, metrics
from harness.parts import BUILD
from harness.served import Served, compare_packets, compare_readings
from harness.tlv import Closed, TlvClient, tlv
from harness.wait import wait_for

pytestmark = pytest.mark.asan

SANITIZED = BUILD.name in ("asan", "tsan")
STRANGERS = 0x40000000  # ids of those who register, apart from the DTUs'
GROWTH_MB = 400 if SANITIZED else 40  # a sanitizer keeps freed memory for a while


def resident_mb(process):
    rows = dict(line.split(":", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
    return int(rows["VmRSS"].split()[0]) / 1024


def dial(port, n=0, **options):
    """A line from one of some addresses, so that none runs out of ports."""
    return socket.create_connection(("127.0.0.1", port), 10, (f"127.0.1.{n % 50 + 1}", 0), **options)


def cut(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def say(port, data, n=0):
    """Send all, as far as the server takes it, and drop the line."""
    sock = dial(port, n)
    try:
        sock.sendall(data)
    except OSError:
        pass
    cut(sock)


def expect_acks(line, acks):
    """These acknowledgements in order; queries between them are passed over."""
    for ack in acks:
        while (kind := line.read(1)[0]) == 4:
            line.read(line.read(1)[0])
        assert kind == ack


def random_bytes(port, dice):
    for n in range(300):
        say(port, dice.randbytes(dice.randrange(1, 3000)), n)
        say(port, struct.pack(">I", STRANGERS + n % 7) + dice.randbytes(dice.randrange(1, 3000)), n)


def half_frames_and_lengths_that_lie(port, dice):
    for n in range(300):
        packets = b"".join(tlv(dice.choice([2, 3, 4]), dice.randbytes(dice.randrange(0, 256))) for _ in range(5))
        say(port, struct.pack(">I", STRANGERS + n % 7) + packets[:dice.randrange(len(packets))], n)
        adu = bytes([1, 3, dice.randrange(256)]) + dice.randbytes(dice.randrange(0, 250))
        say(port, struct.pack(">I", STRANGERS + n % 7) + tlv(4, adu) + b"\x04\xff" + adu, n)


def slow_writers(port, dice):
    """Byte by byte, interleaved over forty lines, each its registration and packets."""
    lines = [TlvClient(port) for _ in range(40)]
    texts = [struct.pack(">I", STRANGERS + 100 + i) + tlv(2) + tlv(3, dice.randbytes(100)) for i in range(40)]
    for at in range(max(map(len, texts))):
        for line, text in zip(lines, texts):
            line.send(text[at:at + 1])
    for line in lines:
        expect_acks(line, b"\x01\x02\x03")
        line.close()


def quick_connects(port, dice):
    open_lines = []
    for n in range(10000):
        open_lines.append(dial(port, n))
        if len(open_lines) == 100:
            for sock in open_lines:
                cut(sock) if dice.random() < 0.8 else sock.close()
            open_lines.clear()


def never_readers(port, dice):
    lines = []
    for n in range(20):
        sock = dial(port, n)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        sock.settimeout(0.05)
        lines.append(sock)
        sock.sendall(struct.pack(">I", STRANGERS + 200 + n))
        try:
            for _ in range(50):
                sock.sendall(tlv(2) * 50)
        except OSError:
            pass
    for sock in lines:
        cut(sock)


AGAIN_AND_AGAIN = [random_bytes, half_frames_and_lengths_that_lie, slow_writers]
ONCE = [quick_connects, never_readers]


def test_no_dtu_notices_strangers(collector, database, sim, tmp_path):
    hub = collector(server={"server": {"accept_rate": 0}, "polling": {"request_gap": 0.01}},
                    data={"query_tasks": {1: {"interval": 0.2}, 2: {"interval": 0.3}, 4: {"interval": 0.5}}})
    hub.process.wait_log("is ready")
    fleet = sim("-c", hub.config.folder, "--port", hub.port, "--count", 20, "--heartbeat", 0.5, "--reconnect", 0.1,
                "--served", tmp_path / "served.tsv")
    fleet.wait_log("20 of 20 registered")
    before = resident_mb(hub.process)
    silent = [dial(hub.port, n) for n in range(50)]
    faults, enough = [], threading.Event()

    def attack(kind):
        dice = random.Random(kind.__name__)
        try:
            kind(hub.port, dice)
            while kind in AGAIN_AND_AGAIN and not enough.is_set():
                kind(hub.port, dice)
        except Exception as fault:  # told by the test's own thread
            faults.append((kind.__name__, repr(fault)))
    threads = [threading.Thread(target=attack, args=[kind]) for kind in AGAIN_AND_AGAIN + ONCE]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: metrics(hub)["polls_answered_total"] > 600, 60, "polls to go on meanwhile", every=0.1)
    finally:
        enough.set()
    for thread in threads:
        thread.join(120)
    assert not faults
    for sock in silent:
        cut(sock)
    now = metrics(hub)
    assert now["accepted_total"] + now["refused_total"] >= 11000
    assert now["protocol_errors_total"] > 100
    assert fleet.stop() == 0
    now = wait_for(lambda: drained(hub), 30, lambda: f"everything to be stored: {metrics(hub)}")
    assert "0 lines lost" in fleet.log()
    print(f"{now['accepted_total']:g} lines accepted, {now['protocol_errors_total']:g} broken, memory "
          f"{before:.0f} -> {resident_mb(hub.process):.0f} MB, cache peak {now['cache_records_peak']:g}")
    assert resident_mb(hub.process) < before + GROWTH_MB
    assert now["cache_dropped_total"] == 0
    served = Served(tmp_path / "served.tsv")
    assert len(served.devices) == 20 and served.answer_count > 400
    compare_readings(database, served)
    compare_packets(database, served)


def test_a_silent_stranger_is_closed_in_time(collector):
    hub = collector(server={"server": {"registration_timeout": 0.4}})
    with TlvClient(hub.port) as nothing, TlvClient(hub.port) as half, TlvClient(hub.port, 1001) as dtu:
        half.send(b"\0\0\x03")
        assert nothing.wait_closed(5) == b"" and half.wait_closed(5) == b""
        assert metrics(hub)["registration_timeouts_total"] == 2
        dtu.send(tlv(2))
        expect_acks(dtu, b"\x02")


def test_one_too_many_is_refused_and_told(collector):
    hub = collector(server={"server": {"max_connections": 3, "connection_pool_size": 2}})
    dtus = [TlvClient(hub.port, device) for device in (1001, 1002, 1003)]
    with TlvClient(hub.port) as late:
        late.wait_closed(5)
    hub.process.wait_log(r"\[127\.0\.0\.1:\d+\] refused: server\.max_connections \(3\) is reached")
    assert metrics(hub)["refused_total"] == 1
    dtus.pop().close()
    wait_for(lambda: metrics(hub)["connections"] == 2, 5, "a free place")
    dtus.append(TlvClient(hub.port, 1004))
    for dtu in dtus:
        dtu.send(tlv(2))
        expect_acks(dtu, b"\x02")
        dtu.close()


def test_silent_strangers_give_their_place_to_a_dtu(collector):
    hub = collector(server={"server": {"max_connections": 3, "connection_pool_size": 0}})
    with TlvClient(hub.port, 1001) as first:
        silent = [TlvClient(hub.port) for _ in range(2)]

        def registered():
            try:
                return TlvClient(hub.port, 1002)
            except (Closed, OSError):  # refused: as a DTU does, dial again
                return None
        with wait_for(registered, 10, "a place", every=0.1) as second:
            silent[0].wait_closed(5)
            for dtu in (first, second):
                dtu.send(tlv(2))
                expect_acks(dtu, b"\x02")
            assert metrics(hub)["evicted_total"] == 1
        for line in silent:
            line.close()
