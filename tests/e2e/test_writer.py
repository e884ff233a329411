"""What the database refuses, and what stands in the writer's way: nothing is lost, nothing is stored twice, and the log
says what to do."""
import pymysql
import pytest

from harness.control import get, metrics
from harness.mariadb import PASSWORD
from harness.served import compare_packets, compare_readings
from harness.storing import all_stored_once, dtus, end, grown, hub  # noqa: F401 (hub and dtus are fixtures)
from harness.wait import wait_for

# As docs/rejected-records.md has it.
STORE_AGAIN = """
INSERT INTO readings (device_id, ts, point_id, value, raw)
SELECT d.id, JSON_UNQUOTE(JSON_EXTRACT(r.content, '$.timestamp')), p.id, s.value, s.raw
FROM rejected_records r
JOIN JSON_TABLE(r.content, '$.samples[*]' COLUMNS (
    profile VARCHAR(64) PATH '$.profile', point VARCHAR(64) PATH '$.point',
    value DOUBLE PATH '$.value', raw BIGINT UNSIGNED PATH '$.raw')) s
JOIN devices d ON d.device_id = r.device_id
JOIN points p ON p.profile = s.profile AND p.name = s.point
WHERE r.kind = 'samples'
"""

PACKETS_AGAIN = """
INSERT INTO raw_packets (device_id, packet_type, raw_data, `timestamp`)
SELECT device_id, ELT(JSON_EXTRACT(content, '$.code'), 'register', 'heartbeat', 'data', 'modbus', 'noise'),
       UNHEX(JSON_UNQUOTE(JSON_EXTRACT(content, '$.bytes'))), JSON_UNQUOTE(JSON_EXTRACT(content, '$.timestamp'))
FROM rejected_records WHERE kind = 'packet'
"""


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
    database.query(STORE_AGAIN)
    compare_readings(database, served)


def test_refused_packets_can_be_stored_after_all(hub, database, dtus, tmp_path):
    hub, fleet = started(hub, dtus)
    refuse(database, "NEW.packet_type = 'heartbeat'", "SQLSTATE '45000' SET MESSAGE_TEXT = 'no'", "raw_packets")
    grown(hub, "writer_rejected_total", 5)
    served, now = end(hub, fleet, tmp_path)
    assert now["writer_rejected_total"] >= 5
    compare_readings(database, served)
    database.query("DROP TRIGGER refuse")
    database.query(PACKETS_AGAIN)
    rows = database.query("SELECT raw_data, COUNT(*) AS n FROM raw_packets WHERE packet_type = 'heartbeat' GROUP BY 1")
    assert rows == [{"raw_data": b"\x02\x00", "n": sum(served.heartbeats.values())}]
    late = database.value("SELECT COUNT(*) FROM rejected_records r LEFT JOIN raw_packets p ON p.device_id = r.device_id "
                          "AND p.`timestamp` = JSON_UNQUOTE(JSON_EXTRACT(r.content, '$.timestamp')) WHERE p.id IS NULL")
    assert late == 0


def test_where_nothing_can_be_set_aside_everything_waits(hub, database, dtus, tmp_path):
    hub, fleet = started(hub, dtus)
    number, _ = one_of(database)
    database.query("RENAME TABLE rejected_records TO hidden")
    refuse(database, f"NEW.device_id = {number}", "SQLSTATE '45000' SET MESSAGE_TEXT = 'not of this one'")
    hub.process.wait_log(r"rejected_records' doesn't exist.*records wait in the")
    assert get(hub, "/readyz")[0] == 503
    database.query("DROP TRIGGER refuse")
    database.query("RENAME TABLE hidden TO rejected_records")
    wait_for(lambda: get(hub, "/readyz")[0] == 200, 20, "the writer to go on")
    served, now = end(hub, fleet, tmp_path)
    assert now["writer_rejected_total"] == database.value("SELECT COUNT(*) FROM rejected_records") > 0
    database.query(STORE_AGAIN)
    compare_readings(database, served)


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
