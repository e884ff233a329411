"""kill -9 of the collector and of the database at random instants under load: nothing that the journal accepted is lost
or stored twice, and what the collector has not yet written down when it dies is less than 200 ms of answers.

ROUNDS=5 FAULT_SEED=1 are the variables; the same seed kills the same in the same order."""
import os
import random
import time

import pytest
from harness.control import metrics
from harness.journal import Journal
from harness.once import Kill, compare_journal, losses, stored
from harness.parts import merged
from harness.served import Served
from harness.wait import wait_for

ROUNDS = int(os.environ.get("ROUNDS", 5))
ROUNDS_STREAMS = int(os.environ.get("ROUNDS", 2))
STREAMS = 4
SEED = int(os.environ.get("FAULT_SEED", 1))
DTUS = 60
LOSS_MAX_MS = 200
AFTER_READY_S = (0.2, 1.5)
SERVER = {"server": {"accept_rate": 0, "shutdown_timeout": 60},
          "polling": {"request_gap": 0.01, "response_timeout": 15, "retries": 0, "stagger": 0.2},
          "journal": {"retention": 3600}}
DATA = {"query_tasks": {1: {"interval": 0.3}, 2: {"interval": 0.4}, 3: None, 4: {"interval": 0.5}},
        "data_points": {2300: None}}
VICTIMS = ["collector", "database", "both"]
WEIGHTS = [5, 4, 1]


def now_ms():
    return int(time.time() * 1000)


class Run:
    """One run: kills, those of the collector; databases, how often the other one was killed."""

    def __init__(self, hub, mariadb):
        self.hub, self.mariadb = hub, mariadb
        self.kills, self.databases = [], 0
        self.chance = random.Random(SEED)

    def round(self):
        """One kill at a random instant, and the way back."""
        victim = self.chance.choices(VICTIMS, WEIGHTS)[0]
        time.sleep(self.chance.uniform(*AFTER_READY_S))  # the instant is the subject
        if victim != "collector":
            self.mariadb.kill()
            self.databases += 1
        if victim != "database":
            self.kill_collector()
        if victim != "collector":
            self.mariadb.start()
        wait_for(lambda: metrics(self.hub)["writer_up"] == 1, 60, "the database to be used again")

    def kill_collector(self):
        at_ms = now_ms()
        self.hub.kill()
        ended_ms = now_ms()
        self.hub.start()
        self.kills.append(Kill(at_ms, ended_ms))


def report(journal, served, run, lost, database, locks):
    windows = sorted(lost.by_kill) or [0]
    print(f"\nFAULT_SEED={SEED}: {len(run.kills)} kills of the collector, {run.databases} of the database; "
          f"{locks:g} waits for a lock in the last life; {len(journal.records)} records in the journal, "
          f"{len(journal.files)} files, "
          f"{database.value('SELECT COUNT(*) FROM readings')} readings stored of {served.reading_count} served; "
          f"{lost.answers} of {served.answer_count} answers lost between socket and journal, the oldest "
          f"{windows[-1]} ms before a kill, median {windows[len(windows) // 2]} ms")


@pytest.mark.parametrize("streams, rounds", [(1, ROUNDS), (STREAMS, ROUNDS_STREAMS)])
def test_kill_9_loses_nothing_and_doubles_nothing(collector, mariadb, database, sim, tmp_path, streams, rounds):
    hub = collector(server=merged(SERVER, {"journal": {"streams": streams}}), data=DATA)
    hub.process.wait_log("is ready")
    dtus = sim("-c", hub.config.folder, "--port", hub.port, "--count", DTUS, "--heartbeat", 1, "--reconnect", 0.1,
               "--unique", "--seed", SEED, "--served", tmp_path / "served.tsv")
    run = Run(hub, mariadb)
    for _ in range(rounds):
        run.round()
    assert dtus.stop() == 0
    now = wait_for(lambda: stored(hub), 120, lambda: f"everything to be stored: {metrics(hub)}")
    assert hub.stop() == 0
    journal, served = Journal(tmp_path / "journal"), Served(tmp_path / "served.tsv")
    compare_journal(database, journal)
    lost = losses(database, served, run.kills)
    report(journal, served, run, lost, database, now["writer_lock_retries_total"])
    assert database.value("SELECT COUNT(*) FROM rejected_records") == 0
    assert database.value("SELECT COUNT(*) FROM devices WHERE status = 'online'") == 0
    assert lost.answers < served.answer_count / 2
    assert max(lost.by_kill, default=0) < LOSS_MAX_MS
