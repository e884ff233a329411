"""A thousand DTUs, three queries a second each. DTUHUB_LOAD_SECONDS=60 is the long form, and asserts the lateness."""
import os
from pathlib import Path

from harness.control import drained, metrics
from harness.served import Served, compare_readings, compare_sums
from harness.wait import wait_for

SECONDS = float(os.environ.get("DTUHUB_LOAD_SECONDS", 10))
DTUS = 1000
LONG = SECONDS >= 60


def cpu_seconds(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def share_within(now, bound):
    """The share of polls that went out no later than bound seconds, a bucket's."""
    return now[f'poll_lateness_seconds_bucket{{le="{bound:g}"}}'] / now["poll_lateness_seconds_count"]


def test_a_thousand_dtus(collector, database, sim, tmp_path):
    hub = collector(server={"server": {"max_connections": 2000}, "polling": {"request_gap": 0.01}},
                    data={"query_tasks": {1: {"interval": 1.0}, 2: {"interval": 1.0}, 3: None,
                                          4: {"start_addr": 2300, "length": 120, "interval": 1.0}}})
    hub.process.wait_log("is ready")
    before = cpu_seconds(hub.process)
    dtus = sim("-c", hub.config.folder, "--port", hub.port, "--count", DTUS, "--ramp", 500,
               "--duration", SECONDS + DTUS / 500, "--served", tmp_path / "served.tsv")
    assert dtus.wait(SECONDS + 60) == 0
    now = wait_for(lambda: drained(hub), 60, lambda: f"everything to be stored: {metrics(hub)}")
    cpu = cpu_seconds(hub.process) - before
    served = Served(tmp_path / "served.tsv")
    print(f"{served.answer_count} answers, {served.reading_count} readings in {SECONDS:g} s; lateness within 50, 100, "
          f"200 ms: {share_within(now, .05):.2%} {share_within(now, .1):.2%} {share_within(now, .2):.2%}; "
          f"missed {now['polls_missed_total']:g}, collector CPU {cpu:.2f} s, "
          f"{cpu / served.reading_count * 1e6:.2f} s per million readings, cache peak {now['cache_records_peak']:g}")
    assert "0 lines lost" in dtus.log()
    assert len(served.devices) == DTUS
    compare_readings(database, served)
    compare_sums(database, served)
    assert now["polls_timed_out_total"] == now["cache_dropped_total"] == 0
    if LONG:
        assert share_within(now, 0.2) >= 0.99
        assert now["polls_missed_total"] == 0
        assert served.answer_count >= 3 * DTUS * (SECONDS - 2)
    else:
        assert share_within(now, 2) >= 0.99
