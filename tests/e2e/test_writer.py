"""What the database refuses, and what stands in the writer's way: nothing is lost, nothing is stored twice, and the log
says what to do."""
import re
from pathlib import Path

import pymysql
import pytest

from harness.control import get, metrics
from harness.mariadb import PASSWORD
from harness.served import compare_packets, compare_readings, compare_sums
from harness.storing import all_stored_once, dtus, end, grown, hub  # noqa: F401 (hub and dtus are fixtures)
from harness.wait import wait_for

DOC = Path(__file__).resolve().parents[2] / "docs" / "rejected-records.md"


def store_again(database, of):
    """Execute the statements that docs/rejected-records.md has for the table, in one session."""
    block, = (block for block in re.findall(r"```sql\n(.*?)```", DOC.read_text(), re.S) if f"INSERT INTO {of} " in block)
    with database.connect() as connection, connection.cursor() as cursor:
        for statement in re.split(r";\s*\n", re.sub(r"^--.*\n", "", block, flags=re.M)):
            if statement.strip():
                cursor.execute(statement)


def refuse(database, condition, signal, table="readings"):
    database.query(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW "
                   f"IF {condition} THEN SIGNAL {signal}; END IF")


def one_of(database):
    """The number and the registration id of one device."""
    row, = wait_for(lambda: database.query("SELECT id, device_id FROM devices ORDER BY id LIMIT 1"), 10, "a device")
    return row["id"], row["device_id"]


def started(hub, dtus, **server):
    """A collector with DTUs that it stores readings of."""
    hub = hub(**server)
    fleet = dtus(hub)
    grown(hub, "writer_readings_total", 100)
    return hub, fleet


def cut_off(database):
    """End every other connection of the account."""
    for row in database.query("SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()"):
        database.query(f"KILL {row['id']}")


@pytest.mark.parametrize("bulk", [True, False], ids=["bulk", "multi-row"])
def test_a_refused_record_is_set_aside_alone(hub, database, dtus, tmp_path, bulk):
    hub, fleet = started(hub, dtus, mysql={"bulk": bulk})
    number, device = one_of(database)
    refuse(database, f"NEW.device_id = {number}", "SQLSTATE '45000' SET MESSAGE_TEXT = 'not of this one'")
    grown(hub, "writer_rejected_total", 5)
    grown(hub, "writer_readings_total", 200)
    hub.process.wait_log(rf"{device}.*the database refuses a record of the kind samples, it is kept in rejected_records: "
                         "not of this one")
    served, now = end(hub, fleet, tmp_path)
    rows = database.query("SELECT * FROM rejected_records ORDER BY id")
    assert len(rows) == now["writer_rejected_total"] >= 5
    assert {(row["device_id"], row["kind"], row["reason"], row["collector"]) for row in rows} == \
        {(device, "samples", "not of this one", "collector")}
    assert [row["seq"] for row in rows] == sorted({row["seq"] for row in rows})
    assert all(len(row["record"]) > 24 for row in rows)

    compare_packets(database, served)  # those of the refused one too
    answers = served.answers.pop(device)
    served.heartbeats.pop(device), served.history.pop(device)
    compare_readings(database, served)
    served.answers[device] = answers
    database.query("DROP TRIGGER refuse")
    store_again(database, "readings")
    compare_readings(database, served)
    assert database.value("SELECT COUNT(*) FROM rejected_records") == 0


def test_refused_packets_can_be_stored_after_all(hub, database, dtus, tmp_path):
    hub, fleet = started(hub, dtus)
    refuse(database, "NEW.packet_type = 'heartbeat'", "SQLSTATE '45000' SET MESSAGE_TEXT = 'no'", "raw_packets")
    grown(hub, "writer_rejected_total", 5)
    served, now = end(hub, fleet, tmp_path)
    assert now["writer_rejected_total"] >= 5
    compare_readings(database, served)
    database.query("DROP TRIGGER refuse")
    late = "SELECT device_id, `timestamp` AS ts FROM raw_packets WHERE packet_type = 'heartbeat' ORDER BY 1, 2"
    wanted = database.query("SELECT device_id, CAST(JSON_UNQUOTE(JSON_EXTRACT(content, '$.timestamp')) AS DATETIME(3)) AS ts "
                            "FROM rejected_records ORDER BY 1, 2")
    before = database.query(late)
    store_again(database, "raw_packets")
    assert database.query(late) == sorted(before + wanted, key=lambda row: (row["device_id"], row["ts"]))
    compare_sums(database, served)
    rows = database.query("SELECT raw_data, COUNT(*) AS n FROM raw_packets WHERE packet_type = 'heartbeat' GROUP BY 1")
    assert rows == [{"raw_data": b"\x02\x00", "n": sum(served.heartbeats.values())}]


