"""What the simulated DTUs say they served (dtuhub-sim --served), and its comparison with the database."""
from collections import defaultdict
from typing import NamedTuple


def number(text, kind):
    return None if text == "-" else kind(text)


# Faults whose answer is whole on the line, with something in it or around it: a collector may find it or not.
DISTURBED = ("split_heartbeat", "noise")


class Fault(NamedTuple):
    """An answer that went wrong: what it would have said."""
    kind: str
    device: str
    wall_ms: int
    poll: int
    unit: int
    function: int
    start: int
    count: int
    registers: str  # hexadecimal; "-" where the answer had none
    points: dict


class Write(NamedTuple):
    """A write that a slave took."""
    wall_ms: int
    device: str
    unit: int
    function: int
    start: int
    count: int
    registers: str


class Moment(NamedTuple):
    """Something said of points, at this time."""
    wall_ms: int
    points: dict
    intact: bool


class Served:
    """answers: {device: [(registers as hex, {point: (value, raw)})]} in order; heartbeats: {device: count};
    faults: [Fault]; writes: [Write]; history: {device: [(kind, points)]}, what was said in order, where kind is
    "answer", a fault's, or "lost" (the line closed; no points); moments: {device: [Moment]}, answers and faults with
    points. Devices are texts, as the collector shows them."""

    def __init__(self, path):
        self.answers, self.heartbeats, self.history = defaultdict(list), defaultdict(int), defaultdict(list)
        self.moments = defaultdict(list)
        self.faults, self.writes = [], []
        for line in path.read_text().splitlines():
            kind, *columns = line.split("\t")
            take = getattr(self, "_take_" + kind, None)
            if take is not None:
                take(*columns)

    def _take_heartbeat(self, _, device):
        self.heartbeats[device] += 1

    def _take_lost(self, _, device):
        self.history[device].append(("lost", {}))

    def _take_answer(self, wall_ms, device, _poll, _unit, _function, _start, _count, registers, *points):
        points = dict(map(self._point, points))
        self.moments[device].append(Moment(int(wall_ms), points, True))
        self.answers[device].append((registers, points))
        self.history[device].append(("answer", points))

    def _take_fault(self, kind, wall_ms, device, *columns):
        numbers, (registers, *points) = columns[:5], columns[5:]
        fault = Fault(kind, device, int(wall_ms), *map(int, numbers), registers, dict(map(self._point, points)))
        self.faults.append(fault)
        self.moments[device].append(Moment(fault.wall_ms, fault.points, False))
        self.history[device].append((kind, fault.points))

    def _take_write(self, wall_ms, device, *columns):
        *numbers, registers = columns
        self.writes.append(Write(int(wall_ms), device, *map(int, numbers), registers))

    @staticmethod
    def _point(text):
        name, both = text.rsplit("=", 1)
        value, raw = both.split("/")
        return name, (number(value, float), number(raw, int))

    @property
    def devices(self):
        return sorted(self.answers.keys() | self.heartbeats.keys() | self.history.keys())

    @property
    def answer_count(self):
        return sum(map(len, self.answers.values()))

    @property
    def reading_count(self):
        return sum(len(points) for answers in self.answers.values() for _, points in answers)


def stored_readings(database, device):
    """[{point: (value, raw)}] in the order of time: one dictionary an answer."""
    moments, last = [], None
    for row in database.query("SELECT `timestamp` AS ts, data_point, value, raw_value FROM device_data "
                              "WHERE device_id = %s ORDER BY `timestamp`, data_point", device):
        if row["ts"] != last:
            moments.append({})
            last = row["ts"]
        assert row["data_point"] not in moments[-1], f"device {device}: stored twice: {row}"
        moments[-1][row["data_point"]] = (row["value"], row["raw_value"])
    return moments


def first_difference(wanted, got, source):
    for i, (a, b) in enumerate(zip(wanted, got)):
        if a != b:
            return f"first difference at {i}: {source} {a}, stored {b}"
    return "one is the start of the other"


def assert_same(device, what, wanted, got, source="served"):
    assert got == wanted, (f"device {device}: {len(wanted)} {what} {source}, {len(got)} stored; "
                           + first_difference(wanted, got, source))


def compare_readings(database, served):
    """Every reading row by row and in order, none missing, none twice."""
    for device in served.devices:
        wanted = [points for _, points in served.answers[device] if points]
        assert_same(device, "answers", wanted, stored_readings(database, device))


