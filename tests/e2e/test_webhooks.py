"""Webhooks against a receiver that fails as receivers do: each failure is handled as written, nothing is lost, ids stay
the same, and the events of one device keep their order."""
import json

import pytest

from harness.control import metrics
from harness.once import stored
from harness.receiver import Cut, Hang, Receiver, Reply
from harness.tlv import TlvClient
from harness.wait import wait_for

pytestmark = pytest.mark.asan

SERVER = {"cache": {"flush_interval": 0.05},
          "polling": {"response_timeout": 10, "request_gap": 0, "stagger": 0}}
DATA = {"query_tasks": {1: {"start_addr": 2000, "length": 1, "interval": 0.1}},
        "data_points": {2000: {"name": "level", "type": "uint16", "scale": 0.5, "unit": "m"}}}
QUIET = {"query_tasks": {1: {"start_addr": 2000, "length": 1, "interval": 3600}}, "data_points": DATA["data_points"]}
LINES = ["device_online", "device_offline"]


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def hub(collector):
    def start(targets=None, data=None, **short):
        """targets: the long form; the rest: the short form."""
        hub = collector(server={**SERVER, "webhooks": {**short, "targets": targets}}, replace_data=True,
                        data=data or QUIET)
        hub.process.wait_log("is ready")
        return hub
    return start


def target(receiver, path, **settings):
    return {"url": receiver.url + path, "events": LINES, "retries": [0.1] * 10, **settings}


def come_and_go(hub, device=1001):
    """A device that is online and then not: two events."""
    with TlvClient(hub.port, device):
        pass


def deliveries(database, **where):
    clause = " AND ".join(f"{name} = %s" for name in where) or "1"
    return database.query(f"SELECT * FROM webhook_deliveries WHERE {clause} ORDER BY id", *where.values())


def delivered(database, count, **where):
    """Wait until so many are delivered; those rows."""
    return wait_for(lambda: len(rows := deliveries(database, status="delivered", **where)) >= count and rows, 20,
                    lambda: f"{count} delivered: {deliveries(database)}")


def tries(database, uid):
    return database.query("SELECT t.* FROM webhook_tries t JOIN webhook_deliveries d ON d.id = t.delivery "
                          "WHERE d.uid = %s ORDER BY t.id", uid)


def types(calls):
    return [call.json()["type"] for call in calls]


def one_failure(hub, receiver, database, *replies, **settings):
    """The first delivery meets these replies before it succeeds: its calls and its tries."""
    receiver.script("/ops", *replies)
    hub = hub({"ops": target(receiver, "/ops", **settings)})
    come_and_go(hub)
    delivered(database, 2)
    first, *again, last = calls = receiver.calls("/ops")
    assert len(calls) == len(replies) + 2
    assert [call.id for call in again] == [first.id] * len(replies)
    assert [call.body for call in again] == [first.body] * len(replies)
    assert types(receiver.taken("/ops")) == LINES  # the second one waited
    assert last.id != first.id
    rows = tries(database, first.id)
    assert len(rows) == len(replies) + 1 and rows[-1]["error"] == ""
    assert [row["request"] for row in rows] == [first.body.decode()] * len(rows)
    return calls, rows


def test_the_short_form_has_the_originals_bodies(hub, receiver, database):
    hub = hub(data=DATA, device_online=receiver.url + "/on", device_offline=receiver.url + "/off",
              data_received=receiver.url + "/data")
    with TlvClient(hub.port, 1001) as dtu:
        dtu.answer_next({2000: 43})
        port = dtu.sock.getsockname()[1]
        wait_for(lambda: receiver.calls("/data"), 10, "the reading")
    wait_for(lambda: receiver.calls("/off"), 10, "the end")
    online, data, offline = (receiver.calls(path)[0] for path in ("/on", "/data", "/off"))
    line = f'{{"device_id":"1001","ip":"127.0.0.1","port":{port}}}'
    assert (online.body.decode(), offline.body.decode()) == (line, line)
    assert data.body.decode() == '{"device_id":"1001","data_point":"level","value":21.5,"raw_value":43}'
    assert {call.method for call in (online, data, offline)} == {"POST"}
    assert online.headers["content-type"] == "application/json; charset=utf-8"
    delivered(database, 3)


