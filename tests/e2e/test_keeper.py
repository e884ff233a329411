"""The keeper: partitions ahead, retention, and roll-ups that are what a GROUP BY over the readings says."""
import math
import os
import signal
import threading
import time
from datetime import datetime, timedelta, timezone

import pymysql
import pytest
import yaml

from harness.control import drained, metrics
from harness.parts import ROOT, Collector, new_config
from harness.served import Served, compare_sums
from harness.wait import wait_for

QUICK = {"retention": {"check_interval": 0.2, "rollup_interval": 0.2}, "cache": {"flush_interval": 0.05}}
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PARTITIONED = ("readings", "reading_texts", "readings_minute", "readings_hour")


def now():
    return datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)


def partitions(database, table):
    """{name: bound} in order."""
    rows = database.query("SELECT PARTITION_NAME AS name, PARTITION_DESCRIPTION AS bound "
                          "FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s "
                          "ORDER BY PARTITION_ORDINAL_POSITION", table)
    return {row["name"]: row["bound"] for row in rows}


def wait_partitions(database):
    """Until all tables have theirs."""
    wait_for(lambda: all(len(partitions(database, table)) > 1 for table in PARTITIONED), 20,
             lambda: f"partitions: {[partitions(database, table) for table in PARTITIONED]}")


def one_partition(database):
    """As a new database is, or one of an older version."""
    for table in PARTITIONED:
        names = ", ".join(partitions(database, table))
        database.query(f"ALTER TABLE {table} REORGANIZE PARTITION {names} INTO "
                       "(PARTITION pmax VALUES LESS THAN (MAXVALUE))")


def add_devices(database, count):
    """Their numbers."""
    for i in range(count):
        database.query("INSERT INTO devices (device_id, first_seen, last_seen) "
                       "VALUES (%s, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))", f"dtu{i}")
    return [row["id"] for row in database.query("SELECT id FROM devices ORDER BY id")]


def add_readings(database, rows):
    """[(device, ts, point, value)], as the writers of three streams store them: with traffic_minutes."""
    minutes = {}
    for device, ts, _, _ in rows:
        key = ts.replace(second=0, microsecond=0), device % 3
        minutes[key] = minutes.get(key, 0) + 1
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("START TRANSACTION")
        cursor.executemany("INSERT IGNORE INTO readings (device_id, ts, point_id, value) VALUES (%s, %s, %s, %s)", rows)
        cursor.executemany("INSERT INTO traffic_minutes (minute, stream, readings) VALUES (%s, %s, %s) "
                           "ON DUPLICATE KEY UPDATE readings = readings + VALUES(readings)",
                           [(*key, count) for key, count in minutes.items()])
        cursor.execute("COMMIT")


def rolled(database, table):
    return {(row["device_id"], row["point_id"], str(row["start"])): (row["min"], row["max"], row["sum"], row["count"])
            for row in database.query(f"SELECT * FROM {table}")}


def wanted(database, form):
    return {(row["device_id"], row["point_id"], row["start"]): (row["min"], row["max"], row["sum"], row["count"])
            for row in database.query(
                f"SELECT device_id, point_id, DATE_FORMAT(ts, '{form}') AS start, MIN(value) AS `min`, "
                "MAX(value) AS `max`, SUM(value) AS `sum`, COUNT(value) AS `count` FROM readings "
                "WHERE value IS NOT NULL GROUP BY 1, 2, 3")}


def difference(want, got):
    """None where they are the same; sums may differ in their last digits."""
    for key in want.keys() | got.keys():
        a, b = want.get(key), got.get(key)
        if a is None or b is None or (*a[:2], a[3]) != (*b[:2], b[3]) or not math.isclose(a[2], b[2], rel_tol=1e-12,
                                                                                         abs_tol=1e-9):
            return f"{key}: {a} in readings, {b} rolled up; {len(want)} and {len(got)} rows"
    return None


def minutes_differ(database):
    return difference(wanted(database, "%Y-%m-%d %H:%i:00"), rolled(database, "readings_minute"))


def hours_differ(database):
    return difference(wanted(database, "%Y-%m-%d %H:00:00"), rolled(database, "readings_hour"))


def unsettled(database):
    return database.value("SELECT COUNT(*) FROM (SELECT minute, SUM(readings) AS readings FROM traffic_minutes "
                          "GROUP BY minute) AS t LEFT JOIN rollup_minutes AS r ON r.minute = t.minute "
                          "WHERE t.readings <> IFNULL(r.readings, 0)")


