"""What the simulated DTUs say they served (dtuhub-sim --served), and its comparison with the database."""
from collections import defaultdict


def number(text, kind):
    return None if text == "-" else kind(text)


class Served:
    """answers: {device: [(registers as hex, {point: (value, raw)})]} in order; heartbeats: {device: count}."""

    def __init__(self, path):
        self.answers, self.heartbeats = defaultdict(list), defaultdict(int)
        for line in path.read_text().splitlines():
            kind, _, device, *columns = line.split("\t")
            if kind == "heartbeat":
                self.heartbeats[device] += 1
            elif kind == "answer":
                self.answers[device].append((columns[5], dict(self._point(text) for text in columns[6:])))

    @staticmethod
    def _point(text):
        name, both = text.rsplit("=", 1)
        value, raw = both.split("/")
        return name, (number(value, float), number(raw, int))

    @property
    def devices(self):
        return sorted(self.answers.keys() | self.heartbeats.keys())

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


def first_difference(wanted, got):
    for i, (a, b) in enumerate(zip(wanted, got)):
        if a != b:
            return f"first difference at {i}: served {a}, stored {b}"
    return "one is the start of the other"


def assert_same(device, what, wanted, got):
    assert got == wanted, (f"device {device}: {len(wanted)} {what} served, {len(got)} stored; "
                           + first_difference(wanted, got))


def compare_readings(database, served):
    """Every reading row by row and in order, none missing, none twice."""
    for device in served.devices:
        wanted = [points for _, points in served.answers[device] if points]
        assert_same(device, "answers", wanted, stored_readings(database, device))


def compare_packets(database, served):
    """Heartbeats, and the bytes of every packet in order."""
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
             for table in ("readings", "heartbeat_log", "raw_packets", "connection_history")}
    sums, = database.query("SELECT SUM(readings) AS readings, SUM(heartbeats) AS heartbeat_log, "
                           "SUM(packets) AS raw_packets FROM traffic_minutes")
    assert {name: int(value) for name, value in sums.items()} == {name: count[name] for name in sums}
    assert count["readings"] == served.reading_count
    with_points = sum(bool(points) for answers in served.answers.values() for _, points in answers)
    records = with_points + count["heartbeat_log"] + count["raw_packets"] + count["connection_history"]
    assert database.value("SELECT seq FROM ingest_position WHERE collector = %s", collector) == records