def test_where_nothing_can_be_set_aside_everything_waits(hub, database, dtus, tmp_path):
    hub, fleet = started(hub, dtus)
    number, _ = one_of(database)
    database.query("RENAME TABLE rejected_records TO hidden")
    refuse(database, f"NEW.device_id = {number}", "SQLSTATE '45000' SET MESSAGE_TEXT = 'not of this one'")
    hub.process.wait_log(r"rejected_records' doesn't exist.*records wait in the")
    assert get(hub, "/readyz")[0] == 503
    database.query("RENAME TABLE hidden TO rejected_records")
    wait_for(lambda: get(hub, "/readyz")[0] == 200, 20, "the writer to go on")
    database.query("DROP TRIGGER refuse")
    served, now = end(hub, fleet, tmp_path)
    assert now["writer_rejected_total"] == database.value("SELECT COUNT(*) FROM rejected_records") > 0
    store_again(database, "readings")
    compare_readings(database, served)


def test_what_is_refused_no_more_when_it_can_be_set_aside_is_stored(hub, database, dtus, tmp_path):
    hub, fleet = started(hub, dtus)
    number, _ = one_of(database)
    database.query("RENAME TABLE rejected_records TO hidden")
    refuse(database, f"NEW.device_id = {number}", "SQLSTATE '45000' SET MESSAGE_TEXT = 'not of this one'")
    hub.process.wait_log(r"rejected_records' doesn't exist.*records wait in the")
    database.query("DROP TRIGGER refuse")
    database.query("RENAME TABLE hidden TO rejected_records")
    now = all_stored_once(hub, database, fleet, tmp_path)
    assert now["writer_rejected_total"] == 0


def fleet_of(hub, sim, tmp_path, count):
    return sim("-c", hub.config.folder, "--port", hub.port, "--count", count, "--ramp", 1000, "--heartbeat", 1,
               "--served", tmp_path / "served.tsv")


@pytest.mark.parametrize("percent", [10, 50])
def test_many_refused_devices_do_not_hold_up_the_others(collector, database, sim, tmp_path, percent):
    """400 devices, five answers a second each: 4,400 records a second."""
    hub = collector(server={"server": {"max_connections": 1000}, "polling": {"request_gap": 0}},
                    data={"query_tasks": {1: {"start_addr": 0, "length": 4, "interval": 0.2, "trigger": "timer"}},
                          "data_points": {n: {"name": f"p{n}", "type": "int", "length": 2} for n in (0, 1)}},
                    replace_data=True)
    fleet = fleet_of(hub, sim, tmp_path, 400)
    wait_for(lambda: metrics(hub)["devices_online"] == 400, 30, "all to be online")
    grown(hub, "writer_readings_total", 400)
    refuse(database, f"NEW.device_id % 100 < {percent}", "SQLSTATE '45000' SET MESSAGE_TEXT = 'not of these'")
    grown(hub, "writer_rejected_total", 100)
    for _ in range(3):
        grown(hub, "cache_appended_total", 8000)
        wait_for(lambda: (now := metrics(hub))["journal_records"] + now["cache_records"] < 2000, 10,
                 lambda: f"the writer to keep up: {metrics(hub)['journal_records']} records wait")
    served, now = end(hub, fleet, tmp_path)
    rows = database.query("SELECT r.collector, r.journal, r.seq, r.kind, d.id % 100 AS part FROM rejected_records r "
                          "JOIN devices d ON d.device_id = r.device_id ORDER BY r.id")
    assert len(rows) == now["writer_rejected_total"] >= 1000
    assert {row["kind"] for row in rows} == {"samples"} and all(row["part"] < percent for row in rows)
    assert [row["seq"] for row in rows] == sorted({row["seq"] for row in rows})
    assert now["writer_retries_total"] == now["writer_moved_total"] == now["cache_dropped_total"] == 0
    refused = {row["device_id"] for row in database.query(f"SELECT device_id FROM devices WHERE id % 100 < {percent}")}
    assert len(refused) == 4 * percent
    compare_packets(database, served)  # those of the refused too
    kept = {device: served.answers.pop(device) for device in refused}
    left = {device: served.heartbeats.pop(device) for device in refused}, \
        {device: served.history.pop(device) for device in refused}
    compare_readings(database, served)
    served.answers.update(kept), served.heartbeats.update(left[0]), served.history.update(left[1])
    database.query("DROP TRIGGER refuse")
    store_again(database, "readings")
    compare_readings(database, served)
    compare_sums(database, served)


