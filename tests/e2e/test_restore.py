"""The database, or the journal, is brought back from a backup, or the collector gets another name: nothing that is still
there is lost, and nothing is stored twice."""
import contextlib
import shutil

import pytest

from harness.backup import bring_back, dump, restore
from harness.control import metrics
from harness.journal import Journal
from harness.once import compare_journal, stored
from harness.served import Served, compare_packets, compare_readings, compare_sums
from harness.storing import dtus, grown, hub  # noqa: F401 (fixtures too)
from harness.wait import wait_for


def records_in(database):
    """How many records the rows are of: a sample has several readings."""
    seen = database.value("SELECT COUNT(*) FROM (SELECT DISTINCT device_id, ts FROM readings) AS samples")
    return seen + sum(database.value(f"SELECT COUNT(*) FROM {table}")
                      for table in ("heartbeat_log", "raw_packets", "connection_history", "events"))


@contextlib.contextmanager
def locked(hub, mariadb, database):
    """A cursor, while the collector's account is locked, as docs/backup.md has it."""
    account = f"'{database.user}'@'localhost'"
    with database.connect() as mine, mine.cursor() as cursor:  # it stays open
        mariadb.administer(f"ALTER USER {account} ACCOUNT LOCK")
        cursor.execute("SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()")
        mariadb.administer(*(f"KILL {number}" for number, in cursor.fetchall()))
        wait_for(lambda: metrics(hub)["writer_up"] == 0, 10, "the loss to be noticed")
        yield cursor
    mariadb.administer(f"ALTER USER {account} ACCOUNT UNLOCK")


def end(hub, dtus, tmp_path):
    """Stop the DTUs, wait until all is stored: what they served, and the last metrics."""
    assert dtus.stop() == 0
    now = wait_for(lambda: stored(hub), 30, lambda: f"everything to be stored: {metrics(hub)}")
    return Served(tmp_path / "served.tsv"), now


@pytest.mark.parametrize("bulk", [True, False], ids=["bulk", "multi-row"])
def test_a_dump_restored_while_connected(hub, database, dtus, tmp_path, bulk):
    """A table of before ingest_position, as they are replaced by name, may be written to in between: such rows come
    twice."""
    hub = hub(mysql={"bulk": bulk})
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 300)
    old = dump(database)
    grown(hub, "writer_records_total", 500)
    restore(database, old)
    hub.process.wait_log("the database knows less than was stored: it was replaced", 30)
    grown(hub, "writer_records_total", 300)
    served, now = end(hub, fleet, tmp_path)
    compare_readings(database, served)
    for device in served.devices:
        rows = database.value("SELECT COUNT(*) FROM raw_packets WHERE device_id = %s AND packet_type = 'modbus'", device)
        assert rows == len(served.answers[device])
    assert now["journal_missing_total"] == 0
    assert now["writer_moved_total"] == 0


def test_a_dump_restored_behind_a_locked_account(hub, database, mariadb, dtus, tmp_path):
    """As docs/backup.md has it."""
    hub = hub()
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 300)
    old = dump(database)
    grown(hub, "writer_records_total", 300)
    with locked(hub, mariadb, database) as cursor:
        bring_back(cursor, old)
    served, now = end(hub, fleet, tmp_path)
    compare_readings(database, served)
    compare_packets(database, served)
    compare_sums(database, served)
    assert now["journal_missing_total"] == now["writer_moved_total"] == now["writer_repeated_total"] == 0


def test_a_dump_from_before_a_restart(hub, database, mariadb, dtus, tmp_path):
    """What the file of an earlier start holds is stored again, too."""
    hub = hub()
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 300)
    old = dump(database)
    grown(hub, "writer_records_total", 300)
    assert hub.stop() == 0
    hub.start()
    grown(hub, "writer_records_total", 300)
    with locked(hub, mariadb, database) as cursor:
        bring_back(cursor, old)
    hub.process.wait_log("the database knows less than was stored: it was replaced", 30)
    end(hub, fleet, tmp_path)
    assert hub.stop() == 0
    compare_journal(database, Journal(tmp_path / "journal"))


