"""Every value a DTU served is stored once, exactly and in order. DTUHUB_E2E_SECONDS and DTUHUB_E2E_DTUS make it longer."""
import os

import pytest

from harness.control import drained, metrics
from harness.served import Served, compare_packets, compare_readings, compare_sums
from harness.wait import wait_for

SECONDS = float(os.environ.get("DTUHUB_E2E_SECONDS", 6))
DTUS = int(os.environ.get("DTUHUB_E2E_DTUS", 20))
TASKS = {1: {"interval": 0.5}, 2: {"interval": 0.7}, 4: {"interval": 1.1}}
POINTS = {"temperature", "humidity", "pressure", "flow_rate", "status", "voltage", "current", "rpm", "frequency"}


@pytest.mark.parametrize("bulk", [True, False], ids=["bulk", "multi-row"])
def test_all_that_was_served_is_stored(collector, database, sim, tmp_path, bulk):
    hub = collector(server={"mysql": {"bulk": bulk}}, data={"query_tasks": TASKS})
    hub.process.wait_log("bulk execution" if bulk else "multi-row INSERT")
    dtus = sim("-c", hub.config.folder, "--port", hub.port, "--count", DTUS, "--heartbeat", 0.8,
               "--duration", SECONDS, "--served", tmp_path / "served.tsv")
    assert dtus.wait(SECONDS + 30) == 0
    now = wait_for(lambda: drained(hub), 20, lambda: f"everything to be stored: {metrics(hub)}")
    served = Served(tmp_path / "served.tsv")
    assert len(served.devices) == DTUS
    for device in served.devices:
        assert {name for _, points in served.answers[device] for name in points} == POINTS
    compare_readings(database, served)
    compare_packets(database, served)
    compare_sums(database, served)
    assert now["polls_answered_total"] == served.answer_count
    assert now["samples_total"] == now["writer_readings_total"] == served.reading_count
    assert now["cache_dropped_total"] == now["polls_timed_out_total"] == now["crc_errors_total"] == 0
    assert hub.stop() == 0
    assert database.value("SELECT COUNT(*) FROM devices WHERE status = 'offline'") == DTUS
    print(f"{DTUS} DTUs, {SECONDS:g} s: {served.answer_count} answers, {served.reading_count} readings, "
          f"{sum(served.heartbeats.values())} heartbeats, all equal")
