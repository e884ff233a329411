"""The portal's answers: every route, its errors, many rows, and a database that is away."""
import pytest

from harness.wait import wait_for

ANSWERS = [
    ("GET", "/", 200), ("GET", "/?lang=zh-CN", 303), ("GET", "/device/1001", 200), ("GET", "/device/nope", 404),
    ("GET", "/device/1001?range=custom&from=2026-01-02&to=2026-01-01", 400), ("POST", "/devices", 405),
    ("HEAD", "/devices", 200), ("GET", "/devices?q=%25&sort=address&dir=desc&status=online", 200),
    ("GET", "/devices?sort=colour", 400), ("GET", "/data?device_id=1001", 200), ("GET", "/data?device_id=x", 200),
    ("GET", "/connections?event=connect", 200), ("GET", "/api/device/1001/series", 400), ("GET", "/api/traffic", 200),
    ("GET", "/export?device_id=1001&device_id=1002", 200), ("GET", "/export?device_id=zz", 404),
    ("GET", "/api/lines", 200), ("POST", "/api/lines", 405), ("GET", "/api/device/1001/line", 200),
    ("GET", "/api/device/nope/line", 404), ("GET", "/api/device/a%2Fb%26device%3D1001/line", 404),
    ("GET", "/lines", 200), ("GET", "/api/expected", 200), ("GET", "/api/refusals", 200), ("GET", "/api/dials", 200),
    ("GET", "/api/quarantine", 200), ("GET", "/api/writes", 200), ("GET", "/api/writes?limit=1001", 400),
    ("GET", "/api/events?kind=slave_dead&before_id=9", 200), ("GET", "/api/events?before_id=x", 400),
    ("GET", "/device/1001?packets=noise", 200),
    ("GET", "/healthz", 200), ("GET", "/api/raw_packets?limit=0", 400), ("GET", "/nothing", 404),
]


@pytest.fixture
def data(web, sim):
    sim("--port", str(web.config.server["server"]["main_port"]), "--count", "2", "--heartbeat", "1",
        "-c", str(web.config.folder))
    wait_for(lambda: len(web.get("/api/devices").json()) == 2, 20, "the devices")


def test_every_route_answers(web, data):
    for method, path, status in ANSWERS:
        answer = web.request(path, method=method)
        assert (path, answer.status) == (path, status)
        if method == "HEAD":
            assert answer.body == b""


def test_a_device_without_readings_is_not_an_unknown_one(web, database):
    database.query("INSERT INTO devices (device_id, first_seen, last_seen) VALUES ('silent', NOW(3), NOW(3))")
    assert web.get("/api/device/silent/data").json() == []
    assert web.get("/api/device/nope/data").status == 404


def test_a_long_curve_comes_in_buckets_and_the_export_whole(web, data, database):
    device = database.value("SELECT id FROM devices WHERE device_id = '1001'")
    point = wait_for(lambda: database.value("SELECT id FROM points WHERE name = 'temperature'"), 20, "its point")
    database.query(f"INSERT INTO readings SELECT {device}, '2026-01-01' + INTERVAL seq SECOND, {point}, seq % 10, seq "
                   "FROM seq_0_to_9999")
    span = "from=2026-01-01T00:00Z&to=2026-01-01T02:46:40Z"
    series = web.get(f"/api/device/1001/series?point=temperature&{span}").json()
    times, average, least, greatest = series["columns"]
    assert series["bucket_ms"] == 20000
    assert times[0] == 1767225600 and len(times) == 500
    assert set(average) == {4.5} and set(least) == {0} and set(greatest) == {9}
    lines = web.get(f"/export?device_id=1001&{span}").text.split("\r\n")
    assert lines[0] == "device_id,data_point,value,raw_value,timestamp"
    assert lines[1] == "1001,temperature,0,0,2026-01-01T00:00:00.000Z"
    assert len(lines) == 10002 and lines[-1] == ""


def test_a_database_that_is_away_is_said(web, data, mariadb):
    mariadb.stop()
    for path in ("/", "/api/devices", "/healthz", "/export"):
        answer = web.get(path)
        assert answer.status == 503 and answer.headers["Retry-After"] == "5"
    mariadb.start()
    wait_for(lambda: web.get("/healthz").status == 200, 15, "the portal's return")


def test_lines_come_from_the_collector(web, data, collectors):
    lines = web.get("/api/lines").json()
    assert sorted(line["device_id"] for line in lines) == ["1001", "1002"]
    line = web.get("/api/device/1001/line").json()
    assert line["profile"] == "default" and line["framing"] == "tlv" and line["peer"].startswith("127.0.0.1:")
    assert line["since"].endswith("Z") and line["since"].startswith("20")
    assert [slave["slave"] for slave in line["slaves"]] == [1]
    assert web.get("/api/quarantine").json() == []
    page = web.request("/device/1001", headers={"Accept-Language": "en"}).text
    assert 'class="state state-' in page and "Modbus slaves" in page and "Last answer" in page
    collectors[0].stop()
    for path in ("/api/lines", "/api/device/1001/line", "/api/quarantine", "/api/expected", "/api/refusals", "/api/dials"):
        answer = web.get(path)
        assert answer.status == 503 and "collector" in answer.json()["title"].lower()
    for language, text in (("en", "nothing is known of the slaves"), ("zh-CN", "无法获知从站状态")):
        answer = web.request("/device/1001", headers={"Accept-Language": language})
        assert answer.status == 200 and text in answer.text
    assert web.get("/devices").status == 200