def wait_rolled(database, timeout=30):
    """Until minutes and hours, none of them the present one, are what the readings say."""
    wait_for(lambda: not minutes_differ(database), timeout, lambda: minutes_differ(database), every=0.2)
    wait_for(lambda: not hours_differ(database), timeout, lambda: hours_differ(database), every=0.2)
    wait_for(lambda: unsettled(database) == 0, timeout,
             lambda: f"{unsettled(database)} minutes to be known as rolled up", every=0.2)


@pytest.fixture
def ready(collector, database):
    """ready() -> Collector, with all partitions made."""
    def start(**retention):
        hub = collector(server={**QUICK, "retention": {**QUICK["retention"], **retention}})
        wait_for(lambda: metrics(hub)["keeper_ok"] == metrics(hub)["keeper_working"] == 1, 20,
                 lambda: f"a look without fault: {metrics(hub)}")
        wait_partitions(database)
        return hub
    return start


def test_partitions_are_made_ahead(ready, database):
    today = now()
    hub = ready()
    assert metrics(hub)["keeper_partitions_made_total"] == 4 + 4 + 2 + 2
    for table in ("readings", "reading_texts"):
        days = [f"p{today + i * DAY:%Y%m%d}" for i in range(4)]
        assert list(partitions(database, table)) in (days + ["pmax"], [f"p{now():%Y%m%d}", *days[1:], "pmax"])
        assert partitions(database, table)[days[1]] == f"'{today + 2 * DAY:%Y-%m-%d 00:00:00}'"
    assert list(partitions(database, "readings_minute"))[0] == f"p{today:%Y%m}"
    assert hub.stop() == 0
    assert "dropped" not in hub.process.log()


def test_rows_of_an_older_version_stay_when_their_partition_is_cut(ready, database):
    hub = ready()
    hub.stop()
    one_partition(database)
    device, = add_devices(database, 1)
    today = now()
    rows = [(device, today + i * DAY, 1, float(i)) for i in (-400, -1, 0, 1, 2, 30)]
    add_readings(database, rows)
    hub.start()
    wait_partitions(database)
    stored = database.query("SELECT ts, value FROM readings ORDER BY ts")
    assert [(row["ts"], row["value"]) for row in stored] == [(ts, value) for _, ts, _, value in rows]
    assert database.value("SELECT COUNT(*) FROM readings PARTITION (pmax)") == 1


def test_old_partitions_go_and_old_rows_too(ready, database):
    hub = ready()
    hub.stop()
    today = now().replace(hour=0, minute=0, second=0)
    first = next(iter(partitions(database, "readings")))
    for table in ("readings", "reading_texts"):
        database.query(f"ALTER TABLE {table} REORGANIZE PARTITION {first} INTO ("
                       f"PARTITION old VALUES LESS THAN ('{today - 7 * DAY}'), "
                       f"PARTITION young VALUES LESS THAN ('{today - 4 * DAY}'), "
                       f"PARTITION {first} VALUES LESS THAN ({partitions(database, table)[first]}))")
    device, = add_devices(database, 1)
    add_readings(database, [(device, today - i * DAY, 1, float(i)) for i in (100, 8, 6, 3, 1)])
    add_readings(database, [(device, today - 8 * DAY + timedelta(seconds=1), 1, 88.0)])
    database.query("INSERT INTO reading_texts VALUES (%s, %s, 2, 'gone')", device, today - 8 * DAY)
    # Rows of the future stand first, more than one piece of them.
    for table, columns, values in (("heartbeat_log", "device_id", "'1001'"),
                                   ("raw_packets", "device_id, packet_type, raw_data", "'1001', 'noise', 'x'")):
        for count, moment in ((6000, today + 900 * DAY), (12000, today - 40 * DAY), (10, today - DAY),
                              (1, today - 40 * DAY)):
            database.query(f"INSERT INTO {table} ({columns}, `timestamp`) "
                           f"SELECT {values}, '{moment}' FROM seq_1_to_{count}")
    for kind, days in (("old", 400), ("young", 300)):
        database.query("INSERT INTO events (kind, timestamp, details) VALUES (%s, %s, '')", kind, today - days * DAY)
    database.query("INSERT INTO connection_history (device_id, event, timestamp) VALUES ('1001', 'connect', %s)",
                   today - 400 * DAY)
    hub.start()
    wait_rolled(database)
    assert database.value("SELECT COUNT(*) FROM readings") == 6  # 0 is for ever
    assert database.value("SELECT COUNT(*) FROM heartbeat_log") == 18011
    before = rolled(database, "readings_minute"), rolled(database, "readings_hour")
    hub.reload(server={"retention": {"readings": 5, "heartbeat_log": 30, "raw_packets": 30, "events": 365}})
    for table in ("heartbeat_log", "raw_packets"):
        wait_for(lambda: database.value(f"SELECT COUNT(*) FROM {table}") == 6010, 20, f"old rows of {table} to go")
    wait_for(lambda: not database.value("SELECT COUNT(*) FROM events WHERE kind = 'old'"), 20, "old events to go")
    wait_for(lambda: "old" not in partitions(database, "reading_texts"), 20, "the old partition to go")
    assert "old" not in partitions(database, "readings") and "young" in partitions(database, "readings")
    assert [row["value"] for row in database.query("SELECT value FROM readings ORDER BY ts")] == [6, 3, 1]
    assert database.value("SELECT COUNT(*) FROM reading_texts") == 0
    assert database.value("SELECT COUNT(*) FROM events WHERE kind = 'young'") == 1
    assert database.value("SELECT COUNT(*) FROM connection_history WHERE event = 'connect'") == 1
    wait_for(lambda: metrics(hub)["keeper_rows_deleted_total"] == 2 * 12001 + 1, 20, lambda: f"figures: {metrics(hub)}")
    assert metrics(hub)["keeper_partitions_dropped_total"] == 2
    # What comes late for a minute whose readings are gone does not replace what was made of them.
    done = metrics(hub)["keeper_minute_rollups_total"]
    add_readings(database, [(device, today - 8 * DAY + timedelta(seconds=30), 1, 99.0)])
    wait_for(lambda: metrics(hub)["keeper_minute_rollups_total"] > done, 20, "the late one to be seen")
    wait_for(lambda: database.value("SELECT COUNT(*) FROM rollup_hours") == 0, 20, "its hour")
    assert (rolled(database, "readings_minute"), rolled(database, "readings_hour")) == before


