"""Several writers store at once, and their number changes from start to start: nothing is lost, nothing is there twice,
and the records of each device keep their order."""
import sqlite3
import time
from contextlib import closing

from harness.control import metrics
from harness.journal import Journal
from harness.once import Kill, compare_journal, losses, stored
from harness.parts import Collector, merged, new_config
from harness.served import Served
from harness.wait import wait_for

DTUS = 40
RECORDS = 400  # waiting in the journal before the next kill
SERVER = {"server": {"accept_rate": 0, "shutdown_timeout": 60},
          "polling": {"request_gap": 0.01, "response_timeout": 15, "retries": 0, "stagger": 0.2},
          "journal": {"retention": 3600, "streams": 4}}
DATA = {"query_tasks": {1: {"interval": 0.3}, 2: {"interval": 0.4}, 3: None, 4: {"interval": 0.5}},
        "data_points": {2300: None}}


def load(hub, sim, *options):
    return sim("-c", hub.config.folder, "--port", hub.port, "--count", DTUS, "--heartbeat", 1, "--reconnect", 0.1,
               "--unique", *options)


def restart(hub, streams, end):
    """Another number of streams, after hub.kill() or hub.stop()."""
    end()
    hub.config.server = merged(hub.config.server, {"journal": {"streams": streams}})
    hub.config.write()
    hub.start()


def by_stream(hub, name):
    return {key: value for key, value in metrics(hub).items() if key.startswith(f"stream_{name}{{")}


def all_stored(hub):
    return wait_for(lambda: stored(hub), 120, lambda: f"everything to be stored: {metrics(hub)}")


def groups(folder):
    """How many there are in the files of all streams but the first; None where a file goes just now."""
    count = 0
    try:
        for path in folder.glob("stream-*/journal-*.db"):
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
                count += connection.execute("SELECT COUNT(*) FROM groups").fetchone()[0]
    except sqlite3.OperationalError:
        return None
    return count


def test_another_number_of_streams_at_each_kill(collector, mariadb, database, sim, tmp_path):
    hub = collector(server=SERVER, data=DATA)
    hub.process.wait_log("is ready")
    dtus = load(hub, sim, "--served", tmp_path / "served.tsv")
    wait_for(lambda: min(by_stream(hub, "writer_records_total").values()) > 0, 30, "each stream to store")
    mariadb.stop()
    kills = []
    for streams in (2, 1, 3):
        waits = metrics(hub)["journal_records"] + RECORDS
        wait_for(lambda: metrics(hub)["journal_records"] > waits, 60, "records to wait in the journals")
        at_ms = int(time.time() * 1000)
        restart(hub, streams, hub.kill)
        kills.append(Kill(at_ms, int(time.time() * 1000)))
    assert len(by_stream(hub, "writer_up")) == 4  # one is left, and has no devices
    mariadb.start()
    wait_for(lambda: metrics(hub)["writer_up"] == 1, 60, "all writers to come back")
    assert dtus.stop() == 0
    now = all_stored(hub)
    assert now["writer_rejected_total"] == now["writer_moved_total"] == 0
    assert by_stream(hub, "writer_records_total")['stream_writer_records_total{stream="3"}'] > 0
    assert hub.stop() == 0
    journal, served = Journal(tmp_path / "journal"), Served(tmp_path / "served.tsv")
    compare_journal(database, journal)
    lost = losses(database, served, kills)
    assert lost.answers < served.answer_count / 2
    assert database.value("SELECT COUNT(*) FROM devices WHERE status = 'online'") == 0
    assert database.value("SELECT MAX(id) FROM points") == database.value("SELECT COUNT(*) FROM points")  # none twice
    count = database.value("SELECT COUNT(*) FROM readings")
    assert database.value("SELECT SUM(readings) FROM traffic_minutes") == count


def test_a_stream_that_is_no_longer_asked_for_goes(collector, sim, tmp_path):
    hub = collector(server=merged(SERVER, {"journal": {"retention": 0}}), data=DATA)
    hub.process.wait_log("writer-3 database .* is ready")
    dtus = load(hub, sim)
    wait_for(lambda: min(by_stream(hub, "writer_records_total").values()) > 0, 30, "each stream to store")
    restart(hub, 1, hub.kill)
    folders = tmp_path / "journal"
    assert len(list(folders.glob("stream-*"))) == 3
    assert dtus.stop() == 0
    all_stored(hub)
    wait_for(lambda: groups(folders) == 0, 30, "what is stored to leave the journals")
    restart(hub, 1, hub.stop)
    assert not list(folders.glob("stream-*"))
    assert set(by_stream(hub, "writer_up")) == {'stream_writer_up{stream="0"}'}


def test_no_stream_of_a_second_collector_of_one_name_writes(collector, run, database, tmp_path):
    first = collector(server=SERVER)
    first.process.wait_log("writer-3 database .* is ready")
    (tmp_path / "second").mkdir()
    second = Collector(run, new_config(tmp_path / "second", database, SERVER))
    second.process.wait_log("writer-0 another collector named 'collector' writes to this database")
    assert not any(by_stream(second, "writer_up").values())
    assert first.stop() == 0
    second.process.wait_log("writer-3 database .* is ready", 30)


def test_a_minute_is_one_in_the_portal(collector, database, web_after):
    hub = collector(server=SERVER)
    hub.process.wait_log("is ready")
    for stream in range(3):
        database.query("INSERT INTO traffic_minutes (minute, stream, readings, packets) VALUES "
                       "(FROM_UNIXTIME(UNIX_TIMESTAMP() DIV 60 * 60 - 300), %s, 10, 2)", stream)
    times, readings, _, packets = web_after().get("/api/traffic?minutes=60").json()["columns"]
    assert [readings[i] for i in range(len(times)) if readings[i]] == [30]
    assert sum(packets) == 6