def rolled_up(database):
    """Each minute's and each hour's roll-ups against what `readings` says; None where they differ."""
    for table, unit in (("readings_minute", "%Y-%m-%d %H:%i:00"), ("readings_hour", "%Y-%m-%d %H:00:00")):
        wanted = database.query(f"SELECT device_id, point_id, DATE_FORMAT(ts, '{unit.replace('%', '%%')}') AS start, "
                                "MIN(value) AS low, MAX(value) AS high, ROUND(SUM(value), 6) AS total, COUNT(value) AS n "
                                "FROM readings WHERE value IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT %s", 10**6)
        got = database.query(f"SELECT device_id, point_id, DATE_FORMAT(start, '%%Y-%%m-%%d %%H:%%i:%%s') AS start, "
                             f"`min` AS low, `max` AS high, ROUND(`sum`, 6) AS total, `count` AS n FROM {table} "
                             "ORDER BY 1, 2, 3 LIMIT %s", 10**6)
        if wanted != got:
            return None
    return True


def test_roll_ups_know_of_what_is_stored_after_all(hub, database, dtus, tmp_path):
    """Readings of three hours ago, so that minutes and hours are over."""
    hub, fleet = started(hub, dtus, retention={"rollup_interval": 1})
    number, device = one_of(database)
    refuse(database, f"NEW.device_id = {number}", "SQLSTATE '45000' SET MESSAGE_TEXT = 'not of this one'")
    grown(hub, "writer_rejected_total", 5)
    end(hub, fleet, tmp_path)
    database.query("DROP TRIGGER refuse")
    back = "- INTERVAL 3 HOUR"
    database.query(f"UPDATE readings SET ts = ts {back}")
    database.query(f"UPDATE traffic_minutes SET minute = minute {back} ORDER BY minute")
    database.query("UPDATE rejected_records SET content = JSON_SET(content, '$.timestamp', DATE_FORMAT(CAST(JSON_UNQUOTE("
                   f"JSON_EXTRACT(content, '$.timestamp')) AS DATETIME(3)) {back}, '%Y-%m-%d %H:%i:%s.%f'))")
    database.query("DELETE FROM rollup_minutes")
    database.query("DELETE FROM readings_minute")
    wait_for(lambda: rolled_up(database), 30, "the first roll-ups")
    before = database.value("SELECT SUM(`count`) FROM readings_hour WHERE device_id = %s", number)
    stored = database.value("SELECT COUNT(*) FROM readings")
    store_again(database, "readings")
    assert database.value("SELECT COUNT(*) FROM readings") > stored
    wait_for(lambda: rolled_up(database), 30, "the roll-ups of what came late")
    assert database.value("SELECT SUM(`count`) FROM readings_hour WHERE device_id = %s", number) > before


def test_a_second_reading_of_one_moment_is_moved(hub, database, dtus, tmp_path):
    hub, fleet = started(hub, dtus)
    number, _ = one_of(database)
    refuse(database, f"NEW.device_id = {number} AND MICROSECOND(NEW.ts) DIV 1000 % 2 = 0",
           "SQLSTATE '23000' SET MYSQL_ERRNO = 1062, MESSAGE_TEXT = 'Duplicate entry'")
    grown(hub, "writer_moved_total", 3)
    now = all_stored_once(hub, database, fleet, tmp_path)
    assert now["writer_rejected_total"] == 0
    hub.process.wait_log("a second reading of one moment: stored 1 ms later")


def test_a_missing_table(hub, database, dtus, tmp_path):
    hub, fleet = started(hub, dtus)
    database.query("RENAME TABLE raw_packets TO hidden")
    hub.process.wait_log(r"raw_packets' doesn't exist: a table is not as the files in sql/ make it.*records wait in the")
    code, text = get(hub, "/readyz")
    assert code == 503 and "sql/" in text
    database.query("RENAME TABLE hidden TO raw_packets")
    wait_for(lambda: get(hub, "/readyz")[0] == 200, 20, "the writer to go on")
    now = all_stored_once(hub, database, fleet, tmp_path)
    assert now["writer_rejected_total"] == 0


