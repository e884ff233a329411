"""The database goes away and comes back: nothing is lost that the cache had room for, and nothing is stored twice."""
import socket
import threading

import pytest

from harness.control import get, metrics, status
from harness.mariadb import PASSWORD
from harness.parts import Collector, new_config
from harness.served import Served, compare_packets, compare_readings, compare_sums, stored_readings
from harness.storing import DATA, QUICK, all_stored_once, dtus, end, grown, hub  # noqa: F401 (fixtures too)
from harness.wait import wait_for


def test_the_cache_bridges_a_stop(hub, mariadb, database, dtus, tmp_path):
    bridged(hub(journal={"enabled": False}), mariadb, database, dtus, tmp_path, "cache_records")


def test_the_journal_bridges_a_stop(hub, mariadb, database, dtus, tmp_path):
    hub = hub()
    bridged(hub, mariadb, database, dtus, tmp_path, "journal_records")
    assert metrics(hub)["journal_unjournalled_total"] == 0


def bridged(hub, mariadb, database, dtus, tmp_path, waiting):
    """The database goes for a while, and records wait as that metric says."""
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 200)
    mariadb.stop()
    wait_for(lambda: metrics(hub)["writer_up"] == 0, 10, "the loss to be noticed")
    grown(hub, waiting, 500)
    code, text = get(hub, "/readyz")
    assert code == 503 and "database: away: " in text
    assert get(hub, "/healthz")[0] == 200
    mariadb.start()
    wait_for(lambda: get(hub, "/readyz")[0] == 200, 20, "the writer to come back")
    now = all_stored_once(hub, database, fleet, tmp_path)
    assert now["writer_reconnects_total"] >= 1


@pytest.mark.parametrize("bulk", [True, False], ids=["bulk", "multi-row"])
def test_kill_9_of_the_database_stores_nothing_twice(hub, mariadb, database, dtus, tmp_path, bulk):
    hub = hub(mysql={"bulk": bulk})
    fleet = dtus(hub)
    for _ in range(3):
        grown(hub, "writer_records_total", 300)
        mariadb.kill()
        wait_for(lambda: metrics(hub)["writer_up"] == 0, 10, "the loss to be noticed")
        mariadb.start()
        wait_for(lambda: metrics(hub)["writer_up"] == 1, 20, "the writer to come back")
    now = all_stored_once(hub, database, fleet, tmp_path)
    assert now["writer_retries_total"] >= 1


class CommitEater:
    """Between a collector and the database: the first commits are carried out, but their answers never arrive."""

    COMMIT = b"\x07\0\0\0\x03COMMIT"

    def __init__(self, path, server, meals):
        self.server, self.meals, self.eaten = str(server), meals, 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._carry, args=[client], daemon=True).start()

    def _carry(self, client):
        database = socket.socket(socket.AF_UNIX)
        database.connect(self.server)
        hungry = threading.Event()

        def back():
            while (data := database.recv(65536)) and not hungry.is_set():
                client.sendall(data)
            self.eaten += hungry.is_set()
            for sock in (client, database):
                sock.shutdown(socket.SHUT_RDWR)
        threading.Thread(target=back, daemon=True).start()
        while data := client.recv(65536):
            if data.endswith(self.COMMIT) and self.eaten < self.meals:
                hungry.set()
            database.sendall(data)


def test_a_commit_whose_answer_is_lost_is_not_repeated(hub, mariadb, database, dtus, tmp_path):
    eater = CommitEater(tmp_path / "eater.sock", mariadb.socket, meals=3)
    try:
        hub = hub(mysql={"socket": str(tmp_path / "eater.sock")})
        fleet = dtus(hub)
        wait_for(lambda: eater.eaten == 3, 30, "three lost answers")
        grown(hub, "writer_records_total", 300)
        now = all_stored_once(hub, database, fleet, tmp_path)
        assert now["writer_retries_total"] == 3
        assert hub.stop() == 0
    finally:
        eater.listener.close()


def test_a_start_without_the_database(collector, config, mariadb, database, dtus, tmp_path):
    config(server=QUICK, data=DATA)
    mariadb.stop()
    hub = collector()
    fleet = dtus(hub)
    fleet.wait_log("20 of 20 registered")
    code, text = get(hub, "/readyz")
    assert code == 503 and "database: away: " in text and str(mariadb.socket) in text
    assert status(hub)["database"] == "down"
    hub.process.wait_log("records wait in the (cache|journal)")
    grown(hub, "polls_answered_total", 100)
    mariadb.start()
    wait_for(lambda: get(hub, "/readyz")[0] == 200, 20, "the writer to connect")
    all_stored_once(hub, database, fleet, tmp_path)


