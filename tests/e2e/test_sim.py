"""The simulated DTUs on the wire, against a server that is nothing but this file."""
import math
import re
import signal
import socket
import struct
import subprocess
import time

import pytest

from harness.net import free_port
from harness.parts import BUILD, ROOT
from harness.tlv import TlvClient, modbus, tlv
from harness.wait import wait_for

POINTS = """
query_tasks:
  1: {start_addr: 2000, length: 100, interval: 30.0, trigger: "timer"}
  2: {start_addr: 2200, length: 15, interval: 60.0, trigger: "timer"}
data_points:
  2000: {name: "temperature", type: "int", length: 2, scale: 0.1}
  2010: {name: "humidity", type: "float", length: 4, scale: null}
  2040: {name: "status", type: "int", length: 2, scale: 1}
  2200: {name: "energy_total", type: "int", length: 4, scale: 0.01}
"""
READ_2000 = modbus(1, 3, struct.pack(">HH", 2000, 100))
READ_2200 = modbus(1, 3, struct.pack(">HH", 2200, 15))


class Line(TlvClient):
    """The server's end of one DTU's line."""

    def __init__(self, sock):
        self.sock, self.timeout, self._held = sock, 10.0, b""

    def read_answer(self):
        """The Modbus frame of the next 04 packet, heartbeats before it passed over."""
        while (head := self.read(2)) == b"\x02\x00":
            pass
        assert head[0] == 4, f"expected an answer, got {head.hex()}"
        frame = self.read(head[1])
        assert modbus(frame[:-2]) == frame, f"wrong CRC in {frame.hex()}"
        return frame

    def ask(self, query):
        self.send(tlv(4, query))
        return self.read_answer()


class Server:
    def __init__(self, port=0):
        self.sock = socket.create_server(("127.0.0.1", port), backlog=512)
        self.sock.settimeout(10)
        self.port = self.sock.getsockname()[1]
        self.lines = []

    def accept(self):
        """The next DTU: its id and line, not acknowledged yet."""
        line = Line(self.sock.accept()[0])
        self.lines.append(line)
        return struct.unpack(">I", line.read(4))[0], line

    def register(self):
        device, line = self.accept()
        line.send(b"\x01")
        return device, line

    def close(self):
        for line in self.lines:
            line.close()
        self.sock.close()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def dtus(sim, tmp_path):
    """dtus(server, *options): started with the points above and a record."""
    (tmp_path / "data_config.yml").write_text(POINTS)

    def start(server, *options):
        port = server if isinstance(server, int) else server.port
        return sim("-c", tmp_path, "--port", port, "--served", tmp_path / "served.tsv", *options)
    return start


def record(tmp_path):
    """The whole lines of the record, each a list of columns."""
    text = (tmp_path / "served.tsv").read_text()
    return [line.split("\t") for line in text[:text.rfind("\n") + 1].splitlines()]


def answers_in(tmp_path):
    return [columns for columns in record(tmp_path) if columns[0] == "answer"]


def end(sim, server):
    """SIGTERM, and the server closes when the DTUs have; what they still said."""
    sim.signal(signal.SIGTERM)
    last = b"".join(line.wait_closed() for line in server.lines if line.sock.fileno() >= 0)
    server.close()
    assert sim.wait() == 0
    return last


def test_wire_bytes(dtus, server, tmp_path):
    sim = dtus(server, "--count", 1, "--first-id", 0x12345678, "--heartbeat", 0.1)
    device, line = server.accept()
    assert device == 0x12345678
    line.quiet(0.3)  # no heartbeat before the acknowledgement
    line.send(b"\x01")
    sim.wait_log("1 of 1 registered")
    line.expect(b"\x02\x00" * 2)
    line.send(b"\x02", one_by_one=True)
    frame = line.ask(READ_2000)
    assert frame[:3] == bytes([1, 3, 200]) and len(frame) == 205
    assert end(sim, server).replace(b"\x02\x00", b"") == b""
    answer, = answers_in(tmp_path)
    assert answer[2:8] == [str(0x12345678), "1", "1", "3", "2000", "100"]
    assert answer[8] == frame[3:-2].hex()
    assert sum(columns[0] == "heartbeat" for columns in record(tmp_path)) >= 2


def test_queries_cut_and_glued(dtus, server):
    dtus(server, "--count", 1)
    _, line = server.accept()
    line.send(b"\x01" + tlv(4, READ_2000) + b"\x02" + tlv(4, READ_2200) + b"\x03")
    assert len(line.read_answer()) == 205
    assert len(line.read_answer()) == 35
    line.send(b"\x02" + tlv(4, READ_2200) + tlv(4, READ_2000), one_by_one=True)
    assert len(line.read_answer()) == 35
    assert len(line.read_answer()) == 205


