"""What the simulated DTUs of every family say, and how they go wrong, against a server that is nothing but this file."""
import re
import signal
import socket
import struct
import subprocess

import pytest

from harness.net import free_port
from harness.parts import BUILD, ROOT
from harness.served import Served, compare_exact, unique_answer
from harness.tlv import TlvClient, crc16, modbus
from harness.wait import wait_for

POINTS = """
query_tasks:
  1: {start_addr: 100, length: 4, interval: 30.0, trigger: "timer"}
data_points:
  100: {name: "a", type: "int", length: 2, scale: 1}
  102: {name: "b", type: "float", length: 4, scale: null}
"""
READ = modbus(1, 3, struct.pack(">HH", 100, 4))


def plain(adu):
    return adu


def mbap(adu):
    return b"\x12\x34\0\0" + struct.pack(">H", len(adu) - 2) + adu[:-2]


def unmbap(data):
    assert data[:4] == b"\x12\x34\0\0" and struct.unpack(">H", data[4:6])[0] == len(data) - 6
    return data[6:] + crc16(data[6:])


def unhex(data):
    return bytes.fromhex(data.decode())


def cut(n):
    return lambda data: data[n:]


def box(kind, little, last):
    def wrap(adu):
        size = struct.pack("<H" if little else ">H", 16 + len(adu))
        return b"\x7b" + bytes([kind]) + size + b"10000001001" + adu + last
    return wrap


def unbox(data):
    return data[15:-1]


IMEI = b"860000000001001"
DDP = b"\x7b\x01\x00\x1610000001001\x0a\x00\x00\x01\x13\x88\x7b"
DDP_ACK = b"\x7b\x81\x00\x1010000001001\x7b"
# family: registration, what the server answers, heartbeat, a query wrapped, an answer of 13 bytes unwrapped, its size
FAMILIES = {
    "usr": (b"LOGIN:1001", b"", b"www.usr.cn", plain, plain, 13),
    "usr_every": (b"LOGIN:1001;", b"", b"www.usr.cn", plain, cut(11), 24),
    "hiflying": (IMEI, b"", b"ping", plain, plain, 13),
    "irtu": (b'{"csq":23,"imei":"%s","iccid":"89860000000000001001","ver":"1.8.18"}' % IMEI, b"", b"ping", plain, plain, 13),
    "irtu_bin": (bytes.fromhex("17 8600000000010010 89860000000000001001"), b"", b"ping", plain, plain, 13),
    "irtu_imei": (IMEI, b"", b"\0", plain, cut(15), 28),
    "irtu_hex": (IMEI, b"", b"ping", lambda adu: adu.hex().encode(), unhex, 26),
    "ebyte": (b"d4ad000003e9", b"", b"ping", plain, plain, 13),
    "ebyte_mbap": (b"d4ad000003e9", b"", b"ping", mbap, unmbap, 17),
    "waveshare": (b"LOGIN:ws-1001", b"", b"ping", plain, plain, 13),
    "ddp": (DDP, DDP_ACK, DDP, box(0x89, False, b"\x7b"), unbox, 29),
    "ddp_udp": (DDP, DDP_ACK, DDP, box(0x89, False, b"\x7b"), cut(16), 29),
    "four_faith": (b"\0\0\x03\xe910000001001\0\x0a\0\0\1\0", b"", b"\xfe", plain, plain, 13),
    "alotcer": (b"{1\x1d\x001000000100110.0.0.1,5000}", b"", b"{0\x10\x0010000001001}", box(0x34, True, b"}"), unbox, 29),
    "tlink": (b"KP00000000001001", b"", b"Q", plain, plain, 13),
    "digits": (b"LOGIN:1001", b"", b"0123456789", plain, plain, 13),
}


class Line(TlvClient):
    """The server's end of one DTU's line, of any family."""

    def __init__(self, sock, timeout=10.0):
        self.sock, self.timeout, self._held = sock, timeout, b""

    def ask(self, query, size):
        self.send(query)
        return self.read(size)

    def all_there(self, seconds):
        """Whatever comes until nothing has come for so long."""
        got, self._held = self._held, b""
        self.sock.settimeout(seconds)
        try:
            while more := self.sock.recv(4096):
                got += more
        except TimeoutError:
            pass
        return got


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0), backlog=64) as sock:
        sock.settimeout(10)
        yield sock


@pytest.fixture
def dtus(sim, server, tmp_path):
    """dtus(*options): started with the points above and a record."""
    (tmp_path / "data_config.yml").write_text(POINTS)

    def start(*options):
        return sim("-c", tmp_path, "--port", server.getsockname()[1], "--count", 1,
                   "--served", tmp_path / "served.tsv", *options)
    return start


def accept(server):
    return Line(server.accept()[0])


