"""kill -9 of the collector at random instants, while the receiver of its webhooks is down or fails: every event
that is on record arrives at least once, tries of one delivery are the same, and what arrives, told apart by its id, is
each event exactly once, in the order of its device.

ROUNDS=3 FAULT_SEED=1 are the variables."""
import os
import random
import time
from collections import defaultdict

import pytest

from harness.control import metrics
from harness.once import stored
from harness.receiver import Cut, Receiver, Reply
from harness.storing import DATA
from harness.wait import wait_for

ROUNDS = int(os.environ.get("ROUNDS", 3))
SEED = int(os.environ.get("FAULT_SEED", 1))
DTUS = 20
AFTER_READY_S = (0.2, 1.5)
KINDS = ["device_online", "device_offline", "server_started", "server_stopping"]
LONG = [0.2] * 4 + [2] * 28  # longer than any failure
SERVER = {"server": {"accept_rate": 0, "shutdown_timeout": 60}, "polling": {"request_gap": 0.01, "stagger": 0.2}}


def targets(receiver):
    return {"ops": {"url": receiver.url + "/ops", "events": KINDS, "retries": LONG},
            "data": {"url": receiver.url + "/data", "events": ["data_received"], "retries": LONG,
                     "batch": {"max": 50, "wait": 0.5}}}


def fail(receiver, how):
    """From now on: not there, answers that say no or break off, or all well."""
    for path in ("/ops", "/data"):
        receiver.always(path, {"no": Reply(500), "cut": Cut()}.get(how, Reply()))
    if how == "down":
        receiver.down()
    else:
        receiver.up()


def round_of(hub, receiver, chance):
    """The receiver fails in some way, and perhaps in another; the collector dies somewhere."""
    fail(receiver, chance.choice(["down", "down", "no", "cut", "well"]))
    time.sleep(chance.uniform(*AFTER_READY_S))  # the instant is the subject
    hub.kill()
    hub.start()
    wait_for(lambda: metrics(hub)["writer_up"] == metrics(hub)["outbox_up"] == 1, 30, hub.process.tail)
    fail(receiver, chance.choice(["down", "well", "well"]))


def die_before_the_result(hub, receiver, database):
    """Calls are taken, and the collector is killed before it has written that: they are made once more."""
    fail(receiver, "")
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLES webhook_tries READ")  # no result is written
        known = len(receiver.taken("/data"))
        wait_for(lambda: len(receiver.taken("/data")) > known, 30, hub.process.tail)
        hub.kill()
        again = receiver.taken("/data")[-1].id
    hub.start()
    wait_for(lambda: [call.id for call in receiver.taken("/data")].count(again) >= 2, 60, hub.process.tail)


def waiting(database):
    return database.query("SELECT target, status, COUNT(*) n, MAX(error) error FROM webhook_deliveries "
                          "WHERE status <> 'delivered' GROUP BY target, status")


def compare_events(database, calls):
    """The events on record against those that arrived; how many calls were more than needed."""
    rows = database.query("SELECT uid, device_id FROM events WHERE kind IN %s ORDER BY id", KINDS)
    first = {}
    for call in calls:
        first.setdefault(call.json()["id"], call.json().get("device_id", ""))
    assert set(first) == {row["uid"] for row in rows}
    by_device = defaultdict(list), defaultdict(list)
    for row in rows:
        by_device[0][row["device_id"]].append(row["uid"])
    for uid, device in first.items():
        by_device[1][device].append(uid)
    del by_device[0][""], by_device[1][""]  # of the collector: of no device
    assert by_device[0] == by_device[1]
    return len(calls) - len(first)


def compare_tries(calls):
    """Each delivery is the same at each try; no event is in two."""
    bodies, deliveries = {}, {}
    for call in calls:
        assert bodies.setdefault(call.id, call.body) == call.body
    for call in calls:
        for event in call.json():
            assert deliveries.setdefault(event["id"], call.id) == call.id
    return len(deliveries)


def compare_readings(database, calls):
    """Told apart by its id, each reading that is stored arrived exactly once, and no other did."""
    told = {event["id"]: event for call in calls for event in call.json()}
    arrived = sorted((event["device_id"], event["data_point"], event["time"][:-1]) for event in told.values())
    assert arrived == sorted(
        (row["device_id"], row["data_point"], row["ts"].isoformat(timespec="milliseconds"))
        for row in database.query("SELECT device_id, data_point, `timestamp` ts FROM device_data"))


@pytest.mark.parametrize("streams", [1, 4])
def test_kill_9_loses_no_event(collector, database, sim, streams):
    receiver = Receiver()
    chance = random.Random(SEED)
    hub = collector(server={**SERVER, "journal": {"streams": streams}, "webhooks": {"targets": targets(receiver)}},
                    data=DATA)
    hub.process.wait_log("is ready")
    dtus = sim("-c", hub.config.folder, "--port", hub.port, "--count", DTUS, "--reconnect", 0.1, "--seed", SEED)
    try:
        for _ in range(ROUNDS):
            round_of(hub, receiver, chance)
        die_before_the_result(hub, receiver, database)
        fail(receiver, "")
        assert dtus.stop() == 0
        wait_for(lambda: stored(hub), 60, lambda: f"everything to be stored: {metrics(hub)}")
        wait_for(lambda: not waiting(database), 120, lambda: f"all to be delivered: {waiting(database)}")
        assert hub.stop() == 0
    finally:
        receiver.close()
    # The last event is raised when no call is made any more: it waits for the next start.
    last = database.query("SELECT uid FROM webhook_deliveries WHERE status = 'pending'")
    assert len(last) <= 1
    database.query("DELETE FROM events WHERE uid IN %s", [row["uid"] for row in last] or [""])
    taken = receiver.taken("/ops")
    more = compare_events(database, taken)
    readings = compare_tries(receiver.taken("/data"))
    compare_readings(database, receiver.taken("/data"))
    assert readings > 0
    print(f"\nFAULT_SEED={SEED}, {streams} streams: {ROUNDS} kills; {len(taken) - more} events on record, each arrived, {more} of them "
          f"once more; {readings} readings in {len(receiver.taken('/data'))} calls, "
          f"{len(receiver.taken('/data')) - len({call.id for call in receiver.taken('/data')})} of them once more; "
          f"{len(receiver.calls()) - len(receiver.taken())} calls were not answered well")
