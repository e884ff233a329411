"""What a script does about alarms and webhooks over the portal's API: the collector does it, receivers are called."""
import threading

import pytest

from harness.receiver import Hang, Receiver, Reply
from harness.tlv import TlvClient
from harness.wait import wait_for

SERVER = {"cache": {"flush_interval": 0.05},
          "polling": {"response_timeout": 10, "request_gap": 0, "stagger": 0}}
DATA = {"query_tasks": {1: {"start_addr": 2000, "length": 1, "interval": 0.1}},
        "data_points": {2000: {"name": "temperature", "type": "int16", "scale": 0.1}},
        "rules": {"hot": {"devices": ["1001"], "point": "temperature", "when": "above 80"}}}


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def start(collector, web_after):
    def start(targets=None, **short):
        """Web, with these targets: the long form; the rest: the short form."""
        hub = collector(server={**SERVER, "webhooks": {**short, "targets": targets}}, data=DATA, replace_data=True)
        hub.process.wait_log("is ready")
        web = web_after()
        web.hub = hub
        return web
    return start


def target(receiver, path, **settings):
    return {"url": receiver.url + path, "events": ["device_online"], "retries": [], **settings}


def come(web, device=1001):
    with TlvClient(web.hub.port, device):
        pass


def get_one(web, path, what="a row"):
    return wait_for(lambda: web.get(path).json(), 20, what)[0]


def test_the_originals_test_calls_the_target(start, receiver):
    web = start(device_online=receiver.url + "/on")
    data = {"device_id": "7", "ip": "10.0.0.7", "port": 4, "name": "泵 \"3\""}
    answer = web.post("/webhook/test", {"event_type": "device_online", "data": data})
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    assert (answer.json()["status"], answer.json()["http_status"]) == ("success", 200)
    assert receiver.calls("/on")[0].json() == {"device_id": "7", "ip": "10.0.0.7", "port": 4}

    receiver.script("/on", Reply(500, b"\xff\xfe\n\\ no"))
    answer = web.post("/webhook/test", {"event_type": "device_online", "data": data})
    assert answer.status == 400
    assert {key: answer.json()[key] for key in ("status", "http_status", "answer")} == {
        "status": "error", "http_status": 500, "answer": "\\xff\\xfe\\x0a\\\\ no"}
    receiver.down()
    answer = web.post("/webhook/test", {"event_type": "device_online"})
    assert (answer.status, answer.json()["status"], answer.json()["http_status"]) == (400, "error", 0)
    assert answer.json()["error"] != ""
    for body in ({"event_type": "no_such"}, {"event_type": "device_offline"},
                 {"event_type": "device_online", "target": "no_such"}):
        answer = web.post("/webhook/test", body)
        assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
        assert answer.json()["detail"] != ""
    assert web.get("/api/deliveries").json() == []


def test_a_slow_target_is_waited_for_and_holds_few_threads(start, receiver):
    web = start({"ops": target(receiver, "/ops", timeout=7)})
    receiver.always("/ops", Hang())
    order = {"event_type": "storage_lost", "target": "ops", "data": {"lost": 3}}
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(web.post("/webhook/test", order))) for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(receiver.calls("/ops")) == 2, 10, "both calls")
    third = web.request("/webhook/test", "POST", order, {"Accept-Language": "en"})
    assert (third.status, third.headers["Retry-After"]) == (503, "5")
    assert third.json()["title"] == "Too many tests at once"
    assert web.get("/api/devices").status == 200
    for thread in threads:
        thread.join()
    assert [(answer.status, answer.json()["http_status"]) for answer in answers] == [(400, 0)] * 2
    assert "timed out" in answers[0].json()["error"].lower()
    receiver.always("/ops", Reply())
    assert web.post("/webhook/test", order).status == 200
    assert receiver.calls("/ops")[-1].json()["lost"] == 3


