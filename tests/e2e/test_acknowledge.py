"""The acknowledgement of a data packet is a promise: it goes out once the packet is in the journal, or, where no journal
can be written, in the database; so whatever was acknowledged survives a kill -9.

ROUNDS=5 FAULT_SEED=1 are the variables of the kills; the same seed kills the same way."""
import os
import random
import select
import struct
import threading
import time

import pytest

from harness.control import metrics
from harness.parts import ROOT
from harness.tlv import TlvClient, tlv
from harness.wait import wait_for

LIBRARY = ROOT / "build" / "preload" / "sync_gate.so"
ROUNDS = int(os.environ.get("ROUNDS", 5))
SEED = int(os.environ.get("FAULT_SEED", 1))
DTUS = 4
BURST = 5  # packets that a DTU sends without waiting
SERVER = {"cache": {"flush_interval": 0.05}, "journal": {"retention": 3600}, "server": {"accept_rate": 0}}
DATA = {"query_tasks": {}, "data_points": {}}
QUIET = 0.5  # seconds; an acknowledgement takes a tenth at the most


class Gate:
    """The disk of a collector with this env: close() holds up what is synced, fail() refuses it, open() ends both."""

    def __init__(self, path):
        self._path = path
        self.env = {"LD_PRELOAD": str(LIBRARY), "DTUHUB_SYNC_GATE": str(path)}

    def _put(self, text):
        new = self._path.with_suffix(".new")
        new.write_text(text)
        new.rename(self._path)

    def close(self):
        self._put("close")

    def fail(self):
        self._put("fail")

    def open(self):
        self._path.unlink(missing_ok=True)


@pytest.fixture
def gate(tmp_path):
    assert LIBRARY.is_file(), "build it first: make peers"
    gate = Gate(tmp_path / "gate")
    yield gate
    gate.open()


@pytest.fixture
def hub(collector, gate):
    hub = collector(server=SERVER, data=DATA, replace_data=True, env=gate.env)
    hub.process.wait_log("is ready")
    return hub


def number(packet):
    """The number that a packet of numbered() has."""
    return struct.unpack(">I", packet[2:])[0]


def numbered(n):
    return tlv(3, struct.pack(">I", n))


def stored_numbers(database, device=None):
    where, values = ("AND device_id = %s", (str(device),)) if device else ("", ())
    rows = database.query("SELECT raw_data FROM raw_packets WHERE packet_type = 'data' " + where + " ORDER BY id",
                          *values)
    return [number(row["raw_data"]) for row in rows]


def waiting(hub, count):
    wait_for(lambda: metrics(hub)["acknowledgements_waiting"] == count, 10,
             lambda: f"{count} acknowledgements to wait: {metrics(hub)}")


def test_an_acknowledgement_waits_for_the_journal(hub, gate):
    with TlvClient(hub.port, 1001) as dtu, TlvClient(hub.port, 1002) as other:
        dtu.send(numbered(1))
        dtu.expect(b"\x03")
        gate.close()
        dtu.send(numbered(2) + tlv(2))
        other.send(numbered(3) + numbered(4))
        dtu.expect(b"\x02")  # a heartbeat's promises nothing
        dtu.quiet(QUIET)
        waiting(hub, 3)
        assert metrics(hub)["acknowledgements_oldest_seconds"] >= QUIET
        gate.open()
        dtu.expect(b"\x03")
        other.expect(b"\x03\x03")
        waiting(hub, 0)
        assert metrics(hub)["acknowledgements_oldest_seconds"] == 0
        assert metrics(hub)["data_packets_unacknowledged_total"] == 0