def end(sim, tmp_path, *lines):
    """SIGTERM; the record."""
    for line in lines:
        line.close()
    sim.signal(signal.SIGTERM)
    assert sim.wait() == 0
    return Served(tmp_path / "served.tsv")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_on_the_wire(dtus, server, tmp_path, family):
    registration, reply, heartbeat, wrap, unwrap, size = FAMILIES[family]
    sim = dtus("--family", family, "--heartbeat", 0.3, "--segments", "one")
    line = accept(server)
    line.expect(registration)
    line.send(reply)
    sim.wait_log("1 of 1 registered")
    line.expect(heartbeat)
    answer = unwrap(line.ask(wrap(READ), size))
    assert answer[:3] == b"\1\3\x08" and modbus(answer[:-2]) == answer
    served = end(sim, tmp_path, line)
    device, = served.answers
    (registers, points), = served.answers[device]
    assert registers == answer[3:-2].hex() and set(points) == {"a", "b"}
    assert served.heartbeats[device] >= 1
    listed = dict(line.split("\t")[:2] for line in subprocess.run(
        [BUILD / "dtuhub-sim", "--list-families"], capture_output=True, text=True, check=True).stdout.splitlines())
    assert listed[family] == device and len(listed) == 19


def test_bytes_come_one_by_one(dtus, server):
    dtus("--family", "usr", "--segments", "one")
    line = accept(server)
    line.expect(b"LOGIN:1001")
    line.send(READ)
    sizes = []
    while sum(sizes) < 13:
        sizes.append(len(line.sock.recv(4096)))
    assert len(sizes) >= 11  # a slow reader may see two at once


def test_heartbeats_are_glued_to_answers(dtus, server, tmp_path):
    sim = dtus("--family", "tlink", "--segments", "glued", "--units", "81-82")
    line = accept(server)
    line.expect(b"KP00000000001001")
    read = modbus(81, 3, struct.pack(">HH", 100, 4))
    seen = set()
    for _ in range(40):
        line.send(read)
        got = line.all_there(0.05)
        before, behind = got.startswith(b"QQ"), len(got) - got.startswith(b"QQ") == 14
        answer = got[before:before + 13]
        assert modbus(answer[:-2]) == answer and got[before + 13:] == b"Q" * behind
        seen.add((before, behind))
    assert len(seen) == 4
    assert end(sim, tmp_path, line).heartbeats["KP00000000001001"] > 10


def ask_often(line, n):
    """Ask n times; what came for each."""
    came = []
    for _ in range(n):
        line.send(READ)
        came.append(line.all_there(0.06))
    return came


def without_lost(served):
    return [(kind, points) for kind, points in served.history["1001"] if kind != "lost"]


def test_every_fault_and_its_record(dtus, server, tmp_path):
    options = ("--family", "usr", "--unique", "--late-by", 60000, "--seed", 5,
               "--faults", "crc=10,wrong_slave=10,exception=10,silence=10,late=10,split_heartbeat=10,noise=10")

    def once(*more):
        sim = dtus(*options, *more)
        line = accept(server)
        line.expect(b"LOGIN:1001")
        came = ask_often(line, 60)
        return came, end(sim, tmp_path, line)
    came, served = once()
    history = [kind for kind, _ in without_lost(served)]
    assert len(history) == len(came) == 60
    assert set(history) == {"answer", "crc", "wrong_slave", "exception", "silence", "late", "split_heartbeat", "noise"}
    faults = {fault.poll: fault for fault in served.faults}
    answers = iter(served.answers["1001"])
    late = b""
    for n, (kind, data) in enumerate(zip(history, came), 1):
        assert data.startswith(late), f"answer {n}: the late one comes first"
        data, late = data[len(late):], b""
        registers = bytes.fromhex(next(answers)[0] if kind == "answer" else faults[n].registers)
        intact = modbus(1, 3, 8, registers)
        assert unique_answer(struct.unpack(">H", registers[:2])[0], 100) == n
        if kind == "answer":
            assert data == intact
        elif kind == "crc":
            assert data[:-2] == intact[:-2] and data != intact
        elif kind == "wrong_slave":
            assert data == modbus(2, intact[1:-2])
        elif kind == "exception":
            assert data == modbus(1, 0x83, 4)
        elif kind == "silence":
            assert data == b""
        elif kind == "late":
            assert data == b""
            late = intact
        elif kind == "split_heartbeat":
            assert data.replace(b"www.usr.cn", b"", 1) == intact and data != intact
        elif kind == "noise":
            assert intact in data and data != intact
    _, again = once("--heartbeat", 0.1)  # heartbeats do not change what goes wrong
    assert again.heartbeats["1001"] > 10
    assert without_lost(again) == without_lost(served)


