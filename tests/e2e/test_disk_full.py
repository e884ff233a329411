"""The journal's disk is full, or a file may not grow: it is said clearly, the database goes on getting everything, and
the journal takes records again by itself once there is room."""
import errno
import resource
import subprocess

import pytest

from harness.control import get, metrics
from harness.once import losses, stored
from harness.served import Served, compare_packets
from harness.wait import wait_for

DISK = 4 << 20
FILE_MAX = 8 << 10  # the log has to fit into it, and no journal
DTUS = 10
SERVER = {"server": {"shutdown_timeout": 60}, "cache": {"flush_interval": 0.1},
          "polling": {"request_gap": 0.01, "response_timeout": 15, "retries": 0, "stagger": 0.2},
          "journal": {"retention": 3600}}
DATA = {"query_tasks": {1: {"interval": 0.1}, 2: {"interval": 0.1}, 3: None, 4: {"interval": 0.1}},
        "data_points": {2300: None}}


class SmallDisk:
    """A file system of its own with little room."""

    def __init__(self, folder, size=DISK):
        self.folder, self._filler = folder, folder / "filler"
        folder.mkdir()
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
        self.mounted = mount.returncode == 0

    def fill(self, hub):
        """All of it, and what the journal gives up of its own."""
        with open(self._filler, "wb", buffering=0) as file:
            def fill_up():
                try:
                    while True:
                        file.write(bytes(4096))
                except OSError as error:
                    assert error.errno == errno.ENOSPC
                return metrics(hub)["journal_ok"] == 0
            wait_for(fill_up, 30, "the journal to find no room", 0.01)

    def make_room(self, _):
        self._filler.unlink()

    def close(self):
        if self.mounted:
            subprocess.run(["umount", self.folder], check=True)


