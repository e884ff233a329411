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


def test_a_long_curve_comes_in_buckets_and_the_export_whole(web, data, database):
    device = database.value("SELECT id FROM devices WHERE device_id = '1001'")
    point = database.value("SELECT id FROM points WHERE name = 'temperature'")
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
