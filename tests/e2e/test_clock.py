"""The wall clock jumps forward and back under load: polls go on at their interval, and every reading is stored once.
The clock is the collector's alone, see tests/preload/clock_shift.c (libfaketime, which reads a file each time it is asked,
keeps a processor busy with that)."""
import time

import pytest

from harness.clock import Clock
from harness.control import metrics
from harness.journal import Journal
from harness.once import Kill, compare_journal, losses, stored
from harness.served import Served
from harness.wait import wait_for

DTUS, INTERVAL, TASKS = 20, 0.25, 3
SERVER = {"server": {"shutdown_timeout": 60},
          "polling": {"request_gap": 0.01, "response_timeout": 15, "retries": 0, "stagger": 0.2},
          "journal": {"retention": 3600}}
DATA = {"query_tasks": {1: {"interval": INTERVAL}, 2: {"interval": INTERVAL}, 3: None, 4: {"interval": INTERVAL}},
        "data_points": {2300: None}}
STEPS = [7200, 0, -40, 86400, 3, 2, 1, 0]  # seconds from the true time


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path / "clock")


@pytest.fixture
def fleet(sim, tmp_path):
    return lambda hub, count=DTUS: sim("-c", hub.config.folder, "--port", hub.port, "--count", count, "--heartbeat", 1,
                                       "--reconnect", 0.1, "--unique", "--served", tmp_path / "served.tsv")


def poll_on(hub, rounds=2, count=DTUS):
    """Wait until every task of every DTU was asked so often again: the seconds that took."""
    start, since = metrics(hub)["polls_answered_total"], time.monotonic()
    wait_for(lambda: metrics(hub)["polls_answered_total"] >= start + rounds * TASKS * count, 30, "polls to go on")
    return time.monotonic() - since


def end(hub, dtus, tmp_path):
    assert dtus.stop() == 0
    wait_for(lambda: stored(hub), 60, lambda: f"everything to be stored: {metrics(hub)}")
    assert hub.stop() == 0
    return Journal(tmp_path / "journal"), Served(tmp_path / "served.tsv")


def check_pace(served, since, until):
    """Whatever the collector's clock says, on the true one no task ran much more often than its interval, and none
    paused as long as the shortest of the great jumps."""
    most = (until - since) / INTERVAL + 3
    for device in served.devices:
        moments = served.moments[device]
        assert len(moments) <= TASKS * most, f"device {device} was asked {len(moments)} times, not {TASKS * most}"
        gaps = [b.wall_ms - a.wall_ms for a, b in zip(moments, moments[1:])]
        assert max(gaps) < 15000, f"device {device} was not asked for {max(gaps)} ms"


def test_jumps_of_the_clock(clock, collector, database, fleet, tmp_path):
    hub = collector(server=SERVER, data=DATA, env=clock.env)
    hub.process.wait_log("is ready")
    since = time.monotonic()
    dtus = fleet(hub)
    took = [poll_on(hub)]
    for step in STEPS:
        clock.set(step)
        took.append(poll_on(hub))
    until = time.monotonic()
    journal, served = end(hub, dtus, tmp_path)
    print("\nseconds for two rounds of polls after each jump:", ", ".join(f"{t:.1f}" for t in took))
    jumps = [b.ts_ms - a.ts_ms for a, b in zip(journal.records, journal.records[1:])]
    assert max(jumps) > 86000_000 and min(jumps) < -86000_000, "the clock did not jump"
    check_pace(served, since, until)
    compare_journal(database, journal, ordered=False)
    assert losses(database, served, [], ordered=False).answers == 0
    assert "0 lines lost" in dtus.log()


def test_a_clock_that_was_set_back_while_the_collector_was_down(clock, collector, database, fleet, tmp_path):
    """What it stored before it was killed is in its future: no new reading may get the key of one of those. Of sixty
    DTUs some are asked in the very millisecond in which they were asked by the clock before."""
    count = 60
    hub = collector(server=SERVER, data=DATA, env=clock.env)
    hub.process.wait_log("is ready")
    dtus = fleet(hub, count)
    kills = []
    for step in (-3, -7200, -7203):
        poll_on(hub, 12, count)
        at_ms = int(time.time() * 1000)
        hub.kill()
        kills.append(Kill(at_ms, int(time.time() * 1000)))
        clock.set(step)
        hub.start()
    poll_on(hub, 14, count)  # past the times that were stored before
    journal, served = end(hub, dtus, tmp_path)
    compare_journal(database, journal, ordered=False)
    lost = losses(database, served, kills, ordered=False)
    assert lost.answers < served.answer_count / 4