def test_every_table_that_grows_has_its_setting(ready, database):
    """But for what is as many as there are DTUs and collectors, and what goes by itself."""
    ready()
    dated = {row["name"] for row in database.query(
        "SELECT DISTINCT c.TABLE_NAME AS name FROM information_schema.COLUMNS c "
        "JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME) "
        "WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' AND c.DATA_TYPE LIKE '%%date%%'")}
    shipped = yaml.safe_load((ROOT / "config/server_config.yml").read_text())["retention"]
    with_another = {"reading_texts", "rollup_minutes", "webhook_tries"}  # readings, traffic_minutes, webhook_deliveries
    bounded = {"devices", "ingest_position", "rollup_hours", "schema_version", "partition_moves", "webhook_disabled"}
    assert dated - bounded - with_another == shipped.keys() - {"check_interval", "rollup_interval"}


def test_counts_of_minutes_go_after_their_readings(ready, database):
    hub = ready()
    today = now().replace(hour=0, minute=0, second=0)
    device, = add_devices(database, 1)
    start = today - 90 * DAY  # several pieces
    database.query("INSERT INTO traffic_minutes (minute, heartbeats) "
                   f"SELECT '{start}' + INTERVAL seq MINUTE, 1 FROM seq_0_to_{80 * 1440 - 1}")
    add_readings(database, [(device, today - i * DAY + 30 * MINUTE, 1, float(i)) for i in (50, 20, 2)])
    wait_rolled(database)
    for days in (40, 20):
        database.query("INSERT INTO rejected_records (collector, journal, seq, device_id, kind, reason, content, record, "
                       "`timestamp`) VALUES ('c', '', 1, '1001', 'packet', 'x', '{}', '', %s)", today - days * DAY)
    hub.reload(server={"retention": {"traffic_minutes": 30, "rejected_records": 30}})

    def first(table):
        return database.value(f"SELECT MIN(minute) FROM {table}")
    wait_for(lambda: first("traffic_minutes") == today - 50 * DAY + 30 * MINUTE, 30, lambda: first("traffic_minutes"))
    assert first("rollup_minutes") == today - 50 * DAY + 30 * MINUTE
    wait_for(lambda: database.value("SELECT COUNT(*) FROM rejected_records") == 1, 20, "the old row to go")
    wait_for(lambda: metrics(hub)["keeper_rows_deleted_total"] == 40 * 1440 + 30 + 1, 20, lambda: metrics(hub))
    database.query("DELETE FROM readings WHERE ts < %s", today - 10 * DAY)
    cut = now() - 30 * DAY
    wait_for(lambda: first("traffic_minutes") >= cut - HOUR - MINUTE, 30, lambda: first("traffic_minutes"))
    assert first("rollup_minutes") == today - 20 * DAY + 30 * MINUTE
    # One late reading makes the same count as the one that was rolled up then: it is seen all the same.
    late = today - 50 * DAY + 30 * MINUTE
    add_readings(database, [(device, late + timedelta(seconds=1), 1, 7.0)])
    wait_for(lambda: rolled(database, "readings_minute")[device, 1, str(late)][0] == 7.0, 30, "the late one")