def test_an_error_of_the_server_is_tried_again(hub, receiver, database):
    _, rows = one_failure(hub, receiver, database, Reply(500, b"ouch"), Reply(503))
    assert [row["http_status"] for row in rows] == [500, 503, 200]
    assert (rows[0]["error"], rows[0]["answer"]) == ("status 500", b"ouch")


def test_retry_after_is_kept_to(hub, receiver, database):
    calls, _ = one_failure(hub, receiver, database, Reply(429, headers={"Retry-After": "2"}))
    assert calls[1].at - calls[0].at >= 1.9


def test_a_hanging_receiver_is_given_up(hub, receiver, database):
    _, rows = one_failure(hub, receiver, database, Hang(), timeout=0.3)
    assert rows[0]["http_status"] is None and "timed out" in rows[0]["error"].lower()


def test_an_answer_that_breaks_off_is_none(hub, receiver, database):
    _, rows = one_failure(hub, receiver, database, Cut())
    assert rows[0]["http_status"] is None and rows[0]["error"] != ""


def test_a_redirect_is_not_followed(hub, receiver, database):
    other = Receiver()
    try:
        moved = Reply(302, headers={"Location": other.url + "/elsewhere"})
        _, rows = one_failure(hub, receiver, database, moved)
        assert other.calls() == []
    finally:
        other.close()
    assert "redirects are not followed" in rows[0]["error"]


def test_a_robots_refusal_is_none_of_its_200(hub, receiver, database):
    refusal = json.dumps({"errcode": 310000, "errmsg": "关键词不匹配"}, ensure_ascii=False).encode()
    receiver.script("/robot", Reply(200, refusal))
    receiver.always("/robot", Reply(200, b'{"errcode":0,"errmsg":"ok"}'))
    hub = hub({"robot": target(receiver, "/robot", format="dingtalk", events=["device_online"])})
    come_and_go(hub)
    row, = delivered(database, 1)
    rows = tries(database, row["uid"])
    assert len(rows) == 2 and rows[0]["error"].startswith("errcode 310000: 关键词")
    assert receiver.calls("/robot")[0].json()["msgtype"] == "markdown"


def test_a_refusing_receiver_gets_it_all_in_order(hub, receiver, database):
    receiver.down()
    hub = hub({"ops": target(receiver, "/ops", retries=[0.1] * 30)})
    for device in (1001, 1002, 1001, 1002, 1001):
        come_and_go(hub, device)
    wait_for(lambda: metrics(hub)['webhook_tries_failed_total{target="ops"}'] >= 5, 20, "calls")
    receiver.up()
    delivered(database, 10)
    for device, times in (("1001", 3), ("1002", 2)):
        assert types(c for c in receiver.calls("/ops") if c.json()["device_id"] == device) == LINES * times
    assert len({call.id for call in receiver.calls("/ops")}) == 10


def test_a_target_that_is_down_delays_no_other(hub, receiver, database):
    receiver.always("/dead", Hang())
    hub = hub({"dead": target(receiver, "/dead", timeout=60), "live": target(receiver, "/live")}, data=DATA)
    for _ in range(20):
        come_and_go(hub)
    with TlvClient(hub.port, 1002) as dtu:
        delivered(database, 41, target="live")
        for _ in range(3):
            dtu.answer_next({2000: 1})  # polls go on
    live = receiver.calls("/live")
    assert len(live) == len({call.id for call in live})  # none was given out twice
    assert len(receiver.calls("/dead")) < 5
    assert deliveries(database, target="dead", status="delivered") == []


def test_a_hanging_call_holds_up_its_device_alone(hub, receiver, database):
    receiver.script("/ops", Hang())
    hub = hub({"ops": target(receiver, "/ops", timeout=60)})
    for _ in range(60):
        come_and_go(hub)
    wait_for(lambda: len(deliveries(database)) == 120, 20, "more rows than are loaded at once")
    come_and_go(hub, 1002)
    delivered(database, 2, device_id="1002")
    assert deliveries(database, device_id="1001", status="delivered") == []