class Limit:
    """No file of the collector may become larger than FILE_MAX."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def fill(self, hub):
        resource.prlimit(hub.process.pid, resource.RLIMIT_FSIZE, (FILE_MAX, resource.RLIM_INFINITY))

    def make_room(self, hub):
        resource.prlimit(hub.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def close(self):
        pass


@pytest.fixture(params=[SmallDisk, Limit], ids=["disk", "limit"])
def place(request, tmp_path):
    place = request.param(tmp_path / "place")
    if not getattr(place, "mounted", True):
        pytest.skip("no right to mount a small file system")
    yield place
    place.close()


def grown(hub, name, by):
    """Wait until a metric has grown by so much."""
    start = metrics(hub)[name]
    wait_for(lambda: metrics(hub)[name] >= start + by, 20, lambda: f"{name} to grow by {by}: {metrics(hub)[name]}")


@pytest.fixture
def start(collector, sim, tmp_path):
    """start(place): a collector whose journal is there, and DTUs."""
    def start(place):
        journal = {"retention": 3600, "dir": str(place.folder / "journal")}
        hub = collector(server={**SERVER, "journal": journal}, data=DATA)
        hub.process.wait_log("is ready")
        dtus = sim("-c", hub.config.folder, "--port", hub.port, "--count", DTUS, "--heartbeat", 1, "--unique",
                   "--served", tmp_path / "served.tsv")
        grown(hub, "journal_records_total", 500)
        return hub, dtus
    return start


def end(hub, dtus, database, tmp_path):
    """Stop both; everything that was served is stored. The last metrics."""
    assert dtus.stop() == 0
    now = wait_for(lambda: stored(hub), 60, lambda: f"everything to be stored: {metrics(hub)}")
    assert now["cache_dropped_total"] == now["journal_dropped_total"] == now["journal_unreadable_total"] == 0
    assert hub.stop() == 0
    assert "0 lines lost" in dtus.log()
    served = Served(tmp_path / "served.tsv")
    assert losses(database, served, []).answers == 0
    compare_packets(database, served)
    return now


def test_a_full_disk_is_said_and_loses_nothing(place, start, database, tmp_path):
    hub, dtus = start(place)
    place.fill(hub)
    grown(hub, "journal_unjournalled_total", 500)
    code, text = get(hub, "/readyz")
    assert code == 503 and "journal: not written" in text
    assert get(hub, "/healthz")[0] == 200
    hub.process.wait_log(r"ERROR +journal .*(cannot write|cannot be made).*make room")
    grown(hub, "writer_records_total", 500)
    place.make_room(hub)
    wait_for(lambda: get(hub, "/readyz")[0] == 200, 60, lambda: f"the journal to be used again: {get(hub, '/readyz')}")
    before = metrics(hub)["journal_unjournalled_total"]
    grown(hub, "journal_records_total", 500)
    assert metrics(hub)["journal_unjournalled_total"] == before
    now = end(hub, dtus, database, tmp_path)
    print(f"\n{now['journal_records_total']:g} records went through the journal, "
          f"{now['journal_unjournalled_total']:g} from memory alone")


# Where the journal itself fills the disk

ROOM = 6 << 20
BUSY = {"query_tasks": {1: {"interval": 0.1}, 2: {"interval": 0.1}, 3: None, 4: {"interval": 0.1}},
        "data_points": {2300: None}}


@pytest.fixture
def small(tmp_path):
    disk = SmallDisk(tmp_path / "small", ROOM)
    if not disk.mounted:
        pytest.skip("no right to mount a small file system")
    yield disk
    disk.close()


@pytest.fixture
def fill(small, collector, sim):
    """fill(journal, cache=…): a collector whose journal is on the small disk, and DTUs that send much."""
    def fill(journal, count=100, **server):
        hub = collector(server={**SERVER, **server, "journal": {"dir": str(small.folder / "journal"), **journal}}, data=BUSY)
        hub.process.wait_log("is ready")
        dtus = sim("-c", hub.config.folder, "--port", hub.port, "--count", count, "--heartbeat", 1, "--unique",
                   "--reconnect", 0.3)
        return hub, dtus
    return fill


def on_disk(folder):
    return sum(file.stat().st_size for file in folder.iterdir())


def written(hub, small, records, most):
    """Wait until so many records more are in the journal, which never takes more than ${most} bytes; the most it took."""
    start, peak = metrics(hub)["journal_records_total"], 0

    def look():
        nonlocal peak
        now = metrics(hub)
        assert now["journal_ok"] == 1, get(hub, "/readyz")[1]
        peak = max(peak, on_disk(small.folder / "journal"))
        assert peak <= most
        return now["journal_records_total"] >= start + records
    wait_for(look, 120, lambda: f"{records} records to be written: {metrics(hub)}")
    return peak


def test_the_bound_is_that_of_the_disk(fill, small):
    hub, dtus = fill({"retention": 5, "max_bytes": "1M"}, count=30)
    peaks = [written(hub, small, 15000, 1 << 20)]
    now = metrics(hub)
    assert now["journal_unjournalled_total"] == now["journal_dropped_total"] == 0
    assert hub.stop() == 0
    hub.start()
    peaks.append(written(hub, small, 15000, 1 << 20))
    assert metrics(hub)["journal_unjournalled_total"] == 0
    assert dtus.stop() == 0
    print(f"\n{peaks} bytes at the most")


def test_what_is_stored_makes_room_on_a_full_disk(fill, small):
    """The window of what is stored does not fit on the disk: it is not kept as long, and nothing else suffers."""
    hub, dtus = fill({"retention": 3600})
    for _ in range(2):
        peak = written(hub, small, 80000, ROOM)
        assert peak > ROOM / 2
        now = metrics(hub)
        assert now["journal_unjournalled_total"] == now["journal_dropped_total"] == now["journal_errors_total"] == 0
        assert hub.stop() == 0
        hub.start()
    assert dtus.stop() == 0


def test_on_a_full_disk_the_oldest_go(fill, small, mariadb, database):
    """The database is away for so long that disk and memory are full: what is oldest is dropped, and that is said."""
    hub, dtus = fill({"retention": 3600}, cache={"flush_interval": 0.1, "max_size": 20000})
    mariadb.stop()
    wait_for(lambda: metrics(hub)["journal_dropped_total"] > 0, 120, lambda: f"records to be dropped: {metrics(hub)}")
    hub.process.wait_log("ERROR +journal .*the disk.*: dropped the oldest")
    grown(hub, "journal_records_total", 5000)
    mariadb.start()
    wait_for(lambda: metrics(hub)["journal_records"] < 1000, 120, lambda: f"the rest to be stored: {metrics(hub)}")
    wait_for(lambda: metrics(hub)["journal_ok"] == 1, 20, "the journal to be written")
    assert dtus.stop() == 0
    now = wait_for(lambda: stored(hub), 60, lambda: f"everything to be stored: {metrics(hub)}")
    dropped = now["journal_dropped_total"] + now["cache_dropped_total"]
    assert now["writer_records_total"] + dropped == now["cache_appended_total"], now
    wait_for(lambda: database.value("SELECT COUNT(*) FROM events WHERE kind = 'storage_lost'") > 0, 90, "the event")