def test_a_late_answer_comes_by_itself(dtus, server, tmp_path):
    sim = dtus("--family", "usr", "--unique", "--late-by", 300, "--faults", "late=100")
    line = accept(server)
    line.expect(b"LOGIN:1001")
    alone = 0
    for _ in range(8):
        line.send(READ)
        alone += bool(line.all_there(0.5))
    assert 0 < alone < 8
    served = end(sim, tmp_path, line)
    assert {fault.kind for fault in served.faults} == {"late"} and len(served.faults) == 8 and not served.answers


def test_a_line_goes_dark_and_another_one_comes(dtus, server, tmp_path):
    sim = dtus("--family", "usr", "--faults", "half_open=100")
    first = accept(server)
    first.expect(b"LOGIN:1001")
    first.send(READ)
    second = accept(server)
    second.expect(b"LOGIN:1001")
    first.send(READ)
    first.quiet(0.2)  # open, and dumb
    second.send(READ)
    third = accept(server)
    third.expect(b"LOGIN:1001")
    served = end(sim, tmp_path, first, second, third)
    assert [fault.kind for fault in served.faults] == ["half_open"] * 2
    assert "0 answers" in sim.log() and "2 faulted answers" in sim.log()


def test_a_storm(dtus, server, tmp_path):
    sim = dtus("--family", "usr", "--count", 5, "--ramp", 10000, "--storm", 0.5)
    lines = [accept(server) for _ in range(5)]
    for line in lines:
        assert re.fullmatch(rb"LOGIN:100\d", line.wait_closed(timeout=3))
    lines = [accept(server) for _ in range(5)]
    assert sorted(line.read(10) for line in lines) == [b"LOGIN:%d" % n for n in range(1001, 1006)]
    assert len(end(sim, tmp_path, *lines).history) == 5


def test_ebyte_restarts_when_nobody_speaks(dtus, server):
    sim = dtus("--family", "ebyte", "--restart", 0.3, "--reconnect", 0.05)
    line = accept(server)
    line.expect(b"d4ad000003e9")
    for _ in range(4):
        line.ask(READ, 13)
        line.quiet(0.2)
    assert line.wait_closed(timeout=2) == b""
    sim.wait_log("it restarts")
    accept(server).expect(b"d4ad000003e9")


def test_dtus_that_are_dialled(sim, tmp_path):
    (tmp_path / "data_config.yml").write_text(POINTS)
    while True:
        port = free_port()
        try:
            socket.create_server(("127.0.0.1", port + 1)).close()
            break
        except OSError:
            pass
    dtu = sim("-c", tmp_path, "--family", "mbap", "--listen", port, "--count", 2, "--served", tmp_path / "served.tsv")

    def dial(at):
        return Line(socket.create_connection(("127.0.0.1", at), 5))

    def up():
        try:
            return [dial(port), dial(port + 1)]
        except ConnectionRefusedError:
            return None
    first, second = wait_for(up, 5, "both ports")
    dtu.wait_log("2 of 2 registered")
    assert unmbap(first.ask(mbap(READ), 17))[:3] == b"\1\3\x08"
    newer = dial(port)
    assert unmbap(newer.ask(mbap(READ), 17))[:3] == b"\1\3\x08"
    assert first.wait_closed() == b""  # the newest line counts
    assert unmbap(second.ask(mbap(READ), 17))[:3] == b"\1\3\x08"
    served = end(dtu, tmp_path, first, second, newer)
    assert {device: len(answers) for device, answers in served.answers.items()} == {"1001": 2, "1002": 1}


def test_a_port_that_is_taken(server):
    done = subprocess.run([BUILD / "dtuhub-sim", "-c", ROOT / "config", "--family", "mbap", "--count", "1",
                           "--listen", str(server.getsockname()[1])], capture_output=True, text=True, timeout=10)
    assert done.returncode == 1 and "choose another --listen" in done.stderr


def test_slaves_and_writes(dtus, server, tmp_path):
    sim = dtus("--family", "usr", "--units", "1,48-50", "--dead-units", "49", "--absent", "silence")
    line = accept(server)
    line.expect(b"LOGIN:1001")
    write = modbus(50, 16, b"\0\x64\0\2\4\x12\x34\xfd\xfe")
    assert line.ask(write, 8) == modbus(50, 16, b"\0\x64\0\2")
    assert line.ask(modbus(50, 3, b"\0\x64\0\2"), 9) == modbus(50, 3, 4, b"\x12\x34\xfd\xfe")
    assert line.ask(modbus(48, 3, b"\0\x64\0\2"), 9)[3:7] != b"\x12\x34\xfd\xfe"
    line.send(modbus(49, 3, b"\0\x64\0\2") + modbus(51, 3, b"\0\x64\0\2"))
    line.quiet(0.2)
    served = end(sim, tmp_path, line)
    write, = served.writes
    assert write[1:] == ("1001", 50, 16, 100, 2, "1234fdfe")