def test_what_is_not_over_stays(ready, database):
    """Deliveries that are pending, and alarms that have not cleared, however old they are."""
    hub = ready()
    long_ago, lately = now() - 40 * DAY, now() - 20 * DAY
    rows = [(status, at) for at in (long_ago, lately) for status in ("pending", "delivered", "dead")]
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO webhook_deliveries (uid, collector, target, kind, events, `count`, status, "
                           "`timestamp`) VALUES ('u', 'other', 't', 'alarm_raised', '[]', 1, %s, %s)", rows)
        cursor.executemany("INSERT INTO webhook_tries (delivery, `timestamp`, took_ms, request, answer) "
                           "VALUES (1, %s, 1, '', '')", [(long_ago,), (lately,)])
        cursor.executemany("INSERT INTO alarms (uid, collector, rule, device_id, severity, state, raised, cleared) "
                           "VALUES (%s, 'other', 'r', '1001', 'info', %s, %s, %s)",
                           [("raised", "raised", long_ago, None), ("acknowledged", "acknowledged", long_ago, None),
                            ("over", "cleared", long_ago, long_ago), ("lately", "cleared", long_ago, lately)])
        connection.commit()
    hub.reload(server={"retention": {"webhook_deliveries": 30, "alarms": 30}})
    wait_for(lambda: metrics(hub)["keeper_rows_deleted_total"] == 4, 20, lambda: metrics(hub))
    assert {(row["status"], row["old"]) for row in database.query(
        "SELECT status, `timestamp` < %s AS old FROM webhook_deliveries WHERE collector = 'other'", now() - 30 * DAY)} \
        == {("pending", 1), ("pending", 0), ("delivered", 0), ("dead", 0)}
    assert database.value("SELECT COUNT(*) FROM webhook_tries") == 1
    assert {row["uid"] for row in database.query("SELECT uid FROM alarms WHERE collector = 'other'")} \
        == {"raised", "acknowledged", "lately"}


def test_rollups_of_simulated_dtus(ready, database, sim, tmp_path):
    hub = ready()
    dtus = sim("-c", hub.config.folder, "--port", hub.port, "--count", 20, "--duration", 6,
               "--served", tmp_path / "served.tsv")
    wait_for(lambda: metrics(hub)["writer_readings_total"] > 50, 20, "the first readings")
    one_partition(database)  # and again they are made, while readings come in
    wait_partitions(database)
    assert dtus.wait(40) == 0
    end = wait_for(lambda: drained(hub), 30, lambda: f"everything to be stored: {metrics(hub)}")
    assert end["writer_retries_total"] == end["cache_dropped_total"] == 0
    compare_sums(database, Served(tmp_path / "served.tsv"))
    wait_for(lambda: not minutes_differ(database), 120, lambda: minutes_differ(database), every=0.5)
    assert metrics(hub)["keeper_rollups_waiting"] == 0


def test_late_readings_show_up(ready, database):
    hub = ready()
    devices = add_devices(database, 120)
    start = now().replace(minute=0, second=0) - 30 * DAY
    database.query("INSERT INTO traffic_minutes (minute, heartbeats) "  # several slices
                   f"SELECT '{start}' + INTERVAL seq MINUTE, 1 FROM seq_0_to_43000")
    add_readings(database, [(device, start + 50 * MINUTE * i + timedelta(seconds=device % 60), point, device / 7 + i)
                            for device in devices for i in range(6) for point in (1, 2)])
    add_readings(database, [(devices[0], start, 3, None)])  # a text
    wait_rolled(database)
    assert len(rolled(database, "readings_minute")) == 120 * 6 * 2
    add_readings(database, [(devices[3], start + timedelta(seconds=1), 1, -1000.0),
                            (devices[3], start + timedelta(seconds=2), 7, 5.5),
                            (devices[4], start - 700 * DAY, 1, 1.0),
                            (devices[4], start + 800 * DAY, 1, 2.0)])  # under a wrong clock
    wait_rolled(database)
    row, = database.query("SELECT * FROM readings_hour WHERE device_id = %s AND point_id = 1 AND start = %s",
                          devices[3], start)
    assert (row["min"], row["count"]) == (-1000.0, 3)
    assert metrics(hub)["keeper_failures_total"] == 0