def test_an_end_without_the_database_keeps_records_in_the_journal(collector, config, mariadb, database, dtus, tmp_path):
    config(server=QUICK, data=DATA)
    mariadb.stop()
    hub = collector()
    fleet = dtus(hub)
    fleet.wait_log("20 of 20 registered")
    grown(hub, "journal_records", 500)
    assert fleet.stop() == 0
    hub.process.stop_timeout = 5  # at once: no reason to take shutdown_timeout
    assert hub.stop() == 0
    assert "records stay in the journal until the database is back" in hub.process.log()
    mariadb.start()
    hub.start()
    wait_for(lambda: metrics(hub)["journal_records"] == 0, 30, "the journal to be stored")
    served = Served(tmp_path / "served.tsv")
    compare_readings(database, served)
    compare_packets(database, served)
    compare_sums(database, served)


def test_without_a_journal_the_database_gets_records_from_memory(hub, database, dtus, tmp_path):
    folder = tmp_path / "not-there" / "journal"
    hub = hub(journal={"dir": str(folder)})
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 200)
    code, text = get(hub, "/readyz")
    assert code == 503 and "journal: not written: the folder cannot be made" in text
    hub.process.wait_log(f"cannot write to {folder}")
    folder.parent.mkdir()
    wait_for(lambda: get(hub, "/readyz")[0] == 200, 20, "the journal to be written again")
    hub.process.wait_log("can be written again")
    grown(hub, "journal_records_total", 200)
    served, now = end(hub, fleet, tmp_path)
    compare_readings(database, served)
    compare_packets(database, served)
    assert now["journal_unjournalled_total"] >= 200 and now["cache_dropped_total"] == 0
    assert database.value("SELECT COUNT(*) FROM events WHERE kind = 'storage_behind'") == 1


def test_a_full_cache_drops_the_oldest_and_counts_them(hub, mariadb, database, dtus, tmp_path):
    hub = hub(cache={"flush_interval": 0.05, "max_size": 400}, journal={"enabled": False})
    fleet = dtus(hub)
    grown(hub, "writer_records_total", 100)
    mariadb.stop()
    grown(hub, "cache_dropped_total", 500)
    assert metrics(hub)["cache_records"] <= metrics(hub)["cache_records_max"] == 400
    code, text = get(hub, "/readyz")
    assert code == 503 and "cache: full or nearly so" in text
    hub.process.wait_log("(?i)cache.*full|dropped")
    mariadb.start()
    wait_for(lambda: get(hub, "/readyz")[0] == 200, 20, "the writer to come back")
    grown(hub, "writer_records_total", 1000)
    served, now = end(hub, fleet, tmp_path)
    assert now["cache_dropped_total"] >= 500
    assert now["cache_records_peak"] <= 400
    lost = 0
    for device in served.devices:
        wanted, got = [points for _, points in served.answers[device]], stored_readings(database, device)
        head = next((i for i, (a, b) in enumerate(zip(wanted, got)) if a != b), len(got))
        tail = len(got) - head
        assert tail > 0 and got[head:] == wanted[len(wanted) - tail:], f"device {device}: not one gap alone"
        lost += len(wanted) - len(got)
    assert 0 < lost <= now["cache_dropped_total"]
    assert database.value("SELECT COUNT(*) FROM events WHERE kind = 'storage_lost' AND device_id = ''") >= 1


def test_a_schema_newer_than_known_is_refused(hub, database):
    hub = hub()
    hub.process.wait_log("is ready")
    hub.stop()
    newest = database.value("SELECT MAX(version) FROM schema_version")
    database.query("INSERT INTO schema_version (version, applied) VALUES (999, UTC_TIMESTAMP(3))")
    hub.start()
    hub.process.wait_log(f"schema is number 999, newer than the {newest} this program knows: install")
    code, text = get(hub, "/readyz")
    assert code == 503 and "999" in text
    hub.process.stop_timeout = 5  # nothing waits to be stored: no reason to take shutdown_timeout


def test_a_wrong_password_is_said_and_not_shown(hub):
    hub = hub(mysql={"password": "not the right one"})
    hub.process.wait_log(r"ERROR.*Access denied for user")
    text = hub.process.log() + get(hub, "/readyz")[1] + get(hub, "/status")[1] + get(hub, "/metrics")[1]
    assert "Access denied" in get(hub, "/readyz")[1]
    assert "not the right one" not in text and PASSWORD not in text
    hub.process.stop_timeout = 5


def test_two_collectors_of_one_name(hub, run, database, tmp_path):
    first = hub()
    first.process.wait_log("is ready")
    (tmp_path / "second").mkdir()
    second = Collector(run, new_config(tmp_path / "second", database, QUICK))
    second.process.wait_log("another collector named 'collector' writes to this database: give one of them another "
                            "server.name")
    assert get(second, "/readyz")[0] == 503
    assert get(first, "/readyz")[0] == 200
    assert first.stop() == 0
    wait_for(lambda: get(second, "/readyz")[0] == 200, 20, "the second to take over")