@pytest.mark.parametrize("options, answer", [
    (["--reject-writes"], modbus(1, 0x86, 2)),
    (["--write-sticky", "off"], modbus(1, 6, b"\0\x64\x12\x34")),
])
def test_writes_that_do_not_stick(dtus, server, tmp_path, options, answer):
    dtus("--family", "usr", *options)
    line = accept(server)
    line.expect(b"LOGIN:1001")
    assert line.ask(modbus(1, 6, b"\0\x64\x12\x34"), len(answer)) == answer
    assert line.ask(READ, 13)[3:5] != b"\x12\x34"


@pytest.mark.parametrize("options, message", [
    (["--family", "usrr"], 'no family "usrr"'),
    (["--units", "0"], "--units"),
    (["--dead-units", "3-1"], "--dead-units"),
    (["--segments", "two"], "none of whole, one, glued, random"),
    (["--faults", "crc=5,x=1"], "--faults"),
    (["--faults", "101"], "--faults"),
    (["--write-sticky", "maybe"], "neither on nor off"),
    (["--listen", "65535", "--count", "2"], "ports end at 65535"),
    (["-c", str(ROOT / "config"), "--profile", "nobody"], 'no profile "nobody"'),
])
def test_faulty_options(options, message):
    done = subprocess.run([BUILD / "dtuhub-sim", *options], capture_output=True, text=True, timeout=10)
    assert done.returncode == 2 and message in done.stderr and done.stdout == ""


def test_every_option_is_in_the_help():
    usage = subprocess.run([BUILD / "dtuhub-sim", "--help"], capture_output=True, text=True, check=True).stdout
    source = (ROOT / "tests" / "sim" / "options.c").read_text()
    options = re.findall(r'\{"([a-z-]+)", (?:required|no)_argument', source) + re.findall(r'\] = \{"([a-z-]+)",', source)
    assert len(options) == 30
    assert not [option for option in options if f"--{option}" not in usage]


class Stored:
    """A database that holds these moments of one device: [{point: (value, raw)}]."""

    def __init__(self, device, *moments):
        self.rows = [{"ts": n, "data_point": name, "value": value, "raw_value": raw, "device_id": device}
                     for n, points in enumerate(moments) for name, (value, raw) in sorted(points.items())]

    def query(self, _, *arguments):
        return [row for row in self.rows if not arguments or row["device_id"] in arguments]


ONE, TWO, THREE = ({"a": (float(n), n)} for n in (1, 2, 3))
RECORD = """answer\t1\tdtu\t1\t1\t3\t0\t1\t0001\ta=1/1
fault\tKIND\t2\tdtu\t2\t1\t3\t0\t1\t0002\ta=2/2
answer\t3\tdtu\t3\t1\t3\t0\t1\t0003\ta=3/3
"""


@pytest.mark.parametrize("kind, moments, message", [
    ("crc", [ONE, THREE], None),
    ("crc", [ONE, TWO, THREE], "which was served, as crc, but not here"),
    ("noise", [ONE, TWO, THREE], None),
    ("noise", [ONE, THREE], None),
    ("crc", [ONE], r"answer 1 is not stored: {'a': \(3.0, 3\)}"),
    ("crc", [THREE], "stored moment 0 is"),
    ("crc", [ONE, ONE, THREE], "stored moment 1 is"),
    ("crc", [ONE, THREE, THREE], "stored moment 2 is one too many"),
    ("crc", [ONE, {"a": (9.0, 9)}, THREE], "which was never served"),
    ("crc", [THREE, ONE], "served, as answer, but not here"),
])
def test_stored_is_exactly_what_was_served(tmp_path, kind, moments, message):
    (tmp_path / "served.tsv").write_text(RECORD.replace("KIND", kind))
    served = Served(tmp_path / "served.tsv")
    if message is None:
        compare_exact(Stored("dtu", *moments), served)
    else:
        with pytest.raises(AssertionError, match=message):
            compare_exact(Stored("dtu", *moments), served)


def test_an_answer_just_before_the_line_was_lost_may_be_missing(tmp_path):
    (tmp_path / "served.tsv").write_text(RECORD.replace("KIND", "crc") + "lost\t4\tdtu\n")
    served = Served(tmp_path / "served.tsv")
    compare_exact(Stored("dtu", ONE, THREE), served)
    compare_exact(Stored("dtu", ONE), served)
    with pytest.raises(AssertionError, match="devices that do not exist"):
        database = Stored("dtu", ONE)
        database.rows.append(dict(database.rows[0], device_id="other"))
        compare_exact(database, served)
