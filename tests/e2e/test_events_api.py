"""Events, alarms, webhooks and deliveries over the portal's API.

The rows that a test makes are of the first day of 2026: what the collector itself says is later.
"""
import json

EVENT = {"id": "evt_1", "type": "slave_dead", "value": 1.5, "message": "a\nb \\ \"c\" 中"}


def add_event(database, kind="slave_dead", device_id="1001", second=0, severity="warning", uid="evt_1", data="null"):
    database.query("INSERT INTO events (kind, device_id, timestamp, details, uid, severity, data) "
                   "VALUES (%s, %s, %s, 'slave 3', %s, %s, %s)",
                   kind, device_id, f"2026-01-01 00:00:{second:02}.5", uid, severity, data)


def add_alarm(database, number, state="raised", device_id="1001", rule="hot", severity="warning"):
    database.query("INSERT INTO alarms (uid, collector, rule, device_id, point, severity, state, raised, acknowledged, "
                   "value, message_en, message_zh, actor, comment) VALUES (%s, 'collector', %s, %s, 'temperature', %s, "
                   "%s, '2026-01-01 00:00:01.25', %s, 81.5, 'too hot', '过热', %s, '')",
                   f"evt_{number:032x}", rule, device_id, severity, state,
                   "2026-01-01 00:01:00" if state == "acknowledged" else None,
                   "Mei" if state == "acknowledged" else "")
    return f"evt_{number:032x}"


def add_delivery(database, target="ops", status="delivered", device_id="1001", kind="slave_dead", second=0,
                 events="[]"):
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO webhook_deliveries (uid, collector, target, kind, device_id, events, `count`, status, "
                       "attempts, last_try, http_status, error, timestamp) VALUES ('msg_1', 'another', %s, %s, %s, %s, "
                       "1, %s, 2, '2026-01-01 00:05:00', 503, 'status 503', %s)",
                       (target, kind, device_id, events, status, f"2026-01-01 00:00:{second:02}"))
        return cursor.lastrowid


def get_of_that_day(web, query):
    return web.get("/api/events?" + query + ("" if "to=" in query else "&to=2026-01-02")).json()


def ids(answer):
    assert answer.status == 200, answer.text
    return [row["id"] for row in answer.json()]


def test_events_come_with_their_data(web, database):
    add_event(database, data=json.dumps(EVENT))
    add_event(database, "storage_lost", "", 1, "critical", "evt_2", "{\"broken")
    add_event(database, "device_online", "1001", 2, "info", "evt_3", "{\"value\": NaN, \"list\": [Infinity, 1e3]}")
    online, lost, dead = web.get("/api/events?to=2026-01-02").json()
    assert dead == {"id": dead["id"], "kind": "slave_dead", "device_id": "1001", "timestamp": "2026-01-01T00:00:00.500Z",
                    "details": "slave 3", "uid": "evt_1", "severity": "warning", "data": EVENT}
    assert (lost["severity"], lost["data"]) == ("critical", None)
    assert online["data"] == {"value": None, "list": [None, 1000]}


def test_events_are_chosen(web, database):
    for second, (kind, severity) in enumerate([("slave_dead", "warning"), ("storage_lost", "critical"),
                                               ("device_online", "info")]):
        add_event(database, kind, "1001", second, severity, f"evt_{second}")
    for query, uids in [("severity=critical", ["evt_1"]), ("", ["evt_2", "evt_1", "evt_0"]), ("kind=slave_dead", ["evt_0"]),
                        ("from=2026-01-01T00:00:01.5Z", ["evt_2", "evt_1"]),
                        ("from=2026-01-01T00:00:00.5Z&to=2026-01-01T00:00:01.5Z", ["evt_0"]), ("kind=slave_dead&severity=info", [])]:
        assert (query, [row["uid"] for row in get_of_that_day(web, query)]) == (query, uids)
    for query, parameter in [("kind=slave_ded", "kind"), ("severity=bad", "severity"), ("from=now", "from"),
                             ("from=2026-01-02&to=2026-01-01", "from")]:
        answer = web.get(f"/api/events?{query}")
        assert (query, answer.status, answer.json()["parameter"]) == (query, 400, parameter)
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_alarms_are_listed_page_by_page(web, database):
    raised = add_alarm(database, 1)
    acknowledged = add_alarm(database, 2, "acknowledged", "1002")
    cleared = add_alarm(database, 3, "cleared", "1002", "cold", "critical")
    assert ids(web.get("/api/alarms")) == [acknowledged, raised]
    assert web.get("/api/alarms").json()[0] == {
        "id": acknowledged, "collector": "collector", "rule": "hot", "device_id": "1002", "point": "temperature",
        "severity": "warning", "state": "acknowledged", "raised": "2026-01-01T00:00:01.250Z",
        "acknowledged": "2026-01-01T00:01:00.000Z", "cleared": None, "value": 81.5, "message_en": "too hot",
        "message_zh": "过热", "actor": "Mei", "comment": ""}
    for query, found in [("state=all", [cleared, acknowledged, raised]), ("state=raised", [raised]),
                         ("state=acknowledged", [acknowledged]), ("state=cleared", [cleared]),
                         ("state=all&device_id=1002", [cleared, acknowledged]), ("state=all&rule=cold", [cleared]),
                         ("state=all&severity=warning", [acknowledged, raised]), ("state=all&limit=1", [cleared]),
                         (f"state=all&limit=1&before={cleared}", [acknowledged]), (f"before={raised}", []),
                         ("state=all&before=%E4%B8%AD", [])]:
        assert (query, ids(web.get(f"/api/alarms?{query}"))) == (query, found)
    assert web.get("/api/alarms?state=shut").json()["parameter"] == "state"