def unique_answer(value, address):
    """Of a register served with --unique: the number of the answer that said it, as long as that is below 65521."""
    return (value - address) * 53017 % 65521


def expectations(history, optional):
    """[(kind, points, whether it must be stored)]: what may be stored of a device, in order. An answer that went out
    just before the line did may not have been read."""
    wanted = [(kind, points, kind == "answer" and not following == "lost")
              for (kind, points), (following, _) in zip(history, history[1:] + [("end", {})])]
    return [(kind, points, must) for kind, points, must in wanted if points and (kind == "answer" or kind in optional)]


def whose(moment, history):
    """What a stored moment is, which should not be where it is."""
    kinds = sorted({kind for kind, points in history if points == moment})
    if not kinds:
        return "which was never served"
    return f"which was served, as {' and '.join(kinds)}, but not here"


def difference(wanted, got, history):
    """Where the stored moments are not the wanted ones; None where they are. An optional one that is there is taken
    as early as it fits, so values should tell answers apart: serve with --unique."""
    i = 0
    for n, moment in enumerate(got):
        while i < len(wanted) and not wanted[i][2] and wanted[i][1] != moment:
            i += 1
        if i == len(wanted):
            return f"stored moment {n} is one too many: {moment}, {whose(moment, history)}"
        if wanted[i][1] != moment:
            return f"answer {i} served {wanted[i][1]}, stored moment {n} is {moment}, {whose(moment, history)}"
        i += 1
    missing = next((i for i in range(i, len(wanted)) if wanted[i][2]), None)
    return None if missing is None else f"answer {missing} is not stored: {wanted[missing][1]}"


def compare_exact(database, served, optional=DISTURBED, known=True):
    """Every stored moment is exactly one served answer, in order: none missing, none twice, and nothing of a faulted
    one. optional: kinds of faults whose answers may be stored all the same, in their place. For collectors that do
    not ask again (retries 0), and for points that are all stored (not on change). known: no other DTU is in the
    database."""
    for device in served.devices:
        history = served.history[device]
        wanted, got = expectations(history, optional), stored_readings(database, device)
        must = sum(must for _, _, must in wanted)
        fault = difference(wanted, got, history)
        assert fault is None, (f"device {device}: {must} answers must be stored, {len(wanted) - must} may be, "
                               f"{len(got)} are; {fault}")
    if not known:
        return
    unknown = [row["device_id"] for row in database.query("SELECT DISTINCT device_id FROM device_data")
               if row["device_id"] not in served.history]
    assert not unknown, f"readings of devices that do not exist: {unknown}"


def compare_packets(database, served):
    """Heartbeats, and the bytes of every packet in order; for DTUs of the family tlv."""
    beats = {r["device_id"]: r["n"] for r in
             database.query("SELECT device_id, COUNT(*) AS n FROM heartbeat_log GROUP BY device_id")}
    for device in served.devices:
        assert beats.get(device, 0) == served.heartbeats[device], f"heartbeats of device {device}"
        rows = database.query("SELECT packet_type, raw_data FROM raw_packets WHERE device_id = %s ORDER BY id", device)
        got = [row["raw_data"][5:-2].hex() for row in rows if row["packet_type"] == "modbus"]
        assert_same(device, "packets", [registers for registers, _ in served.answers[device]], got)
        heartbeats = [row["raw_data"] for row in rows if row["packet_type"] == "heartbeat"]
        assert heartbeats == [b"\x02\x00"] * served.heartbeats[device]
        assert [row["raw_data"] for row in rows if row["packet_type"] == "register"] == [int(device).to_bytes(4, "big")]


def compare_sums(database, served, collector="collector"):
    """Rows in all, traffic_minutes and ingest_position, for a database that only these DTUs have filled."""
    count = {table: database.value(f"SELECT COUNT(*) FROM {table}")
             for table in ("readings", "heartbeat_log", "raw_packets", "connection_history", "events")}
    sums, = database.query("SELECT SUM(readings) AS readings, SUM(heartbeats) AS heartbeat_log, "
                           "SUM(packets) AS raw_packets FROM traffic_minutes")
    assert {name: int(value) for name, value in sums.items()} == {name: count[name] for name in sums}
    assert count["readings"] == served.reading_count
    with_points = sum(bool(points) for answers in served.answers.values() for _, points in answers)
    records = with_points + sum(count[name] for name in ("heartbeat_log", "raw_packets", "connection_history", "events"))
    assert database.value("SELECT SUM(seq) FROM ingest_position WHERE collector = %s", collector) == records