def test_readings_that_come_while_their_minute_is_rolled_up(ready, database):
    hub = ready(rollup_interval=0.1)
    devices = add_devices(database, 100)
    start, minutes, each = now().replace(minute=0, second=0) - 48 * HOUR, 200, 8
    for i in range(minutes * each):
        minute, second = divmod(i, each)
        add_readings(database, [(devices[second], start + minute * MINUTE + timedelta(seconds=second), 1, float(i))])
    wait_rolled(database)
    assert len(rolled(database, "readings_minute")) == minutes * each
    assert metrics(hub)["keeper_minute_rollups_total"] > minutes


def test_kill_9_in_the_middle(ready, database):
    hub = ready()
    add_devices(database, 10)
    start, minutes = now().replace(minute=0, second=0) - 30 * DAY, 3000
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("START TRANSACTION")
        cursor.execute("INSERT INTO readings (device_id, ts, point_id, value) "
                       "SELECT d.id, %s + INTERVAL seq * 30 SECOND, 1, d.id + seq / 7 "
                       f"FROM devices d, seq_0_to_{2 * minutes - 1}", start)
        cursor.execute("INSERT INTO traffic_minutes (minute, readings) "
                       f"SELECT %s + INTERVAL seq MINUTE, 20 FROM seq_0_to_{minutes - 1}", start)
        cursor.execute("COMMIT")

    def done():
        return database.value("SELECT COUNT(*) FROM rollup_minutes")
    for kill in range(3):
        before = done()
        wait_for(lambda: done() >= before + 50, 30, "some of it to be done", every=0.005)
        hub.kill()
        assert done() < minutes or kill > 0
        hub.start()
    wait_rolled(database)
    assert len(rolled(database, "readings_minute")) == 10 * minutes
    assert database.value("SELECT COUNT(*) FROM rollup_hours") == 0


def test_an_account_without_alter(ready, database, mariadb):
    hub = ready()
    hub.stop()
    one_partition(database)
    device, = add_devices(database, 1)
    grant = f"ALTER, DROP ON `{database.name}`.* "
    mariadb._script("sql", input=f"REVOKE {grant} FROM '{database.user}'@'localhost'", text=True)
    hub.start()
    line = hub.process.wait_log("ERROR keeper .*")[0]
    assert f"GRANT ALTER, CREATE, DROP, INSERT ON `{database.name}`.*" in line and database.user in line
    database.query("INSERT INTO heartbeat_log (device_id, timestamp) VALUES ('1001', '2020-01-01')")
    hub.reload(server={"retention": {"heartbeat_log": 30}})
    add_readings(database, [(device, now() - DAY, 1, 1.5)])
    wait_rolled(database)  # the rest goes on
    wait_for(lambda: database.value("SELECT COUNT(*) FROM heartbeat_log") == 0, 20, "the old row to go")
    failures = metrics(hub)["keeper_failures_total"]
    wait_for(lambda: metrics(hub)["keeper_failures_total"] > failures, 20, "the next attempt")
    assert metrics(hub)["keeper_ok"] == 0
    assert hub.process.log().count("ERROR keeper") == 1
    mariadb._script("sql", input=f"GRANT {grant} TO '{database.user}'@'localhost'", text=True)
    hub.stop()
    hub.start()  # rights are those of the connection
    wait_partitions(database)


def test_a_table_in_use_is_left_for_later(ready, database, collectors):
    hub = ready()
    hub.stop()
    one_partition(database)
    device, = add_devices(database, 1)
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("START TRANSACTION")
        cursor.execute("SELECT * FROM readings LIMIT 1")
        cursor.fetchall()
        hub.start()
        wait_for(lambda: metrics(hub)["keeper_failures_total"] >= 2, 30, "attempts to be given up")
        add_readings(database, [(device, now() - DAY, 1, 1.5)])
        wait_rolled(database)
        assert list(partitions(database, "readings")) == ["pmax"]
        cursor.execute("COMMIT")
    wait_partitions(database)
    wait_for(lambda: metrics(hub)["keeper_ok"] == 1, 20, "a look without fault")