def test_a_privilege_taken_and_given_again(hub, mariadb, database, dtus, tmp_path):
    hub, fleet = started(hub, dtus)
    account = f"ON `{database.name}`.* {{}} '{database.user}'@'localhost'"
    mariadb._script("sql", input="REVOKE INSERT " + account.format("FROM"), text=True)
    cut_off(database)  # connections keep what they were given
    hub.process.wait_log("INSERT command denied.*: GRANT ALL on the database to this account")
    assert PASSWORD not in hub.process.log()
    mariadb._script("sql", input="GRANT INSERT " + account.format("TO"), text=True)
    wait_for(lambda: get(hub, "/readyz")[0] == 200, 20, "the writer to go on")
    now = all_stored_once(hub, database, fleet, tmp_path)
    assert now["writer_rejected_total"] == 0


@pytest.mark.parametrize("lock", ["SELECT * FROM ingest_position FOR UPDATE", "LOCK TABLES heartbeat_log WRITE"],
                         ids=["row", "table"])
def test_a_lock_that_others_hold(hub, database, dtus, tmp_path, lock):
    hub, fleet = started(hub, dtus)
    with database.connect() as other, other.cursor() as cursor:
        cursor.execute("START TRANSACTION")
        cursor.execute(lock)
        wait_for(lambda: metrics(hub)["writer_lock_retries_total"] > 0, 30, "the lock's time-out")
        cursor.execute("ROLLBACK")
        cursor.execute("UNLOCK TABLES")
    hub.process.wait_log("Lock wait timeout exceeded.*: another transaction holds")
    now = all_stored_once(hub, database, fleet, tmp_path)
    assert now["writer_rejected_total"] == now["writer_reconnects_total"] == 0


def writer_waits(database):
    """Whether the writer is at the end of its transaction, and stuck."""
    return database.query("SELECT id FROM information_schema.processlist WHERE info LIKE 'INSERT INTO ingest_position%'")


def test_a_deadlock(hub, database, dtus, tmp_path):
    hub, fleet = started(hub, dtus)
    database.query("CREATE TABLE weight (n INT) ENGINE = InnoDB")
    before = metrics(hub)["writer_lock_retries_total"]

    def cross():
        """Hold the position, and then want what the writer holds while it wants the position. This side has changed
        more rows, so the writer is the one to give way."""
        with database.connect() as other, other.cursor() as cursor:
            cursor.execute("START TRANSACTION")
            cursor.executemany("INSERT INTO weight VALUES (%s)", [[n] for n in range(20000)])
            cursor.execute("SELECT * FROM ingest_position FOR UPDATE")
            wait_for(lambda: writer_waits(database), 10, "the writer to wait")
            try:
                cursor.execute("SELECT COUNT(*) FROM traffic_minutes FOR UPDATE")
            except pymysql.err.OperationalError as error:
                assert error.args[0] == 1213  # it was this side after all: again
            cursor.execute("ROLLBACK")

    for _ in range(10):
        cross()
        if metrics(hub)["writer_lock_retries_total"] > before:
            break
    assert metrics(hub)["writer_lock_retries_total"] > before
    hub.process.wait_log("Deadlock found.*: another transaction holds these rows")
    now = all_stored_once(hub, database, fleet, tmp_path)
    assert now["writer_rejected_total"] == now["writer_reconnects_total"] == 0


def test_positions_of_journals_long_gone_go(hub, database, dtus):
    hub, _ = started(hub, dtus)
    hub.kill()
    for collector, journal, days in (("collector", "a" * 32, 91), ("collector", "b" * 32, 89), ("other", "c" * 32, 91)):
        database.query("INSERT INTO ingest_position (collector, stream, journal, seq, updated) "
                       "VALUES (%s, 0, %s, 7, UTC_TIMESTAMP(3) - INTERVAL %s DAY)", collector, journal, days)
    database.query("UPDATE ingest_position SET updated = updated - INTERVAL 100 DAY WHERE seq <> 7")
    hub.start()

    def left():
        rows = database.query("SELECT journal FROM ingest_position WHERE seq = 7 ORDER BY journal")
        return "".join(row["journal"][0] for row in rows)
    wait_for(lambda: left() == "bc", 20, left)


def test_ten_kills_of_the_database(hub, mariadb, database, dtus, tmp_path):
    hub, fleet = started(hub, dtus)
    for n in range(10):
        grown(hub, "writer_batches_total", 1 + n)
        mariadb.kill()
        mariadb.start()
    wait_for(lambda: get(hub, "/readyz")[0] == 200, 20, "the writer to come back")
    now = all_stored_once(hub, database, fleet, tmp_path)
    assert now["writer_lost_retries_total"] >= 1
    assert now["writer_rejected_total"] == now["writer_moved_total"] == 0