def test_a_device_that_is_offline_has_no_slaves(web, data, database):
    database.query("INSERT INTO devices (device_id, first_seen, last_seen) VALUES ('gone', NOW(), NOW())")
    assert "Its slaves are shown while it is connected" in \
        web.request("/device/gone", headers={"Accept-Language": "en"}).text


def test_names_and_tags_are_shown_and_found(web, data, database):
    database.query("UPDATE devices SET name = 'Boiler <3>', tags = 'heat, east & west' WHERE device_id = '1001'")
    page = web.get("/device/1001").text
    assert "Boiler &lt;3&gt;" in page and "Boiler <3>" not in page
    assert '<b class="tag">heat</b>' in page and '<b class="tag">east &amp; west</b>' in page
    for words in ("boiler", "HEAT", "1001"):
        found = web.get(f"/devices?q={words}").text
        assert "Boiler &lt;3&gt;" in found and "/device/1002" not in found
    for path in ("/", "/connections", "/data"):
        wait_for(lambda: "Boiler &lt;3&gt;</span>" in web.get(path).text, 20, f"the name on {path}")
    assert list(web.get("/api/devices").json()[0]) == \
        ["id", "device_id", "ip_address", "port", "first_seen", "last_seen", "status"]


def test_devices_are_chosen_by_profile(web, data, database):
    assert "All profiles" not in web.request("/devices", headers={"Accept-Language": "en"}).text
    database.query("UPDATE devices SET profile = 'usr & co' WHERE device_id = '1002'")
    page = web.request("/devices?profile=", headers={"Accept-Language": "en"}).text
    assert "All profiles" in page and "<option>usr &amp; co</option>" in page and "/device/1001" in page
    page = web.get("/devices?profile=usr+%26+co&sort=profile").text
    assert "<option selected>usr &amp; co</option>" in page
    assert 'href="/device/1002"' in page and 'href="/device/1001"' not in page
    assert "profile=usr%20%26%20co" in page  # the columns' links keep it
    assert 'href="/device/' not in web.get("/devices?profile=none").text


def test_a_device_shows_its_events_and_writes(web, data, database):
    def shown():
        return web.request("/device/1001", headers={"Accept-Language": "en"}).text
    page = wait_for(lambda: 'packet-text">..' in (text := shown()) and text, 20, "a heartbeat's packet")
    assert "<h2 class=\"card-title\">Writes" not in page
    assert "<span>Framing</span> <b>tlv</b>" in page and "<b class=\"num\">0 B</b>" in page
    for number in range(25):
        database.query("INSERT INTO events (kind, device_id, timestamp, details) VALUES "
                       "('slave_dead', '1001', '2026-01-01', %s)", f"slave <{number}>")
    database.query("INSERT INTO write_log (timestamp, device_id, point, slave, `function`, address, `count`, value, "
                   "actor, result, details) VALUES ('2026-01-01', '1001', '', 17, 6, 100, 1, '23.5', '<Mei>', "
                   "'time-out', 'no <answer>')")
    page = web.request("/device/1001", headers={"Accept-Language": "en"}).text
    assert "slave &lt;24&gt;" in page and "slave &lt;4&gt;" not in page and "Slave dead" in page
    assert "slave 17, function 6, address 100" in page and "timed out" in page and "&lt;Mei&gt;" in page
    assert "no &lt;answer&gt;" in page
    assert 'card-title">Writes' not in web.request("/device/1002", headers={"Accept-Language": "en"}).text


def test_events_and_writes_are_listed(web, data, database):
    for number, kind in enumerate(("slave_dead", "slave_alive", "slave_dead"), 1):
        database.query("INSERT INTO events (kind, device_id, timestamp, details) VALUES (%s, %s, %s, %s)",
                       kind, f"100{number}", f"2026-01-01 00:00:0{number}.5", "slave 3")
    events = web.get("/api/events?to=2026-01-02").json()  # what the collector says is of today
    assert [event["device_id"] for event in events] == ["1003", "1002", "1001"]
    assert events[0] == {"id": events[0]["id"], "kind": "slave_dead", "device_id": "1003",
                         "timestamp": "2026-01-01T00:00:03.500Z", "details": "slave 3", "uid": "", "severity": "info",
                         "data": None}
    older = web.get(f"/api/events?kind=slave_dead&limit=1&before_id={events[0]['id']}").json()
    assert [event["device_id"] for event in older] == ["1001"]
    assert [event["kind"] for event in web.get("/api/events?device_id=1002&to=2026-01-02").json()] == \
        ["slave_alive"]

    database.query("INSERT INTO write_log (timestamp, device_id, point, slave, `function`, address, `count`, value, "
                   "actor, result, details) VALUES ('2026-01-01', '1001', 'setpoint', 17, 6, 100, 1, '23.5', 'Mei', "
                   "'written', '')")
    writes = web.get("/api/writes?device_id=1001").json()
    assert writes == [{"id": writes[0]["id"], "timestamp": "2026-01-01T00:00:00.000Z", "device_id": "1001",
                       "point": "setpoint", "slave": 17, "function": 6, "address": 100, "count": 1, "value": "23.5",
                       "actor": "Mei", "result": "written", "details": ""}]
    assert web.get("/api/writes?device_id=1002").json() == []