def test_an_alarm_is_acknowledged(start):
    web = start()
    with TlvClient(web.hub.port, 1001) as dtu:
        for _ in range(2):
            dtu.answer_next({2000: 900})
        alarm = get_one(web, "/api/alarms?state=raised", "the alarm")
        answer = web.post(f"/api/alarms/{alarm['id']}/acknowledge", {"actor": "Mei 梅", "comment": "on my way"})
        assert answer.status == 200, answer.text
        now = get_one(web, "/api/alarms?state=acknowledged", "its acknowledgement")
        assert (now["id"], now["actor"], now["comment"]) == (alarm["id"], "Mei 梅", "on my way")
        assert now["raised"] == alarm["raised"] < now["acknowledged"]
        event = get_one(web, "/api/events?kind=alarm_acknowledged", "the event")
        assert event["data"]["actor"] == "Mei 梅" and event["device_id"] == "1001"
        for _ in range(2):
            dtu.answer_next({2000: 700})
        assert get_one(web, "/api/alarms?state=cleared", "its end")["id"] == alarm["id"]
    for number in (alarm["id"], "evt_no", "%E6%A2%85"):
        answer = web.request(f"/api/alarms/{number}/acknowledge", "POST", {"actor": "Mei"}, {"Accept-Language": "en"})
        assert (answer.status, answer.json()["detail"]) == (404, "no alarm of this id is open")


def test_a_delivery_is_made_again(start, receiver):
    receiver.script("/ops", Reply(500, b"ouch"))
    web = start({"ops": target(receiver, "/ops")})
    come(web)
    dead = get_one(web, "/api/deliveries?status=dead", "the end of it")
    assert (dead["target"], dead["kind"], dead["device_id"], dead["http_status"]) == ("ops", "device_online", "1001", 500)
    assert web.post(f"/api/deliveries/{dead['id']}/replay", {}).json() == {"replayed": 1}
    assert get_one(web, "/api/deliveries?status=delivered", "it")["id"] == dead["id"]
    shown = wait_for(lambda: len((now := web.get(f"/api/deliveries/{dead['id']}").json())["tries"]) == 2 and now, 10,
                     "both tries")
    first, second = receiver.calls("/ops")
    assert first.id == second.id == shown["uid"]
    assert [(row["http_status"], row["answer"]) for row in shown["tries"]] == [(500, "ouch"), (200, "ok")]
    assert shown["events"][0]["device_id"] == "1001" and first.body.decode() == shown["tries"][0]["request"]


def test_a_range_of_deliveries_is_made_again(start, receiver):
    receiver.script("/ops", Reply(500))
    web = start({"ops": target(receiver, "/ops"), "log": target(receiver, "/log")})
    come(web)
    wait_for(lambda: [row["status"] for row in web.get("/api/deliveries?target=ops").json()] == ["dead"] and
             [row["status"] for row in web.get("/api/deliveries?target=log").json()] == ["delivered"], 20, "both ends")
    row = web.get("/api/deliveries").json()[0]
    span = {"from": row["timestamp"].replace("Z", "+00:00"), "to": "2100-01-01T08:00+08:00"}
    assert web.post("/api/deliveries/replay", {"from": "2020-01-01", "to": "2020-02-01"}).json() == {"replayed": 0}
    assert web.post("/api/deliveries/replay", {**span, "target": "other"}).json() == {"replayed": 0}
    assert web.post("/api/deliveries/replay", {**span, "dead_only": True}).json() == {"replayed": 1}
    wait_for(lambda: len(web.get("/api/deliveries?status=delivered").json()) == 2, 20, "the other one")
    assert web.post("/api/deliveries/replay", {**span, "target": "log"}).json() == {"replayed": 1}
    wait_for(lambda: len(receiver.calls("/log")) == 2, 20, "its second call")
    assert len(receiver.calls("/ops")) == 2


def test_a_target_that_was_gone_is_enabled(start, receiver):
    receiver.script("/ops?token=s3cret", Reply(410))
    web = start({"ops": target(receiver, "/ops?token=s3cret", retries=[0.1, 0.1])})
    come(web)
    state = wait_for(lambda: (now := web.get("/api/webhooks").json())[0]["state"] == "disabled" and now[0], 20, "410")
    assert state["target"] == "ops" and "s3cret" not in web.get("/api/webhooks").text
    assert web.post("/api/webhooks/no_such/enable", {}).status == 404
    assert web.post("/api/webhooks/ops/enable", {}).status == 200
    wait_for(lambda: web.get("/api/webhooks").json()[0]["state"] == "up", 20, "the target to be called again")
    wait_for(lambda: len(receiver.taken("/ops?token=s3cret")) == 1, 20, "what waited to be delivered")
