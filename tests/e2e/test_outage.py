"""The database is away under load and comes back: no gap, nothing twice, bounded memory, and what has piled up is
stored faster than more comes in. DTUHUB_OUTAGE_SECONDS=60 is the long form: a thousand DTUs, and the speed is asserted."""
import os
import time
from pathlib import Path

import pytest
from harness.control import get, metrics
from harness.journal import Journal
from harness.once import compare_journal, losses, stored
from harness.parts import merged
from harness.served import Served
from harness.wait import wait_for

SECONDS = float(os.environ.get("DTUHUB_OUTAGE_SECONDS", 10))
LONG = SECONDS >= 60
DTUS = 1000 if LONG else 100
STREAMS = 4
CACHE = 20000 if LONG else 1000  # much less than comes in meanwhile: the journal has to hold it
CATCH_UP = 5  # times the rate at which records come in
RSS_GROWTH_MAX = 96 << 20
SERVER = {"server": {"max_connections": 2000, "accept_rate": 0, "shutdown_timeout": 60},
          "polling": {"request_gap": 0.01, "response_timeout": 15, "retries": 0, "stagger": 1},
          "cache": {"max_size": CACHE}, "journal": {"retention": 3600}}
DATA = {"query_tasks": {1: {"interval": 1.0}, 2: {"interval": 1.0}, 3: None, 4: {"interval": 1.0}},
        "data_points": {2300: None}}


def resident_bytes(process):
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"{process.name} has no VmRSS")


class Meter:
    """How much metrics grow in a second; and the most memory seen."""

    def __init__(self, hub):
        self.hub, self.peak = hub, 0
        self.restart()

    def restart(self):
        self.start, self.since = metrics(self.hub), time.monotonic()

    def look(self):
        """The metrics now; the memory is looked at too."""
        self.peak = max(self.peak, resident_bytes(self.hub.process))
        return metrics(self.hub)

    def rate(self, name):
        return (metrics(self.hub)[name] - self.start[name]) / (time.monotonic() - self.since)


def outage(hub, mariadb, meter, seconds):
    """Stop the database for so long; the rate of records that come in meanwhile, and those that wait at its end."""
    mariadb.stop()
    wait_for(lambda: meter.look()["writer_up"] == 0, 30, "the loss to be noticed")
    meter.restart()
    until = time.monotonic() + seconds
    wait_for(lambda: meter.look() and time.monotonic() >= until, seconds + 30, "the outage to last long enough", 0.2)
    incoming, waiting = meter.rate("cache_appended_total"), metrics(hub)["journal_records"]
    code, text = get(hub, "/readyz")
    assert code == 503 and "database: away" in text
    mariadb.start()
    return incoming, waiting


def catch_up(meter, waiting):
    """Wait until a twentieth is left of what waits; the records a second until then."""
    wait_for(lambda: meter.look()["writer_up"] == 1, 60, "the writer to come back")
    meter.restart()
    wait_for(lambda: meter.look()["journal_records"] < waiting / 20, 120,
             lambda: f"the writer to catch up: {metrics(meter.hub)}")
    return meter.rate("writer_records_total")


@pytest.mark.parametrize("streams, seconds", [(1, SECONDS), (STREAMS, SECONDS if LONG else SECONDS / 2)])
def test_an_outage_leaves_no_gap(collector, mariadb, database, sim, tmp_path, streams, seconds):
    hub = collector(server=merged(SERVER, {"journal": {"streams": streams}}), data=DATA)
    hub.process.wait_log("is ready")
    dtus = sim("-c", hub.config.folder, "--port", hub.port, "--count", DTUS, "--ramp", 500, "--heartbeat", 5,
               "--unique", "--served", tmp_path / "served.tsv")
    dtus.wait_log(f"{DTUS} of {DTUS} registered", 30)
    wait_for(lambda: metrics(hub)["writer_records_total"] > 3 * DTUS, 30, "the load to be there")
    before, meter = resident_bytes(hub.process), Meter(hub)
    incoming, waiting = outage(hub, mariadb, meter, seconds)
    assert waiting > CACHE
    rate = catch_up(meter, waiting)
    assert dtus.stop() == 0
    now = wait_for(lambda: stored(hub), 60, lambda: f"everything to be stored: {metrics(hub)}")
    assert hub.stop() == 0
    journal, served = Journal(tmp_path / "journal"), Served(tmp_path / "served.tsv")
    print(f"\n{seconds:g} s without the database, {DTUS} DTUs: {incoming:.0f} records/s came in, {waiting:.0f} waited, "
          f"caught up with {rate:.0f} records/s, {rate / incoming:.1f} times; memory grew from {before >> 20} to "
          f"{meter.peak >> 20} MiB at the most, cache peak {now['cache_records_peak']:g}; {len(journal.records)} records")
    compare_journal(database, journal)
    assert losses(database, served, []).answers == 0
    assert now["cache_dropped_total"] == now["journal_dropped_total"] == now["polls_timed_out_total"] == 0
    assert "0 lines lost" in dtus.log()
    assert meter.peak - before < RSS_GROWTH_MAX
    if LONG:
        assert rate >= CATCH_UP * incoming
