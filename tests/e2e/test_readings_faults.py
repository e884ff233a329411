"""Nothing of a faulted answer is stored, and every intact one is, once and in order."""
import pytest

from harness.control import drained, metrics
from harness.served import Served, compare_exact
from harness.wait import wait_for

SECONDS = 5
TASKS = {1: {"interval": 0.5}, 2: {"interval": 0.7}, 4: {"interval": 1.1}}


@pytest.mark.parametrize("mix", ["crc=10,wrong_slave=10,exception=10,silence=10", "half_open=5", "late=10"])
def test_only_intact_answers_are_stored(collector, database, sim, tmp_path, mix):
    hub = collector(server={"polling": {"response_timeout": 0.4, "retries": 0}}, data={"query_tasks": TASKS})
    dtus = sim("-c", hub.config.folder, "--port", hub.port, "--count", 20, "--heartbeat", 0.8, "--reconnect", 0.1,
               "--unique", "--faults", mix, "--late-by", 700, "--duration", SECONDS, "--served", tmp_path / "served.tsv")
    assert dtus.wait(SECONDS + 30) == 0
    wait_for(lambda: drained(hub), 20, lambda: f"everything to be stored: {metrics(hub)}")
    served = Served(tmp_path / "served.tsv")
    assert served.faults and served.answer_count > 100
    compare_exact(database, served)
    print(f"{served.answer_count} answers, {len(served.faults)} faults")
