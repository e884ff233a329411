"""The journal's disk is full, or a file may not grow: it is said clearly, the database goes on getting everything, and
the journal takes records again by itself once there is room."""
import errno
import resource
import subprocess

import pytest

from harness.control import get, metrics
from harness.journal import Journal
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

    def __init__(self, folder):
        self.folder, self._filler = folder, folder / "filler"
        folder.mkdir()
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", folder], capture_output=True)
        self.mounted = mount.returncode == 0

    def fill(self, _):
        with open(self._filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError as error:
                assert error.errno == errno.ENOSPC

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
    journal = Journal(place.folder / "journal")
    assert len(journal.records) == now["journal_records_total"]
    print(f"\n{len(journal.records)} records in {len(journal.files)} files, "
          f"{now['journal_unjournalled_total']:g} went from memory alone")
