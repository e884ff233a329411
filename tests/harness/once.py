"""Nothing lost, nothing twice: what the journal accepted, and what was served, against what is stored."""
from collections import defaultdict
from typing import NamedTuple

from . import journal as jn
from .control import metrics
from .served import assert_same, stored_readings

PACKETS = {1: "register", 2: "heartbeat", 3: "data", 4: "modbus", 5: "noise"}
EVENTS = {1: "connect", 2: "disconnect", 3: "heartbeat_timeout"}
NOT_A_RECORD = "the collector ended unexpectedly"  # the writer's own row at a start, see link_tidy_up()
MS = "CAST(ROUND(UNIX_TIMESTAMP(`timestamp`) * 1000) AS SIGNED) AS ms"


def by_device(rows, *columns):
    found = defaultdict(list)
    for row in rows:
        found[row["device_id"]].append(tuple(row[column] for column in columns))
    return found


def assert_same_devices(devices, what, wanted, got):
    for device in sorted(devices | got.keys()):
        assert_same(device, what, wanted.get(device, []), got.get(device, []), "journalled")


def records_of(journal, kind, take):
    return {device: [take(r) for r in records if r.type == kind] for device, records in journal.devices.items()}


def compare_journal(database, journal, ordered=True):
    """Every record of the journal is in the database once, in order of its device, and nothing else is. ordered:
    readings are in the order of their times; False where the clock was set back."""
    devices = journal.devices.keys()
    packets = by_device(database.query(f"SELECT device_id, packet_type, raw_data, {MS} FROM raw_packets ORDER BY id"),
                        "packet_type", "raw_data", "ms")
    assert_same_devices(devices, "packets", records_of(
        journal, jn.PACKET, lambda r: (PACKETS[r.code], r.body, r.ts_ms)), packets)
    beats = by_device(database.query(f"SELECT device_id, {MS} FROM heartbeat_log ORDER BY id"), "ms")
    assert_same_devices(devices, "heartbeats", records_of(journal, jn.HEARTBEAT, lambda r: (r.ts_ms,)), beats)
    history = by_device(database.query(f"SELECT device_id, event, details, {MS} FROM connection_history "
                                       "WHERE details <> %s ORDER BY id", NOT_A_RECORD), "event", "details", "ms")
    assert_same_devices(devices, "connection events", records_of(
        journal, jn.CONNECTION, lambda r: (EVENTS[r.code], r.body[jn.CONNECTION_SIZE:].decode(), r.ts_ms)), history)
    events = by_device(database.query(f"SELECT device_id, uid, {MS} FROM events ORDER BY id"), "uid", "ms")
    assert_same_devices(devices, "events", records_of(
        journal, jn.NEWS, lambda r: (r.body[:jn.EVENT_ID_LENGTH].decode(), r.ts_ms)), events)
    compare_samples(database, journal, ordered)
    compare_position(database, journal)


def compare_samples(database, journal, ordered):
    wanted = records_of(journal, jn.SAMPLES, lambda r: r.body)
    for device, moments in wanted.items():
        got = stored_readings(database, device)
        if not ordered:
            moments, got = sorted(single(moments), key=str), sorted(single(got), key=str)
        assert_same(device, "answers", moments, got, "journalled")
    total = sum(len(moment) for moments in wanted.values() for moment in moments)
    assert database.value("SELECT COUNT(*) FROM readings") == total


def compare_position(database, journal):
    rows = database.query("SELECT journal, seq FROM ingest_position WHERE journal <> ''")
    stored = {row["journal"]: row["seq"] for row in rows}
    accepted = {file.id: file.last_seq for file in journal.files if file.last_seq > 0}
    assert stored == accepted, f"{stored} are stored, the journal has {accepted}"


def single(moments):
    """One moment for each reading: of a clock that was set back, two moments may be one in the database."""
    return [{name: both} for moment in moments for name, both in moment.items()]


def key(points):
    return frozenset(points.items())


class Kill(NamedTuple):
    """A kill -9 of the collector, and when it was gone; wall clock, ms."""
    at_ms: int
    ended_ms: int


class Losses(NamedTuple):
    answers: int    # served and not stored; readings where they are not ordered
    by_kill: list   # ms between the oldest of them and the kill that lost them; 0 for a kill that lost none


def losses(database, served, kills, ordered=True):
    """Every stored moment was served, once; what is missing belongs to the kills it was lost at: for DTUs that serve
    --unique. The end of the served record, where a line was cut, is no loss."""
    missing, windows = 0, [0] * len(kills)
    for device in served.devices:
        moments = [moment for moment in served.moments[device] if moment.points]
        found = stored_readings(database, device)
        if not ordered:
            moments = [one._replace(points=points) for one in moments for points in single([one.points])]
            found = single(found)
        place = {key(moment.points): i for i, moment in enumerate(moments)}
        assert len(place) == len(moments), f"device {device} served the same twice: serve --unique"
        got, last = set(), -1
        for n, points in enumerate(found):
            i = place.get(key(points))
            assert i is not None, f"device {device}: stored moment {n} was never served: {points}"
            assert i not in got, f"device {device}: stored twice: {moments[i]}"
            assert i > last or not ordered, f"device {device}: {moments[i]} is stored behind {moments[last]}"
            got.add(i)
            last = i
        if moments and served.history[device][-1][0] == "lost":
            got.update(i for i, moment in enumerate(moments) if moment.wall_ms == moments[-1].wall_ms)
        for i, moment in enumerate(moments):
            if i in got or not moment.intact:
                continue
            kill = next((k for k, one in enumerate(kills) if moment.wall_ms <= one.ended_ms), None)
            assert kill is not None, f"device {device}: not stored, and no kill explains it: {moment}"
            windows[kill] = max(windows[kill], kills[kill].at_ms - moment.wall_ms)
            missing += 1
    return Losses(missing, windows)


def stored(hub):
    """The metrics, once no device is online and all that is in memory or in the journal is stored; else None."""
    now = metrics(hub)
    if now["devices_online"] == now["cache_records"] == now["journal_records"] == 0:
        return now
    return None