class Load:
    """A writer beside the collector's: transactions one after the other, in which no statement may wait long for a
    lock. stop() says whether one did."""
    PATIENCE = 4  # seconds; the keeper's statements wait one for theirs, in readings and then in reading_texts

    def __init__(self, database, device):
        self.database, self.device = database, device
        self.done, self.error, self._end = 0, None, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        with self.database.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SET lock_wait_timeout = %s, innodb_lock_wait_timeout = %s", (self.PATIENCE,) * 2)
            start = now() - timedelta(minutes=2)
            while not self._end.wait(0.01) and self.error is None:
                ts = start + timedelta(milliseconds=self.done)
                try:
                    cursor.execute("START TRANSACTION")
                    cursor.execute("INSERT INTO readings (device_id, ts, point_id, value) VALUES (%s, %s, 1, 1)",
                                   (self.device, ts))
                    cursor.execute("INSERT INTO reading_texts VALUES (%s, %s, 2, 'x')", (self.device, ts))
                    cursor.execute("INSERT INTO traffic_minutes (minute, readings) VALUES (%s, 1) "
                                   "ON DUPLICATE KEY UPDATE readings = readings + 1",
                                   ts.replace(second=0, microsecond=0))
                    cursor.execute("COMMIT")
                    self.done += 1
                except pymysql.MySQLError as error:
                    self.error = error

    def stop(self):
        self._end.set()
        self._thread.join()
        assert self.error is None
        return self.done


@pytest.fixture
def load(database):
    """load(device) -> Load"""
    made = []

    def start(device):
        made.append(Load(database, device))
        return made[-1]
    yield start
    for one in made:
        one._end.set()
        one._thread.join()


def test_an_export_under_way_delays_the_keeper_alone(ready, database, load):
    hub = ready()
    hub.stop()
    today = now().replace(hour=0, minute=0, second=0)
    first = next(iter(partitions(database, "readings")))
    database.query(f"ALTER TABLE readings REORGANIZE PARTITION {first} INTO ("
                   f"PARTITION old VALUES LESS THAN ('{today - 20 * DAY}'), "
                   f"PARTITION {first} VALUES LESS THAN ({partitions(database, 'readings')[first]}))")
    *_, device = add_devices(database, 1)
    add_readings(database, [(device, today - 30 * DAY + timedelta(seconds=i), 1, 1.0) for i in range(20000)])
    hub.start()
    wait_rolled(database)
    writer = load(device)
    with database.connect(cursorclass=pymysql.cursors.SSCursor) as reader, reader.cursor() as export:
        export.execute("SELECT * FROM readings")
        assert export.fetchone()
        hub.reload(server={"retention": {"readings": 5, "check_interval": 1}})
        hub.process.wait_log("INFO +keeper .*readings is in use.*later")
        for _ in range(3):
            failures, done = metrics(hub)["keeper_failures_total"], writer.done
            wait_for(lambda: metrics(hub)["keeper_failures_total"] > failures, 30, "another attempt")
            wait_for(lambda: writer.done > done + 5, 30, "the writer to go on")
        assert "old" in partitions(database, "readings")
        assert sum(1 for _ in export) >= 19999  # the export is whole
    wait_for(lambda: "old" not in partitions(database, "readings"), 30, "the old partition to go")
    writer.stop()  # it met no lock that lasts


def test_partitions_come_and_go_under_load(ready, database, load):
    """Each ALTER, and roll-ups, while a writer goes on; it meets no lock that lasts."""
    hub = ready()
    device, = add_devices(database, 1)
    today = now().replace(hour=0, minute=0, second=0)
    writer = load(device)
    hub.reload(server={"retention": {"readings": 5}})
    for turn in range(3):
        dropped = metrics(hub)["keeper_partitions_dropped_total"]
        for table in ("readings", "reading_texts"):
            first, bound = next(iter(partitions(database, table).items()))
            database.query(f"ALTER TABLE {table} REORGANIZE PARTITION {first} INTO ("
                           f"PARTITION old VALUES LESS THAN ('{today - 20 * DAY}'), "
                           f"PARTITION {first} VALUES LESS THAN ({bound}))")
        wait_for(lambda: metrics(hub)["keeper_partitions_dropped_total"] >= dropped + 2, 30, "old partitions to go")
        one_partition(database)
        wait_partitions(database)
    done = writer.stop()
    assert database.value("SELECT COUNT(*) FROM readings") == database.value("SELECT COUNT(*) FROM reading_texts") == done
    wait_for(lambda: not minutes_differ(database), 30, lambda: minutes_differ(database), every=0.2)


