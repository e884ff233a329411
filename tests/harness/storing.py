"""What tests of the way into the database share: quick polling, and whether all that was served is stored. The fixtures
hub and dtus are for those who import them."""
import pytest

from .control import drained, metrics
from .served import Served, compare_packets, compare_readings, compare_sums
from .wait import wait_for

TASKS = {1: {"interval": 0.2}, 2: {"interval": 0.3}, 3: None, 4: {"interval": 0.5}}
DATA = {"query_tasks": TASKS, "data_points": {2300: None}}
QUICK = {"cache": {"flush_interval": 0.05}, "polling": {"request_gap": 0.01}}


@pytest.fixture
def hub(collector):
    """hub(**server): a collector that polls quickly."""
    return lambda **server: collector(server={**QUICK, **server}, data=DATA)


@pytest.fixture
def dtus(sim, tmp_path):
    """dtus(hub): twenty of them, started; their record is served.tsv."""
    return lambda hub: sim("-c", hub.config.folder, "--port", hub.port, "--count", 20, "--heartbeat", 1,
                           "--served", tmp_path / "served.tsv")


def grown(hub, name, by):
    """Wait until a metric has grown by so much."""
    start = metrics(hub)[name]
    wait_for(lambda: metrics(hub)[name] >= start + by, 30, lambda: f"{name} to grow by {by}: {metrics(hub)[name]}")


def end(hub, dtus, tmp_path):
    """Stop the DTUs, wait until all is stored: what they served, and the last metrics."""
    assert dtus.stop() == 0
    now = wait_for(lambda: drained(hub), 30, lambda: f"everything to be stored: {metrics(hub)}")
    return Served(tmp_path / "served.tsv"), now


def all_stored_once(hub, database, dtus, tmp_path):
    served, now = end(hub, dtus, tmp_path)
    assert "0 lines lost" in dtus.log()
    assert now["cache_dropped_total"] == 0
    compare_readings(database, served)
    compare_packets(database, served)
    compare_sums(database, served)
    return now