MASK = (1 << 64) - 1


def scramble(x):
    x = (x ^ x >> 33) * 0xff51afd7ed558ccd & MASK
    x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53 & MASK
    return x ^ x >> 33


def mix(seed, a, b):
    return scramble((scramble(scramble(seed + 1 & MASK) ^ a) + b) & MASK)


def temperature(seed, device, wall_ms):
    """The curve of waveform.h, written a second time."""
    key = 0xcbf29ce484222325
    for byte in b"temperature":
        key = (key ^ byte) * 0x100000001b3 & MASK
    own = mix(seed, key, device)
    own_mean = (mix(own, 1, 0) >> 11) * 2.0**-52 - 1
    noise = mix(own, 3, wall_ms)
    noise = ((noise >> 32) + (noise & 0xffffffff)) * 2.0**-32 - 1
    day = wall_ms % 86400000 / 86400000 - 9 / 24
    return 22 + 2 * own_mean + 6 * math.sin(2 * math.pi * day) + 0.3 * noise


def test_every_value_can_be_computed_again(dtus, server, tmp_path):
    sim = dtus(server, "--count", 3, "--seed", 77)
    for device, line in [server.register() for _ in range(3)]:
        for _ in range(20):
            frame = line.ask(READ_2000)
            assert math.isfinite(struct.unpack(">f", frame[23:27])[0])
            line.ask(READ_2200)
    end(sim, server)
    answers = answers_in(tmp_path)
    assert len(answers) == 120
    for _, wall_ms, device, poll, _, _, start, _, registers, *points in answers:
        values = dict(re.fullmatch(r"(.*)=(.*)/(.*)", point).groups()[:2] for point in points)
        if start == "2200":
            assert float(values.pop("energy_total")) == int(poll) / 100 and not values
            continue
        assert set(values) == {"temperature", "humidity", "status"}
        raw = math.floor(temperature(77, int(device), int(wall_ms)) * 10 + 0.5)
        assert registers.startswith(f"{raw:04x}")
        assert float(values["temperature"]) == raw / 10
        assert values["humidity"] == f"{struct.unpack('>f', bytes.fromhex(registers[40:48]))[0]:.17g}"
    for device in ("1001", "1002", "1003"):
        assert [int(a[3]) for a in answers if a[2] == device] == list(range(1, 41))


def test_refusals_are_recorded(dtus, server, tmp_path):
    sim = dtus(server, "--count", 1)
    _, line = server.register()
    assert line.ask(modbus(2, 3, b"\x07\xd0\0\1")) == modbus(2, 0x83, 0x0B)
    assert line.ask(modbus(1, 0x2B, b"\0\1\0\1")) == modbus(1, 0xAB, 0x01)
    assert line.ask(modbus(1, 3, b"\xff\xff\0\2")) == modbus(1, 0x83, 0x02)
    line.send(tlv(4, b"\1\3\0\0\0\1\0\0"))  # wrong CRC: silence
    assert len(line.ask(READ_2200)) == 35
    end(sim, server)
    assert [columns[2:] for columns in record(tmp_path) if columns[0] == "exception"] == [
        ["1001", "2", "3", "2000", "1", "11"],
        ["1001", "1", "43", "0", "0", "1"],
        ["1001", "1", "3", "65535", "2", "2"],
    ]
    assert "served 1 answers, 3 exceptions" in sim.log()


def test_an_absent_unit_can_be_silent(dtus, server):
    dtus(server, "--count", 1, "--absent", "silence", "--unit", 9)
    _, line = server.register()
    line.send(tlv(4, READ_2000))
    assert line.ask(modbus(9, 3, b"\0\0\0\1")) == modbus(9, 3, 2, 0, 0)


def test_twenty_dtus(dtus, server):
    sim = dtus(server, "--count", 20, "--ramp", 1000)
    assert sorted(server.register()[0] for _ in range(20)) == list(range(1001, 1021))
    sim.wait_log("20 of 20 registered")


def test_a_lost_line_is_dialled_again(dtus, server, tmp_path):
    sim = dtus(server, "--count", 1, "--reconnect", 0.05)
    _, line = server.register()
    line.ask(READ_2200)
    line.close()
    device, line = server.register()
    line.ask(READ_2200)
    line.reset()
    device, line = server.accept()
    line.send(b"\xEE")  # begins nothing
    assert line.wait_closed() == b""
    device, line = server.register()
    assert device == 1001
    line.ask(READ_2200)
    end(sim, server)
    assert [(columns[0], columns[3:4]) for columns in record(tmp_path)] == [
        ("answer", ["1"]), ("lost", []), ("answer", ["2"]), ("lost", []), ("answer", ["3"])]
    assert "2 lines lost, 2 reconnects" in sim.log()