def test_a_dump_from_before_what_the_journal_keeps(hub, database, mariadb, dtus, tmp_path):
    hub = hub(journal={"retention": 1})
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 300)
    old = dump(database)
    kept = lambda: database.value("SELECT COUNT(*) FROM events WHERE kind = 'storage_lost'")  # noqa: E731
    grown(hub, "writer_records_total", 2500)
    assert kept() == 0
    with locked(hub, mariadb, database) as cursor:
        bring_back(cursor, old)
    hub.process.wait_log(r"records \d+ to \d+ \(\d+\) of the journal \w+ are missing in the database", 30)
    wait_for(kept, 20, "an event")
    served, now = end(hub, fleet, tmp_path)
    answers = sum(bool(points) for all_of in served.answers.values() for _, points in all_of)
    seen = database.value("SELECT COUNT(*) FROM (SELECT DISTINCT device_id, ts FROM readings) AS samples")
    assert seen < answers
    position = database.value("SELECT SUM(seq) FROM ingest_position")
    assert records_in(database) == position - int(now["journal_missing_total"])


def test_another_name_stores_nothing_twice(hub, database, dtus, tmp_path):
    hub = hub(server={"name": "north"})
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 300)
    assert hub.stop() == 0
    hub.config.server["server"]["name"] = "south"
    hub.config.write()
    hub.start()
    grown(hub, "writer_records_total", 300)
    now = end(hub, fleet, tmp_path)[1]
    assert now["writer_moved_total"] == 0
    assert hub.stop() == 0
    compare_journal(database, Journal(tmp_path / "journal"))


def test_an_old_copy_of_the_journal(hub, database, mariadb, dtus, tmp_path):
    """Its numbers were given to other records since; new ones get others, though the database is away at first."""
    hub = hub()
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 300)
    journal, copy = tmp_path / "journal", tmp_path / "copy"
    assert hub.stop() == 0
    shutil.copytree(journal, copy)
    hub.start()
    grown(hub, "writer_records_total", 500)
    assert hub.stop() == 0
    before = database.value("SELECT SUM(seq) FROM ingest_position")
    shutil.rmtree(journal)
    copy.rename(journal)
    mariadb.stop()
    hub.start()
    grown(hub, "journal_records_total", 300)
    mariadb.start()
    now = end(hub, fleet, tmp_path)[1]
    position = database.value("SELECT SUM(seq) FROM ingest_position")
    assert position == before + int(now["cache_appended_total"])
    assert records_in(database) == position


def test_positions_lost_double_no_reading(hub, database, dtus, tmp_path):
    """As somebody does who reads that the table is missing: it is made again, and is empty."""
    hub = hub()
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 500)
    create = database.query("SHOW CREATE TABLE ingest_position")[0]["Create Table"]
    database.query("DROP TABLE ingest_position")
    hub.process.wait_log("ingest_position' doesn't exist")
    database.query(create)
    hub.process.wait_log("the database knows less than was stored: it was replaced", 30)
    served, now = end(hub, fleet, tmp_path)
    compare_readings(database, served)
    assert now["writer_repeated_total"] > 0
    assert now["writer_moved_total"] == 0
    assert database.value("SELECT SUM(readings) FROM traffic_minutes") == served.reading_count


def test_points_that_are_deleted_come_back(hub, database, dtus, tmp_path):
    hub = hub()
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 300)
    before = database.query("SELECT id, profile, name, unit FROM points ORDER BY id")
    database.query("DELETE FROM points")
    wait_for(lambda: database.query("SELECT id, profile, name, unit FROM points ORDER BY id") == before, 30,
             "the points to come back")
    served = end(hub, fleet, tmp_path)[0]
    compare_readings(database, served)
