"""Whether the collector says that it is ready exactly while it can store, and what the log says of an outage and of an
earlier life."""
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