def test_each_line_waits_for_the_journal_of_its_stream(collector, gate, database):
    hub = collector(server={**SERVER, "journal": {"retention": 3600, "streams": 3}}, data=DATA, replace_data=True,
                    env=gate.env)
    hub.process.wait_log("is ready")
    lines = [TlvClient(hub.port, 1001 + i) for i in range(12)]
    stored = [f'stream_writer_records_total{{stream="{stream}"}}' for stream in range(3)]
    wait_for(lambda: min(metrics(hub)[name] for name in stored) > 0, 10, "each stream to have records")
    gate.close()
    for i, line in enumerate(lines):
        line.send(numbered(10 * i) + numbered(10 * i + 1))
    waiting(hub, 24)
    lines.pop().reset()
    waiting(hub, 22)
    gate.open()
    for line in lines:
        line.expect(b"\x03\x03")
    waiting(hub, 0)
    wait_for(lambda: len(stored_numbers(database)) == 24, 10, "all packets to be stored")
    assert stored_numbers(database, 1011) == [100, 101]
    for line in lines:
        line.close()


def test_a_line_may_end_while_it_waits(hub, gate, database):
    gate.close()
    gone = TlvClient(hub.port, 1001)
    gone.send(numbered(1))
    waiting(hub, 1)
    gone.reset()
    waiting(hub, 0)
    older = TlvClient(hub.port, 1002)
    older.send(numbered(2))
    waiting(hub, 1)
    with TlvClient(hub.port, 1002) as newer:  # ends the older line
        waiting(hub, 0)
        newer.send(numbered(3))
        waiting(hub, 1)
        hub.reload()
        hub.process.wait_log("taken over")
        waiting(hub, 1)
        gate.open()
        newer.expect(b"\x03")
    assert older.wait_closed() == b""
    wait_for(lambda: stored_numbers(database) == [1, 2, 3], 10, "all packets to be stored")


def test_a_dtu_that_ended_its_side_is_acknowledged(hub, gate):
    gate.close()
    with TlvClient(hub.port, 1001) as dtu:
        dtu.send(numbered(1) + numbered(2))
        waiting(hub, 2)
        dtu.sock.shutdown(1)
        dtu.quiet(QUIET)
        gate.open()
        assert dtu.wait_closed() == b"\x03\x03"


def test_what_was_killed_before_it_was_safe_was_not_acknowledged(hub, gate, database):
    with TlvClient(hub.port, 1001) as dtu:
        dtu.send(numbered(1))
        dtu.expect(b"\x03")
        gate.close()
        dtu.send(numbered(2))
        waiting(hub, 1)
        hub.kill()
        assert dtu.wait_closed() == b""
    gate.open()
    hub.start()
    with TlvClient(hub.port, 1001) as dtu:
        dtu.send(numbered(3))
        dtu.expect(b"\x03")
    wait_for(lambda: stored_numbers(database)[-1:] == [3], 10, "the last packet to be stored")
    assert stored_numbers(database) in ([1, 3], [1, 2, 3])  # 2 may have reached the file


def test_without_a_journal_it_waits_for_the_database(hub, gate, database, mariadb):
    with TlvClient(hub.port, 1001) as dtu:
        wait_for(lambda: database.value("SELECT COUNT(*) FROM raw_packets") == 1, 10, "its registration to be stored")
        mariadb.stop()
        gate.fail()
        dtu.send(numbered(1))
        wait_for(lambda: metrics(hub)["journal_unjournalled_total"] > 0, 10, "the writer to have it")
        dtu.quiet(QUIET)
        waiting(hub, 1)
        mariadb.start()
        dtu.expect(b"\x03", timeout=30)
        assert stored_numbers(database) == [1]
        gate.open()
        wait_for(lambda: metrics(hub)["journal_ok"] == 1, 10, "the journal to be written again")
        mariadb.stop()
        dtu.send(numbered(2))
        dtu.expect(b"\x03")
        mariadb.start()


def beat(dtu):
    dtu.send(tlv(2))
    dtu.expect(b"\x02")


def test_what_was_dropped_is_not_acknowledged(collector, gate, mariadb):
    server = {**SERVER, "cache": {"flush_interval": 0.05, "max_size": 100}}
    hub = collector(server=server, data=DATA, replace_data=True, env=gate.env)
    hub.process.wait_log("is ready")
    with TlvClient(hub.port, 1001) as dtu, TlvClient(hub.port, 1002) as other:
        mariadb.stop()
        gate.close()
        while metrics(hub)["cache_dropped_total"] == 0:  # from then on what comes waits behind a group that hangs
            beat(other)
        dtu.send(numbered(1) * 5)
        waiting(hub, 5)
        for _ in range(100):  # pushes them out
            beat(other)
        assert dtu.wait_closed() == b""
        assert metrics(hub)["data_packets_unacknowledged_total"] > 0
        gate.open()
        mariadb.start()
        other.send(numbered(2))
        other.expect(b"\x03", timeout=30)


