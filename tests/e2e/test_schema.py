"""A database of an older dtuhub is brought up to date by the collector, and keeps its rows."""
import re

from harness.parts import ROOT
from harness.wait import wait_for


def at_version_1(database):
    """The tables of the first release, with rows in them."""
    with database.connect(client_flag=1 << 16) as connection, connection.cursor() as cursor:  # many statements
        cursor.execute((ROOT / "sql" / "001_initial.sql").read_text())
        while cursor.nextset():
            pass
        cursor.execute("CREATE TABLE schema_version (version INT UNSIGNED NOT NULL PRIMARY KEY, "
                       "applied DATETIME(3) NOT NULL)")
        cursor.execute("INSERT INTO schema_version VALUES (1, UTC_TIMESTAMP(3))")
        cursor.execute("INSERT INTO devices (device_id, ip_address, port, first_seen, last_seen) "
                       "VALUES ('1001', '10.0.0.7', 40112, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))")
        for kind in ("register", "heartbeat", "data", "modbus"):
            cursor.execute("INSERT INTO raw_packets (device_id, packet_type, raw_data, timestamp) "
                           "VALUES ('1001', %s, %s, '2026-01-01 00:00:00.123')", (kind, kind.encode()))
        cursor.execute("INSERT INTO events (kind, device_id, timestamp, details) "
                       "VALUES ('kept', '1001', UTC_TIMESTAMP(3), 'of old')")


def test_rows_outlive_an_upgrade(collector, database):
    at_version_1(database)
    before = database.query("SELECT * FROM devices")
    packets = database.query("SELECT * FROM raw_packets ORDER BY id")
    assert [row["packet_type"] for row in packets] == ["register", "heartbeat", "data", "modbus"]
    hub = collector()
    wait_for(lambda: database.value("SELECT MAX(version) FROM schema_version") >= 2, 10, "the upgrade")
    hub.process.wait_log("applied sql/002_lines.sql")
    assert database.query("SELECT * FROM devices") == [{**before[0], "name": "", "tags": ""}]
    assert database.query("SELECT * FROM raw_packets ORDER BY id") == packets
    assert database.value("SELECT details FROM events") == "of old"
    assert database.value("SELECT COUNT(*) FROM write_log") == 0
    database.query("INSERT INTO raw_packets (device_id, packet_type, raw_data, timestamp) "
                   "VALUES ('1001', 'noise', 'x', UTC_TIMESTAMP(3))")
    assert database.value("SELECT COUNT(*) FROM raw_packets WHERE packet_type = 'noise'") == 1
    assert hub.stop() == 0


def test_the_upgrade_copies_no_large_table(database):
    """What changes tables that may be large must work without touching their rows."""
    at_version_1(database)
    statements = re.sub(r"(?m)^--.*$", "", (ROOT / "sql" / "002_lines.sql").read_text()).split(";")
    altered = [s for s in statements if re.search(r"ALTER TABLE (devices|raw_packets)", s)]
    assert len(altered) == 2
    for statement in altered:
        database.query(statement.replace("%", "%%") + ", ALGORITHM = INSTANT")
