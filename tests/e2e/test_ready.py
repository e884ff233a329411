"""Whether the collector says that it is ready exactly while it can store, and what the log says of an outage and of an
earlier life."""
import pymysql

from harness.control import get, metrics, status
from harness.storing import all_stored_once, dtus, grown, hub  # noqa: F401 (hub and dtus are fixtures)
from harness.wait import wait_for


def unready(hub):
    """What /readyz says is wrong; None where nothing is."""
    code, text = get(hub, "/readyz")
    return text if code != 200 else None


def test_an_outage_is_told_when_it_is_over(hub, mariadb, database, dtus, tmp_path):
    hub = hub()
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 200)
    mariadb.stop()
    wait_for(lambda: metrics(hub)["store_oldest_seconds"] > 6, 30, "records that wait for long")
    waiting = metrics(hub)["journal_records"]
    mariadb.start()
    told = hub.process.wait_log(r"the database took data again after (\d+) s: the (\d+) records that waited are stored", 30)
    assert int(told[1]) >= 5 and int(told[2]) >= waiting
    all_stored_once(hub, database, fleet, tmp_path)
    assert hub.process.log().count("is ready") == 2
    assert hub.process.log().count("took data again") == 1


def test_it_is_up_only_once_it_stores(hub, database, dtus, tmp_path):
    """It can be reached, but takes nothing."""
    hub = hub()
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 200)
    before = metrics(hub)["writer_reconnects_total"]
    database.query("CREATE TRIGGER refuse BEFORE INSERT ON readings FOR EACH ROW SIGNAL SQLSTATE 'HY000' "
                   "SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table is full'")
    wait_for(lambda: unready(hub), 10, "the fault to be noticed")

    def tried_again():
        now = metrics(hub)
        assert now["writer_up"] == now["ready"] == 0
        return now["writer_reconnects_total"] >= before + 4
    wait_for(tried_again, 60, "new connections")
    assert hub.process.log().count("is ready") == 1
    database.query("DROP TRIGGER refuse")
    wait_for(lambda: not unready(hub), 20, "it to be ready again")
    all_stored_once(hub, database, fleet, tmp_path)
    assert hub.process.log().count("is ready") == 2


def test_a_lock_that_lasts_makes_it_unready(hub, database, dtus, tmp_path):
    hub = hub()
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 200)
    with database.connect() as other, other.cursor() as cursor:
        cursor.execute("LOCK TABLES heartbeat_log WRITE")
        text = wait_for(lambda: unready(hub), 60, "it to be unready")
        assert "database: ok\nstoring: behind: the oldest record that is not stored is 3" in text
        assert metrics(hub)["store_behind"] == 1 and metrics(hub)["ready"] == 0 and status(hub)["behind"]
        cursor.execute("UNLOCK TABLES")
    wait_for(lambda: not unready(hub), 20, "it to be ready again")
    assert not status(hub)["behind"]
    all_stored_once(hub, database, fleet, tmp_path)
    hub.process.wait_log(r"the database took data again after \d+ s")


def test_an_idle_one_notices_that_its_account_is_gone(hub, mariadb, database):
    hub = hub(retention={"rollup_interval": 1})
    hub.process.wait_log("is ready")
    wait_for(lambda: metrics(hub)["keeper_working"] == 1, 10, "the keeper")
    ids = [row["id"] for row in database.query("SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()")]
    account = f"ALTER USER '{database.user}'@'localhost' ACCOUNT"
    mariadb._script("sql", input=f"{account} LOCK; " + " ".join(f"KILL {n};" for n in ids), text=True)
    text = wait_for(lambda: unready(hub), 60, "it to be noticed")
    assert "database: ok" in text and "keeper: cannot work for 3" in text
    assert status(hub)["database"] == "down" and "locked" in status(hub)["database_error"]
    mariadb._script("sql", input=f"{account} UNLOCK", text=True)
    wait_for(lambda: not unready(hub), 20, "it to be ready again")
    assert status(hub)["database"] == "up"