def test_with_the_journal_off_it_goes_at_once(collector, mariadb):
    hub = collector(server={**SERVER, "journal": {"enabled": False}}, data=DATA, replace_data=True)
    hub.process.wait_log("is ready")
    mariadb.stop()
    with TlvClient(hub.port, 1001) as dtu:
        dtu.send(numbered(1) + numbered(2))
        dtu.expect(b"\x03\x03")
        assert metrics(hub)["acknowledgements_waiting"] == 0
    mariadb.start()


class Sender(threading.Thread):
    """A DTU that sends numbered packets, some without waiting, and keeps which were acknowledged: one more with each 03,
    in order. It dials again wherever its line ends, and sends nothing twice."""

    def __init__(self, port, device):
        super().__init__(daemon=True)
        self.port, self.device = port, device
        self.next, self.acknowledged, self.fault = device * 1000000, [], None
        self.over = threading.Event()

    def run(self):
        while not self.over.is_set() and self.fault is None:
            try:
                with TlvClient(self.port, self.device) as line:
                    self._talk(line.sock)
            except (OSError, AssertionError, EOFError):
                self.over.wait(0.02)
            except Exception as fault:  # for the test to see
                self.fault = fault

    def _talk(self, sock):
        sent = []
        sock.settimeout(5)
        while not self.over.is_set() or sent:
            if len(sent) < BURST and not self.over.is_set():
                sent.append(self.next)
                self.next += 1
                sock.sendall(numbered(sent[-1]))
            if len(sent) == BURST or self.over.is_set() or select.select([sock], [], [], 0)[0]:
                self._listen(sock, sent)

    def _listen(self, sock, sent):
        got = sock.recv(100)
        if not got:
            raise EOFError
        assert got == b"\x03" * len(got) and len(got) <= len(sent)
        self.acknowledged += sent[:len(got)]
        del sent[:len(got)]

    def end(self):
        self.over.set()
        self.join(20)
        assert not self.is_alive() and self.fault is None, self.fault


def kill_when_acknowledged(hub, senders, chance):
    """Once more was acknowledged, and then at a random instant."""
    known = sum(len(sender.acknowledged) for sender in senders)
    wait_for(lambda: sum(len(sender.acknowledged) for sender in senders) > known + 20, 30, "acknowledgements")
    time.sleep(chance.uniform(0, 0.5))  # the instant is the subject
    hub.kill()
    hub.start()


@pytest.mark.parametrize("streams", [1, 3])
def test_what_was_acknowledged_survives_kill_9(collector, database, streams):
    chance = random.Random(SEED)
    hub = collector(server={**SERVER, "journal": {"retention": 3600, "streams": streams}}, data=DATA, replace_data=True)
    hub.process.wait_log("is ready")
    senders = [Sender(hub.port, 1001 + i) for i in range(DTUS)]
    for sender in senders:
        sender.start()
    for _ in range(ROUNDS):
        kill_when_acknowledged(hub, senders, chance)
    for sender in senders:
        sender.end()
    wait_for(lambda: metrics(hub)["journal_records"] == metrics(hub)["cache_records"] == 0, 30, "all to be stored")
    sent = acknowledged = kept = 0
    for sender in senders:
        stored = stored_numbers(database, sender.device)
        assert stored == sorted(set(stored)), "twice, or out of order"
        missing = set(sender.acknowledged) - set(stored)
        assert not missing, f"{len(missing)} packets of {sender.device} were acknowledged and are lost: {missing}"
        sent += sender.next - sender.device * 1000000
        acknowledged += len(sender.acknowledged)
        kept += len(stored)
    print(f"\nFAULT_SEED={SEED}: {ROUNDS} kills, {sent} packets sent, {acknowledged} acknowledged, {kept} stored")
    assert acknowledged > 20 * ROUNDS
