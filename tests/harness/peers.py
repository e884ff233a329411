"""The other end of Modbus: slaves on libmodbus (tests/peers/modbus_slave.c), and a DTU that joins them to the collector.

    slave = SerialSlaves(run, [48, 49])                       libmodbus on a pty, socat behind it
    with Dtu(hub.port, b"LOGIN:1001", b"ping", [slave]) as dtu:
        ...
        dtu.deaf = True                                       what is asked from now on reaches no slave; no heartbeats
        assert_all_stored(database, "1001", names, [slave])
"""
import random
import select
import socket
import threading

from .net import listening
from .parts import ROOT
from .tlv import modbus
from .wait import wait_for

PROGRAM = ROOT / "build" / "peers" / "modbus_slave"
PROFILES = ROOT / "config" / "profiles"
FUNCTIONS = {"coils": 1, "discrete": 2, "holding": 3, "input": 4}


class Slave:
    """One run of modbus_slave."""

    def __init__(self, run, *arguments):
        assert PROGRAM.is_file(), "build it first: make peers"
        self.process = run.start("slave", [PROGRAM, *arguments])
        self.process.wait_ready(lambda: "ready\n" in self.process.log())

    def requests(self, kind):
        """[(unit, function, address, count, values)], kind is "read" or "write", in the order they came."""
        rows = (line.split() for line in self.process.log().splitlines(keepends=True) if line.endswith("\n"))
        return [(*map(int, row[1:5]), row[5]) for row in rows if row[0] == kind and len(row) == 6]


class TcpSlave(Slave):
    def __init__(self, run, port):
        super().__init__(run, "tcp", port)
        assert listening(port)


class SerialSlaves(Slave):
    """Slaves with these unit ids on one RS485 bus; plug() gives its other end."""

    def __init__(self, run, units):
        number = len(run.all)
        self._socket = run.folder / f"serial.{number}.sock"
        pty = run.folder / f"serial.{number}"
        self._socat = run.start("socat", ["socat", f"PTY,link={pty},raw,echo=0", f"UNIX-LISTEN:{self._socket}"])
        self._socat.expected_exit |= {1, 143}  # SIGTERM, or the end of either side
        self._socat.wait_ready(lambda: pty.exists() and self._socket.exists())
        super().__init__(run, "rtu", pty, ",".join(map(str, units)))

    def plug(self):
        serial = socket.socket(socket.AF_UNIX)
        serial.connect(str(self._socket))
        return serial


class Dtu:
    """A DTU in transparent mode, in a thread of its own: what the collector says goes to all serial ports, what they say
    goes up, and heartbeats, in halves too, come in between: in front of answers, behind them, and inside of them.

    heartbeats: how many it sent; asked: the requests that came from the collector; deaf: pass no more of them on,
    and beat no more."""

    def __init__(self, port, registration, heartbeat=b"", serials=(), seed=1):
        self.heartbeats, self.asked, self.deaf = 0, [], False
        self._heartbeat = heartbeat
        self._dice = random.Random(seed)
        self._serials = [slaves.plug() for slaves in serials]
        self._fault = None
        self._ended = False
        self._line = socket.create_connection(("127.0.0.1", port), 10)
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._line.sendall(registration)
        self._wake, self._waker = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._ended = True
        self._waker.send(b"x")
        self._thread.join(10)
        for sock in (self._line, self._wake, self._waker, *self._serials):
            sock.close()
        if self._fault:
            raise self._fault

    def plug(self, slaves):
        """One more bus on its serial port."""
        self._serials.append(slaves.plug())
        self._waker.send(b"x")

    def ask(self, request):
        """As a DTU that polls by itself: the answer goes up."""
        for serial in list(self._serials):
            serial.sendall(request)

    def _run(self):
        try:
            while not self._ended:
                ready, _, _ = select.select([self._line, self._wake, *self._serials], [], [])
                for sock in ready:
                    self._pass_on(sock, sock.recv(4096))
        except OSError as fault:
            if not self._ended:
                self._fault = fault

    def _pass_on(self, sock, data):
        if sock is self._line and data:
            self.asked.append(data)
            if self._dice.random() < 0.3:
                self._say(self._beat())
            if not self.deaf:
                self.ask(data)
        elif sock is self._line:
            raise OSError("the collector closed the line")
        elif sock in self._serials and data:
            self._say(self._mixed(data))
        elif sock in self._serials:
            self._serials.remove(sock)
            sock.close()

    def _beat(self):
        if self.deaf:
            return b""
        self.heartbeats += bool(self._heartbeat)
        return self._heartbeat

    def _mixed(self, data):
        at = self._dice.randrange(len(data) + 1)
        front, middle, behind = (self._beat() if self._dice.random() < 0.25 else b"" for _ in range(3))
        return front + data[:at] + middle + data[at:] + behind

    def _say(self, data):
        while data:
            size = self._dice.choice([1, 3, len(data), len(data)])
            self._line.sendall(data[:size])
            data = data[size:]


def read_request(unit, function, start, count):
    return modbus(unit, function, start.to_bytes(2, "big"), count.to_bytes(2, "big"))


def tasks_and_points(units, interval):
    """Four tasks for each unit, one for each kind of address, and their points: {name: (unit, function)}, of which
    measured() knows what they should be."""
    tasks, points, names = {}, {}, {}
    for unit in units:
        for kind, function in FUNCTIONS.items():
            bits = function <= 2
            tasks[len(tasks) + 1] = {"start_addr": 0, "length": 16 if bits else 4, "interval": interval,
                                     "slave": unit, "function": function}
            name = f"{kind}.{unit}"
            names[name] = unit, function
            points[name] = {"name": name, "address": 0, "slave": unit, "function": function,
                            **({"type": "bits", "bits": {"first": 0, "count": 16}} if bits else {"type": "uint32"})}
    return {"query_tasks": tasks, "data_points": points}, names


def measured(slave, unit, function):
    """The values of the point in all answers to its task."""
    width = 16 if function <= 2 else 4
    rows = [row[4] for row in slave.requests("read") if row[:4] == (unit, function, 0, width)]
    return [int(values[::-1], 2) if function <= 2 else int(values[:8], 16) for values in rows]


def stored(database, device):
    """{point: [value]} in the order of time."""
    values = {}
    for row in database.query("SELECT data_point, value FROM device_data WHERE device_id = %s ORDER BY `timestamp`",
                              device):
        values.setdefault(row["data_point"], []).append(int(row["value"]))
    return values


def assert_all_stored(database, device, names, slaves, timeout=20):
    """Each reading is stored, in order, and none that was not served."""
    def difference():
        rows = stored(database, device)
        for name, (unit, function) in names.items():
            wanted = [value for slave in slaves for value in measured(slave, unit, function)]
            got = rows.get(name, [])
            if got != wanted:
                at = next((i for i, (a, b) in enumerate(zip(wanted, got)) if a != b), min(len(wanted), len(got)))
                return (f"{name}: {len(wanted)} served, {len(got)} stored; from {at} on "
                        f"{wanted[at:at + 5]} and {got[at:at + 5]}")
        return None
    wait_for(lambda: difference() is None, timeout, difference, every=0.2)