class Watch:
    """A reader that counts the same rows again and again. stop() gives the counts that it has seen."""

    def __init__(self, database, sql):
        self.seen, self._end = set(), threading.Event()
        self._thread = threading.Thread(target=self._run, args=(database, sql))
        self._thread.start()

    def _run(self, database, sql):
        with database.connect() as connection, connection.cursor() as cursor:
            while not self._end.is_set():
                cursor.execute(sql)
                self.seen.add(cursor.fetchone()[0])

    def stop(self):
        self._end.set()
        self._thread.join()
        return self.seen


@pytest.fixture
def watch(database):
    """watch(sql) -> Watch"""
    made = []
    yield lambda sql: made.append(Watch(database, sql)) or made[-1]
    for one in made:
        one.stop()


def fill(database, table, devices, each):
    """A row every ten minutes until two days ago, for each device."""
    columns = {"readings": ("ts, point_id, value, raw", "1, device_id + seq / 7, NULL"),
               "readings_minute": ("start, point_id, `min`, `max`, `sum`, `count`", "1 + seq % 2, seq, seq, 2 * seq, 2")}
    names, values = columns[table]
    start = now() - 2 * DAY - each * 10 * MINUTE
    database.query(f"INSERT INTO {table} (device_id, {names}) SELECT device_id, '{start}' + INTERVAL seq * 10 MINUTE, "
                   f"{values} FROM (SELECT id AS device_id FROM devices WHERE id <= {devices[-1]}) d, "
                   f"seq_0_to_{each - 1}")


def sum_of(database, table, last):
    """Of all rows of the devices up to this one."""
    return database.query(f"SELECT COUNT(*) AS n, SUM(CRC32(CONCAT_WS(',', t.device_id, t.point_id, "
                          f"{'t.ts, t.value' if table == 'readings' else 't.start, t.`min`, t.`sum`, t.`count`'}))) AS s "
                          f"FROM {table} t WHERE device_id <= {last}")[0]


def wait_moving(database, phase, device=0):
    wait_for(lambda: database.value("SELECT COUNT(*) FROM partition_moves WHERE phase = %s AND device >= %s",
                                    phase, device), 60, f"the move to be at {phase}, device {device}", every=0.003)


def wait_moved(database, *tables):
    for table in tables:
        wait_for(lambda: len(partitions(database, table)) > 30, 120, lambda: partitions(database, table), every=0.2)
    wait_for(lambda: not database.query("SELECT * FROM partition_moves"), 120,
             lambda: database.query("SELECT * FROM partition_moves"), every=0.2)
    left = {row["name"] for row in database.query("SELECT TABLE_NAME AS name FROM information_schema.TABLES "
                                                  "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE '%%cut'")}
    assert not left


def test_a_large_partition_is_moved_beside_the_writers(ready, database, load, watch):
    """With a kill -9 in each of the two long passes, and one between the change of names and its note."""
    hub = ready()
    hub.stop()
    one_partition(database)
    *devices, writing = add_devices(database, 41)
    each = 8000
    fill(database, "readings", devices, each)
    want = sum_of(database, "readings", devices[-1])
    late = (devices[0], now() - 20 * DAY + timedelta(milliseconds=5), 9, 9.0)
    hub.start()
    writer = load(writing)
    reader = watch(f"SELECT COUNT(*) FROM readings WHERE device_id <= {devices[-1]} AND point_id = 1")
    wait_moving(database, "copy", devices[10])
    hub.kill()
    assert list(partitions(database, "readings")) == ["pmax"]
    add_readings(database, [late])  # behind the pass
    hub.start()
    wait_moving(database, "check", devices[5])
    hub.kill()
    done = writer.done
    database.query("UPDATE partition_moves SET phase = 'follow'")  # as if it had died right behind the RENAME
    wait_for(lambda: writer.done > done, 20, "the writer to go on alone")
    unseen = (devices[30], now() - 10 * DAY, 9, 8.0)  # as if stored after the last pass, before the RENAME
    database.query("INSERT INTO readings_uncut (device_id, ts, point_id, value) VALUES (%s, %s, %s, %s)", *unseen)
    database.query("INSERT INTO traffic_minutes (minute, readings) VALUES (%s, 1)", unseen[1].replace(second=0))
    hub.start()
    wait_moved(database, "readings")
    done = writer.stop()
    assert reader.stop() == {len(devices) * each}
    assert database.value("SELECT COUNT(*) FROM readings WHERE device_id = %s", writing) == done
    assert database.value("SELECT SUM(value) FROM readings WHERE point_id = 9") == 17.0
    for device, ts, point, _ in (late, unseen):
        key = (device, point, str(ts.replace(second=0, microsecond=0)))
        wait_for(lambda: key in rolled(database, "readings_minute"), 30, f"{key} to be rolled up")
    database.query("DELETE FROM readings WHERE point_id = 9")
    assert sum_of(database, "readings", devices[-1]) == want
    assert database.value("SELECT COUNT(*) FROM readings PARTITION (pmax)") == 0
    hub.reload(server={"retention": {"readings": 1}})  # and now they can go
    wait_for(lambda: database.value("SELECT COUNT(*) FROM readings") < want["n"], 30, "old partitions to go")
    assert "WARN" not in hub.process.log() and "has become" not in hub.process.log()