def test_a_server_that_comes_later(dtus):
    port = free_port()
    sim = dtus(port, "--count", 2, "--reconnect", 0.05)
    sim.wait_log("Connection refused")
    server = Server(port)
    try:
        assert {server.register()[0], server.register()[0]} == {1001, 1002}
        sim.wait_log("2 of 2 registered")
    finally:
        server.close()


def test_a_query_before_the_acknowledgement_is_a_fault(dtus, server):
    sim = dtus(server, "--count", 1, "--reconnect", 0)
    _, line = server.accept()
    line.send(tlv(4, READ_2000))
    assert line.wait_closed() == b""
    sim.wait_log("before the registration was acknowledged")


def test_a_server_that_does_not_read(dtus, server, tmp_path):
    """More answers than the sockets hold: none is cut, and the record has only those the kernel took."""
    server.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    dtus(server, "--count", 1, "--heartbeat", 0.05)
    _, line = server.register()
    line.send(tlv(4, READ_2000) * 30000)
    counts = [0]

    def stuck():
        counts.append(len(answers_in(tmp_path)))
        return counts[-1] == counts[-2] > 0
    wait_for(stuck, 10, "a record that grows no more", every=1.2)  # it is flushed twice a second
    assert counts[-1] < 30000
    came, deadline = [], time.monotonic() + 30
    while len(came) < 30000:
        assert time.monotonic() < deadline, f"only {len(came)} answers came"
        if (head := line.read(2)) != b"\x02\x00":
            assert head == b"\x04\xcd"
            came.append(line.read(205)[3:-2].hex())
    wait_for(lambda: len(answers_in(tmp_path)) == 30000, 5, "the whole record", every=0.3)
    assert [columns[8] for columns in answers_in(tmp_path)] == came


def test_latency_lets_heartbeats_pass(dtus, server):
    dtus(server, "--count", 1, "--latency", 500, "--heartbeat", 0.05)
    _, line = server.register()
    line.send(tlv(4, READ_2200) + tlv(4, READ_2000))
    line.expect(b"\x02\x00" * 3)
    assert len(line.read_answer()) == 35
    assert len(line.read_answer()) == 205


def test_unanswered_heartbeats_are_counted(dtus, server):
    sim = dtus(server, "--count", 1, "--heartbeat", 0.05)
    _, line = server.register()
    line.expect(b"\x02\x00" * 3)
    end(sim, server)
    heartbeats, missing = map(int, re.search(r"(\d+) heartbeats \((\d+) not ack", sim.log()).groups())
    assert heartbeats >= 3 and missing == heartbeats - 1


def test_it_ends_by_itself_and_on_signals(dtus, server):
    sim = dtus(server, "--count", 1, "--duration", 0.3)
    _, line = server.register()
    assert line.wait_closed() == b""
    line.close()
    assert sim.wait() == 0
    sim = dtus(server, "--count", 1)
    _, line = server.register()
    sim.signal(signal.SIGINT)
    assert line.wait_closed(timeout=1) == b""  # its side at once, before the server closes the other
    line.close()
    assert sim.wait() == 0


def test_it_ends_although_the_server_never_closes(dtus, server):
    sim = dtus(server, "--count", 2)
    server.register(), server.register()
    sim.wait_log("2 of 2 registered")
    assert sim.stop() == 0


@pytest.mark.parametrize("options, message", [
    (["--count", "x"], '--count: "x" is not a whole number from 1 to 1000000'),
    (["--count", "0"], "--count"),
    (["--port", "70000"], "--port"),
    (["--heartbeat", "nan"], "--heartbeat"),
    (["--first-id", "4294967295", "--count", "2"], "ids end at 4294967295"),
    (["--absent", "maybe"], "neither exception nor silence"),
    (["--nonsense"], "nonsense"),
    (["--host"], "host"),
    (["extra"], '"extra" is no option'),
])
def test_faulty_options(options, message):
    done = subprocess.run([BUILD / "dtuhub-sim", *options], capture_output=True, text=True, timeout=10)
    assert done.returncode == 2 and message in done.stderr and done.stdout == ""


def test_other_ways_to_start():
    def run(*options):
        return subprocess.run([BUILD / "dtuhub-sim", *options], capture_output=True, text=True, timeout=10)
    assert re.fullmatch(r"dtuhub-sim \d+\.\d+\.\d+\n", run("--version").stdout)
    assert "--served FILE" in run("--help").stdout
    missing = run("-c", "/nonexistent")
    assert missing.returncode == 1 and "/nonexistent/data_config.yml" in missing.stderr
    full = run("-c", ROOT / "config", "--served", "/nonexistent/file")
    assert full.returncode == 1 and "/nonexistent/file: No such file" in full.stderr