def test_deliveries_are_listed_page_by_page(web, database):
    first = add_delivery(database)
    second = add_delivery(database, "chat", "dead", "1002", "device_offline", 1)
    third = add_delivery(database, "chat", "pending", "", "data_received", 2)
    row = web.get("/api/deliveries?limit=1").json()[0]
    assert row == {"id": third, "uid": "msg_1", "collector": "another", "target": "chat", "kind": "data_received",
                   "device_id": "", "count": 1, "status": "pending", "attempts": 2, "next_try": None,
                   "last_try": "2026-01-01T00:05:00.000Z", "http_status": 503, "error": "status 503",
                   "timestamp": "2026-01-01T00:00:02.000Z"}
    for query, found in [("", [third, second, first]), ("target=chat", [third, second]), ("status=dead", [second]),
                         ("device_id=1001", [first]), ("kind=device_offline", [second]),
                         ("from=2026-01-01T00:00:01Z", [third, second]), ("to=2026-01-01T00:00:01Z", [first]),
                         (f"limit=1&before_id={third}", [second]), (f"before_id={first}", [])]:
        assert (query, ids(web.get(f"/api/deliveries?{query}"))) == (query, found)
    for query in ("status=gone", "kind=gone", "from=2026-01-02&to=2026-01-02", "limit=0"):
        assert (query, web.get(f"/api/deliveries?{query}").status) == (query, 400)


def test_a_delivery_is_shown_with_its_tries(web, database):
    number = add_delivery(database, events=json.dumps([EVENT, EVENT]))
    for status, answer in ((None, b""), (503, b"\xff\xfe<b>no\n\\</b> \xe4\xb8\xad")):
        database.query("INSERT INTO webhook_tries (delivery, timestamp, took_ms, http_status, error, request, answer) "
                       "VALUES (%s, '2026-01-01 00:05:00', 12, %s, 'no', '{\"a\": \"中\"}', %s)", number, status, answer)
    shown = web.get(f"/api/deliveries/{number}").json()
    assert (shown["id"], shown["status"], shown["events"]) == (number, "delivered", [EVENT, EVENT])
    silent, refused = shown["tries"]
    assert refused == {"id": refused["id"], "timestamp": "2026-01-01T00:05:00.000Z", "took_ms": 12, "http_status": 503,
                       "error": "no", "request": "{\"a\": \"中\"}",
                       "answer": "\\xff\\xfe<b>no\\x0a\\\\</b> 中"}
    assert (silent["http_status"], silent["answer"]) == (None, "")
    assert web.get(f"/api/deliveries/{number + 1}").status == 404
    assert web.get("/api/deliveries/one").status == 400


CHANGES = ["/webhook/test", "/api/alarms/evt_1/acknowledge", "/api/webhooks/ops/enable", "/api/deliveries/1/replay",
           "/api/deliveries/replay"]


def problem(answer):
    """(status, detail) of an error, which is told as all errors of the API are."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status
    return answer.status, answer.json()["detail"]


def test_nothing_is_changed_by_a_form(web):
    for path in CHANGES:
        for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", None):
            headers = {"Content-Type": kind} if kind else {"Content-Type": ""}
            assert (path, kind, web.request(path, "POST", b"{}", headers).status) == (path, kind, 415)
        answer = web.get(path)
        assert answer.status == (400 if path == "/api/deliveries/replay" else 405)
        assert "POST" in answer.headers.get("Allow", "POST")


def test_bodies_are_checked(web):
    json_type = {"Content-Type": "application/json"}
    for body, status in [(b"[]", 400), (b"{", 400), (b"{\"a\": \"\xff\"}", 400), (b"{}" + b" " * 40000, 413)]:
        for path in CHANGES:
            assert (body[:9], problem(web.request(path, "POST", body, json_type))[0]) == (body[:9], status)
    for path, body, parameter in [
            ("/webhook/test", {}, "event_type"), ("/webhook/test", {"event_type": "device_online", "data": []}, "data"),
            ("/api/alarms/evt_1/acknowledge", {"comment": "x"}, "actor"),
            ("/api/alarms/evt_1/acknowledge", {"actor": "x" * 65}, "actor"),
            ("/api/alarms/evt_1/acknowledge", {"actor": "Mei", "id": "evt_2"}, "id"),
            ("/api/webhooks/ops/enable", {"target": "chat"}, "target"),
            ("/api/deliveries/1/replay", {"dead_only": True}, "dead_only"),
            ("/api/deliveries/replay", {"from": "2026-01-01T00:00Z"}, "to"),
            ("/api/deliveries/replay", {"from": "soon", "to": 1}, "from"),
            ("/api/deliveries/replay", {"from": "2026-01-01T08:00+08:00", "to": "2026-01-01T00:00Z"}, "from"),
            ("/api/deliveries/replay", {"from": 1, "to": 2, "dead_only": "yes"}, "dead_only")]:
        answer = web.post(path, body)
        assert (problem(answer)[0], answer.json()["parameter"]) == (400, parameter)


def test_a_collector_that_is_away_is_said(web, collectors, database):
    number = add_delivery(database)
    collectors[0].stop()
    for path, body in [("/webhook/test", {"event_type": "device_online"}),
                       ("/api/alarms/evt_1/acknowledge", {"actor": "Mei"}), ("/api/webhooks/ops/enable", {}),
                       (f"/api/deliveries/{number}/replay", {}), ("/api/deliveries/replay", {"from": 1, "to": 2})]:
        status, detail = problem(web.post(path, body, headers={"Accept-Language": "en"}))
        assert (path, status, detail) == (path, 503, "Nothing was done. Try again when it runs.")
    assert problem(web.get("/api/webhooks"))[0] == 503
    assert web.post(f"/api/deliveries/{number + 1}/replay", {}).status == 404