def test_large_rollups_are_moved(ready, database):
    hub = ready()
    hub.stop()
    one_partition(database)
    *devices, reading = add_devices(database, 31)
    fill(database, "readings_minute", devices, 4000)
    want = sum_of(database, "readings_minute", devices[-1])
    start = now().replace(second=0) - 3 * DAY
    add_readings(database, [(reading, start + i * MINUTE, 1, float(i)) for i in range(30)])
    hub.start()
    wait_moving(database, "check", devices[3])
    hub.kill()
    hub.start()
    wait_moved(database, "readings_minute")
    assert sum_of(database, "readings_minute", devices[-1]) == want
    wait_for(lambda: database.value("SELECT COUNT(*) FROM readings_minute WHERE device_id = %s", reading) == 30, 30,
             "what had waited to be rolled up")


def test_a_large_table_with_a_trigger_is_left(ready, database):
    hub = ready()
    hub.stop()
    one_partition(database)
    fill(database, "readings", add_devices(database, 20), 6000)
    database.query("CREATE TRIGGER mine BEFORE INSERT ON readings FOR EACH ROW SET NEW.raw = 1")
    hub.start()
    hub.process.wait_log("WARN +keeper .*readings lacks partitions and has triggers")
    wait_for(lambda: len(partitions(database, "readings_minute")) > 1, 20, "the other tables' partitions")
    assert list(partitions(database, "readings")) == ["pmax"]
    assert not database.query("SELECT * FROM partition_moves")


def test_the_end_waits_for_no_database(ready, mariadb):
    hub = ready()
    hub.reload(server={"server": {"shutdown_timeout": 1}})  # for the event of the end
    hub.process.wait_log("taken over")
    os.kill(mariadb.pid, signal.SIGSTOP)
    try:
        asked = time.monotonic()
        assert hub.stop() == 0
        assert time.monotonic() - asked < 8
    finally:
        os.kill(mariadb.pid, signal.SIGCONT)


def test_one_keeper_for_two_collectors(ready, run, tmp_path, database):
    """The second one takes over in the middle, and all is rolled up as if there had been one."""
    hub = ready()
    folder = tmp_path / "second"
    folder.mkdir()
    other = Collector(run, new_config(folder, database, {**QUICK, "server": {"name": "second"}}))
    other.process.wait_log("is ready")
    assert metrics(hub)["keeper_working"] == 1 and metrics(other)["keeper_working"] == 0
    devices = add_devices(database, 10)
    start, minutes = now().replace(minute=0, second=0) - 20 * DAY, 3000
    for first in range(0, minutes, 500):
        add_readings(database, [(device, start + minute * MINUTE + timedelta(seconds=7), 1, device + minute / 7)
                                for minute in range(first, first + 500) for device in devices])

    def done():
        return database.value("SELECT COUNT(*) FROM rollup_minutes")
    wait_for(lambda: done() >= 100, 30, "some of it to be done", every=0.005)
    hub.kill()
    before = done()
    add_readings(database, [(devices[0], start + minute * MINUTE, 1, -1.0) for minute in range(0, minutes, 10)])
    wait_for(lambda: metrics(other)["keeper_working"] == 1, 20, "the other one to take over")
    wait_rolled(database, 60)
    assert len(rolled(database, "readings_minute")) == 10 * minutes
    assert metrics(other)["keeper_minute_rollups_total"] >= minutes - before > 0
    hub.start()
    assert metrics(hub)["keeper_working"] == 0 and metrics(other)["keeper_working"] == 1