def test_gone_means_never_again(hub, receiver, database):
    receiver.always("/gone", Reply(410))
    hub = hub({"gone": target(receiver, "/gone", events=LINES + ["webhook_disabled"]),
               "ops": target(receiver, "/ops", events=["webhook_disabled"])})
    come_and_go(hub)
    come_and_go(hub, 1002)
    told, = wait_for(lambda: receiver.calls("/ops"), 10, "the event")
    assert (told.json()["type"], told.json()["target"]) == ("webhook_disabled", "gone")
    wait_for(lambda: database.query("SELECT * FROM webhook_disabled"), 10, "the mark")
    calls = len(receiver.calls("/gone"))
    assert hub.stop() == 0
    hub.start()
    hub.process.wait_log("gone is not called: status 410")
    come_and_go(hub)
    wait_for(lambda: database.value("SELECT COUNT(*) FROM events WHERE kind = 'device_offline'") == 3, 10, "events")
    assert len(receiver.calls("/gone")) == calls
    assert metrics(hub)['webhook_disabled{target="gone"}'] == 1
    assert deliveries(database, target="gone", status="dead") == []


def test_what_is_given_up_is_an_event(hub, receiver, database):
    receiver.always("/dead", Reply(500))
    hub = hub({"dead": target(receiver, "/dead", retries=[0.1], events=LINES + ["webhook_dead"]),
               "ops": target(receiver, "/ops", events=["webhook_dead"])})
    come_and_go(hub)
    wait_for(lambda: len(receiver.calls("/ops")) == 2, 20, "the events")
    first, second = (call.json() for call in receiver.calls("/ops"))
    assert (first["type"], first["target"], first["error"]) == ("webhook_dead", "dead", "status 500")
    assert (first["deliveries"], second["deliveries"]) == (1, 1)  # the end of what is about webhooks is none
    dead = deliveries(database, target="dead")  # which is not told of itself
    assert [(row["kind"], row["status"], row["attempts"]) for row in dead] == [(kind, "dead", 2) for kind in LINES]
    assert first["delivery"] == dead[0]["uid"]


def test_readings_go_in_batches(hub, receiver, database):
    receiver.down()
    hub = hub({"data": target(receiver, "/data", events=["data_received"], batch={"max": 7, "wait": 0.3},
                              retries=[0.1] * 30)}, data=DATA)
    with TlvClient(hub.port, 1001) as dtu:
        for value in range(20):
            dtu.answer_next({2000: value})
        wait_for(lambda: deliveries(database), 10, "rows")
        receiver.up()
        events = wait_for(lambda: len(found := [e for c in receiver.calls("/data") for e in c.json()]) >= 20 and found,
                          20, "20 readings")
    assert [event["raw_value"] for event in events[:20]] == list(range(20))
    assert len({event["id"] for event in events}) == len(events)
    assert max(len(call.json()) for call in receiver.calls("/data")) <= 7
    assert len(receiver.calls("/data")) < 20
    assert {row["count"] for row in deliveries(database)} != {1}


def put_row(database, uid, target, age_days=0, events=None, joinable=0):
    """A delivery as the writer puts it there, some time ago."""
    events = events or [{"id": uid, "type": "server_started", "time": "2026-01-01T00:00:00.000Z"}]
    database.query("INSERT INTO webhook_deliveries (uid, collector, target, kind, events, `count`, joinable, `timestamp`) "
                   "VALUES (%s, 'collector', %s, %s, %s, %s, %s, UTC_TIMESTAMP(3) - INTERVAL %s DAY)", uid, target,
                   events[0]["type"], json.dumps(events, separators=(",", ":")), len(events), joinable, age_days)