def test_what_an_earlier_life_left_is_told_when_it_is_stored(hub, mariadb, database, dtus, tmp_path):
    hub = hub()
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 200)
    mariadb.stop()
    grown(hub, "journal_records", 500)
    waiting = metrics(hub)["journal_records"]
    hub.kill()
    mariadb.start()
    hub.start()
    told = hub.process.wait_log(r"of the (\d+) records of earlier in the journal (\d+) were not in the database: they are stored", 30)
    assert waiting <= int(told[2]) < int(told[1])  # those of before the outage are there
    grown(hub, "writer_records_total", 200)
    fleet.stop()
    assert hub.process.log().count("records of earlier in the journal") == 1


def test_a_clean_end_notes_that_all_is_stored(hub, mariadb, dtus, tmp_path):
    """So that nothing is thrown away that the database does not have."""
    hub = hub()
    note = tmp_path / "journal" / "all-stored"
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 200)
    assert not note.exists()
    hub.stop()
    assert note.exists()
    hub.start()
    hub.process.wait_log("is ready")
    assert not note.exists()
    grown(hub, "writer_records_total", 200)
    mariadb.stop()
    grown(hub, "journal_records", 100)
    hub.stop()
    fleet.stop()
    assert not note.exists()
    mariadb.start()


def test_a_reload_takes_another_account(hub, mariadb, database, dtus, tmp_path):
    """No line is lost for it, as by a restart."""
    hub = hub()
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 200)
    mariadb._script("account", database.name, "other_account", "another secret")
    hub.reload(server={"mysql": {"user": "other_account", "password": "another secret"}})
    hub.process.wait_log("mysql.user or mysql.password changed: taken for new connections")
    ids = [row["id"] for row in database.query("SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()")]
    account = f"ALTER USER '{database.user}'@'localhost' ACCOUNT"
    mariadb._script("sql", input=f"{account} LOCK; " + " ".join(f"KILL {n};" for n in ids), text=True)
    grown(hub, "writer_records_total", 200)
    wait_for(lambda: metrics(hub)["keeper_working"] == metrics(hub)["keeper_ok"] == 1, 20, "the keeper")
    logins = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'other_account'"
    wait_for(lambda: int(mariadb._script("sql", "-N", input=logins, text=True, capture_output=True).stdout) == 3, 30,
             "writer, keeper and outbox")
    assert metrics(hub)["closed_total"] == 0
    mariadb._script("sql", input=f"{account} UNLOCK", text=True)
    all_stored_once(hub, database, fleet, tmp_path)
    log = hub.process.log()
    assert "takes a restart" not in log and "another secret" not in log
    hub.stop()
    mariadb._script("sql", input="DROP USER 'other_account'@'localhost'", text=True)


def test_a_read_only_server_is_told_at_once(hub, mariadb, database):
    mariadb._script("sql", input="SET GLOBAL read_only = 1", text=True)
    try:
        hub = hub()
        hub.process.wait_log("read-only.*the server is read-only: SET GLOBAL read_only = 0, or name the primary")
        assert "read_only = 0" in unready(hub)
    finally:
        mariadb._script("sql", input="SET GLOBAL read_only = 0", text=True)
    hub.process.wait_log("is ready")


def test_too_many_connections_are_told_with_what_to_do(hub, mariadb, database):
    before = database.value("SELECT @@max_connections")
    mariadb._script("sql", input="SET GLOBAL max_connections = 10", text=True)
    others = []
    try:
        while len(others) < 11:
            try:
                others.append(database.connect())
            except pymysql.err.OperationalError as error:
                assert error.args[0] == 1040
                break
        hub = hub()
        hub.process.wait_log("Too many connections .raise the server's max_connections")
    finally:
        for other in others:
            other.close()
        wait_for(lambda: mariadb._script("sql", input=f"SET GLOBAL max_connections = {before}", text=True), 10)
    hub.process.wait_log("is ready")