def test_what_was_put_there_under_other_settings(hub, receiver, database):
    hub = hub({"ops": target(receiver, "/ops", events=["webhook_dead"]), "late": target(receiver, "/late"),
               "data": target(receiver, "/data", events=["data_received"], batch={"max": 7, "wait": 0.1})})
    put_row(database, "evt_old", "late", age_days=8)
    put_row(database, "evt_other", "other")
    readings = [{"id": f"evt_big.{i}", "type": "data_received", "time": "2026-01-01T00:00:00.000Z"} for i in range(20)]
    put_row(database, "evt_big", "data", events=readings, joinable=50)
    hub.reload(server={"log": {"level": "debug"}})  # all is looked at
    wait_for(lambda: len(receiver.taken("/data")) == 3, 20, "the parts")
    assert [call.json() for call in receiver.calls("/data")] == [readings[:7], readings[7:14], readings[14:]]
    assert [call.id for call in receiver.calls("/data")] == ["evt_big", "evt_big.7", "evt_big.14"]
    told, = wait_for(lambda: receiver.calls("/ops"), 20, "the event")
    assert (told.json()["error"], told.json()["deliveries"]) == ("it waited for longer than keep", 1)
    assert {row["uid"]: row["error"] for row in deliveries(database, status="dead")} == {
        "evt_old": "it waited for longer than keep", "evt_other": "the target is not configured any more"}


def test_a_reload_changes_targets(hub, receiver, database):
    receiver.always("/old", Hang())
    receiver.always("/moved", Reply(500))
    hub = hub({"old": target(receiver, "/old", timeout=60), "moved": target(receiver, "/moved")})
    come_and_go(hub)
    wait_for(lambda: receiver.calls("/old") and receiver.calls("/moved"), 10, "calls")
    hub.reload(server={"webhooks": {"targets": {"old": None, "moved": target(receiver, "/here"),
                                                "new": target(receiver, "/new")}}})
    wait_for(lambda: metrics(hub)["reloads_total"] == 1, 10, hub.process.tail)
    come_and_go(hub)
    delivered(database, 4, target="moved")
    delivered(database, 2, target="new")
    gone = wait_for(lambda: deliveries(database, target="old", status="dead"), 20, "the old ones to be given up")
    assert {row["error"] for row in gone} == {"the target is not configured any more"}
    assert len(receiver.calls("/old")) == 1
    assert types(receiver.taken("/here")) == LINES * 2


def test_a_target_has_its_own_template(hub, receiver, database):
    hub = hub({"own": target(receiver, "/own", format="template", body='{"who": "{{device_id}}", "id": "{{delivery}}"}')})
    come_and_go(hub)
    first, _ = delivered(database, 2)
    assert receiver.calls("/own")[0].json() == {"who": "1001", "id": first["uid"]}


def test_an_address_that_is_denied_is_not_called(hub, receiver, database):
    hub = hub({"ops": {**target(receiver, "/ops", retries=[]), "url": f"http://localhost:{receiver.port}/ops"}},
              deny=["127.0.0.0/8", "::1/128"])
    come_and_go(hub)
    row = wait_for(lambda: deliveries(database, status="dead"), 10, "the end of it")[0]
    assert "is not called: webhooks.deny" in row["error"]
    assert receiver.calls() == []


def test_results_wait_for_the_database(hub, receiver, database, mariadb):
    receiver.script("/ops", Hang())
    hub = hub({"ops": target(receiver, "/ops", timeout=2)})
    come_and_go(hub)
    wait_for(lambda: receiver.calls("/ops"), 10, "the first call")
    mariadb.kill()
    wait_for(lambda: receiver.taken("/ops"), 20, "the second call")
    mariadb.start()
    delivered(database, 2)
    assert len({call.id for call in receiver.taken("/ops")}) == len(receiver.taken("/ops")) == 2
    assert [row["http_status"] for row in tries(database, receiver.calls("/ops")[0].id)] == [None, 200]


def test_kill_9_with_the_receiver_down(hub, receiver, database):
    receiver.down()
    hub = hub({"ops": target(receiver, "/ops", retries=[0.1] * 32, events=["*"])})
    for _ in range(3):
        come_and_go(hub)
        wait_for(lambda: deliveries(database), 10, "a row")
        hub.kill()
        hub.start()
    receiver.up()
    come_and_go(hub)
    wait_for(lambda: stored(hub), 20, lambda: f"everything to be stored: {metrics(hub)}")
    wait_for(lambda: not deliveries(database, status="pending"), 60,
             lambda: f"all to be delivered: {deliveries(database)}")
    told = {call.json()["id"] for call in receiver.taken("/ops")}
    assert {row["uid"] for row in database.query("SELECT uid FROM events WHERE uid <> ''")} <= told
    assert {call.id for call in receiver.taken("/ops")} == {row["uid"] for row in deliveries(database)}
