"""What the pages show of slaves, and of who is missing and why, with the test in the collector's place."""
import json
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer
from urllib.parse import parse_qs, urlsplit

import pytest

HOSTILE = "</td><script>alert(1)</script>"
LINE = {"device_id": "1001", "name": "Boiler", "peer": "10.0.0.7:40112", "profile": "usr", "framing": "rtu",
        "since": 1700000000000, "seen_at": 1700000001000, "heartbeats": 3, "answers": 4, "timeouts": 5,
        "noise_bytes": 6, "slaves": [
            {"slave": 1, "name": "pump", "state": "alive", "since": 1700000000000, "answered_at": 1700000000500,
             "answers": 1234, "exceptions": 1, "timeouts": 0},
            {"slave": 2, "name": HOSTILE, "state": "dead", "since": 1700000000000, "answered_at": None,
             "answers": 0, "exceptions": 0, "timeouts": 77},
            {"slave": 3, "name": "", "state": "unknown", "since": None, "answered_at": None,
             "answers": 0, "exceptions": 0, "timeouts": 0}]}
STRANGERS = [{"device_id": HOSTILE, "peer": "10.0.0.9:1", "profile": "usr", "first_seen": 1700000000000,
              "last_seen": 1700000100000, "times": 12, "connected": True}]


class FakeCollector:
    """Answers on the control socket with what `answers` says of a path, else with 404."""

    def __init__(self, path):
        self.answers = {}
        self.asked = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                url = urlsplit(self.path)
                outer.asked.append((url.path, parse_qs(url.query)))
                body = outer.answers.get(url.path)
                text = (body if isinstance(body, str) else json.dumps(body)).encode()
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

            def address_string(self):
                return "unix"

        self.server = ThreadingUnixStreamServer(str(path), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def fake(collector, web, collectors, database):
    collectors[0].stop()
    database.query("INSERT INTO devices (device_id, first_seen, last_seen, status, name, tags) "
                   "VALUES ('1001', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), 'online', 'Boiler', 'heat,east')")
    fake = FakeCollector(collectors[0].control_socket)
    yield fake
    fake.close()


def english(web, path):
    answer = web.request(path, headers={"Accept-Language": "en"})
    assert answer.status == 200
    return answer.text


def test_slaves_are_shown_with_their_state(web, fake):
    fake.answers["/line"] = LINE
    page = english(web, "/device/1001")
    assert fake.asked[-1] == ("/line", {"device": ["1001"]})
    assert page.count('class="state state-alive"') == page.count('class="state state-dead"') == 1
    assert page.count('class="state state-unknown"') == 1
    assert "1,235" in page and ">Dead</span>" in page and "pump" in page
    assert HOSTILE not in page and "&lt;script&gt;" in page
    line = web.get("/api/device/1001/line").json()
    assert line["since"] == "2023-11-14T22:13:20.000Z"
    assert line["slaves"][0]["answered_at"] == "2023-11-14T22:13:20.500Z"
    assert line["slaves"][1]["answered_at"] is None and line["slaves"][1]["state"] == "dead"


def test_an_id_stays_one_parameter(web, fake, database):
    database.query("INSERT INTO devices (device_id, first_seen, last_seen) VALUES ('a&b=c/d?', NOW(), NOW())")
    english(web, "/device/a%26b%3Dc%2Fd%3F")
    assert fake.asked[-1] == ("/line", {"device": ["a&b=c/d?"]})


def test_a_device_without_slaves(web, fake):
    fake.answers["/line"] = {**LINE, "slaves": []}
    assert "No slave is asked" in english(web, "/device/1001")


@pytest.mark.parametrize("answer", ["", "[]", "{", '"text"', "{}", '{"slaves": 7}', '{"slaves": [7, null, {"state": 5}]}'])
def test_nonsense_breaks_no_page(web, fake, answer):
    fake.answers = dict.fromkeys(["/line", "/lines", "/quarantine", "/expected", "/refusals", "/dials"], answer)
    fake.answers["/status"] = {}
    english(web, "/device/1001")
    english(web, "/devices")
    english(web, "/lines")
    for path in ("/api/lines", "/api/quarantine", "/api/device/1001/line", "/api/expected", "/api/refusals",
                 "/api/dials"):
        assert web.get(path).status in (200, 503)


def test_strangers_are_shown_and_counted_on_the_devices_page(web, fake):
    assert "Unknown devices" not in english(web, "/devices")
    fake.answers.update({"/status": {"devices_expected": 0}, "/expected": [], "/quarantine": []})
    assert "Unknown devices" not in english(web, "/devices")
    assert "No unknown device has called" in english(web, "/lines")
    fake.answers["/quarantine"] = STRANGERS
    assert '<b class="num">1</b> <a href="/lines#strangers">' in english(web, "/devices")
    page = english(web, "/lines")
    assert "10.0.0.9:1" in page and "Connected, waits" in page
    assert HOSTILE not in page
    assert web.get("/api/quarantine").json()[0]["first_seen"] == "2023-11-14T22:13:20.000Z"
    assert "未知设备" in web.request("/lines", headers={"Accept-Language": "zh-CN"}).text


def missing(device_id, **more):
    return {"device_id": device_id, "name": "", "profile": None, "dial": None, "online": False, "refusal": None,
            "refused_at": None, **more}


def test_who_is_missing_and_why(web, fake, database):
    database.query("INSERT INTO connection_history (device_id, event, `timestamp`, details) VALUES "
                   "('1001', 'disconnect', '2026-01-01', 'older'), ('1001', 'disconnect', '2026-01-02', "
                   "'heartbeat timeout')")
    database.query("INSERT INTO devices (device_id, first_seen, last_seen) VALUES ('1002', '2023-01-01', '2024-01-01')")
    fake.answers.update({
        "/status": {"devices_expected": 9},
        "/expected": [missing("1001", name="Boiler"),
                      missing("1002", refusal="refused: wrong secret", refused_at=1700000000000),
                      missing("1003", refusal="refused: wrong secret", refused_at=1700000000000),
                      missing("1004", name=HOSTILE),
                      missing("plc", profile="plc", dial={"host": "10.1.1.1", "port": 502})],
        "/dials": [{"device_id": "plc", "host": "10.1.1.1", "port": 502, "state": "waiting", "failures": 3,
                    "error": "Connection refused", "next": 1700000000000}]})
    page = english(web, "/lines")
    assert ("/expected", {"online": ["no"]}) in fake.asked
    assert '<a href="#missing">5</a> <small>/ 9</small>' in page
    assert "Last line: heartbeat timeout" in page and "older" not in page
    assert page.count("refused: wrong secret") == 1  # 1002 was online after it
    assert page.count("It has not called") == 1 and HOSTILE not in page
    assert "10.1.1.1:502" in page and "Connection refused" in page and "2023-11-14T22:13:20.000Z" in page
    assert 'href="/device/1001"' in page and 'href="/device/1003"' not in page
    assert "拒绝：密钥错误" in web.request("/lines", headers={"Accept-Language": "zh-CN"}).text
    assert web.get("/api/dials").json()[0]["next"] == "2023-11-14T22:13:20.000Z"
    assert web.get("/api/expected").json()[1]["refused_at"] == "2023-11-14T22:13:20.000Z"
    fake.answers["/expected"] = [missing(str(n)) for n in range(300)]
    assert "200 of 300 are shown" in english(web, "/lines")
    fake.answers["/expected"] = []
    assert "All expected devices are online" in english(web, "/lines")
    fake.answers["/status"] = {}
    assert "Nobody is expected" in english(web, "/lines")


def test_refused_lines_are_shown_with_their_bytes(web, fake):
    fake.answers.update({"/status": {}, "/expected": [], "/refusals": [
        {"device_id": HOSTILE, "peer": "2001:db8::7", "port": 40112, "reason": "protocol error: " + HOSTILE,
         "text": "<script>alert(1)", "hex": "3c7363", "times": 1234, "first_at": 1700000000000,
         "last_at": 1700000000000},
        {"device_id": "", "peer": "10.0.0.1", "port": 1, "reason": "no registration in time", "text": "", "hex": "",
         "times": 1, "first_at": 1700000000000, "last_at": 1700000000000}]})
    page = english(web, "/lines")
    assert "3c 73 63" in page and "&lt;script&gt;alert(1)" in page and "[2001:db8::7]:40112" in page
    assert "1,234" in page and "none came" in page
    assert "<script>alert" not in page
    assert web.get("/api/refusals").json()[0]["last_at"] == "2023-11-14T22:13:20.000Z"


def test_dead_slaves_of_devices_online(web, fake):
    fake.answers.update({"/status": {}, "/expected": []})
    assert "No slave of an online device is dead" in english(web, "/lines")
    fake.answers["/lines"] = [LINE]
    page = english(web, "/lines")
    assert ("/lines", {"slaves": ["dead"]}) in fake.asked
    assert "Boiler" in page and "77" in page and "pump" not in page and HOSTILE not in page


@pytest.mark.parametrize("language, texts", [
    ("en", ["<dt>Journal</dt>", "Written", "Off", ">Not written</span>", "Not stored yet / oldest", "2 min 5 s"]),
    ("zh-CN", ["<dt>磁盘缓冲</dt>", "写入正常", "未启用", ">无法写入</span>", "待入库 / 最早", "2 分 5 秒"])])
def test_the_dashboard_shows_the_journal(web, fake, language, texts):
    def page(**status):
        fake.answers["/status"] = {"database": "up", "journal_error": "", **status}
        return web.request("/", headers={"Accept-Language": language}).text
    title, written, off, failed, waiting, age = texts
    text = page(journal="ok", journal_records=0, journal_oldest_age_ms=0)
    assert title in text and written in text and waiting in text
    assert failed not in text and off not in text and "notice-warning" not in text
    text = page(journal="ok", journal_records=12345, journal_oldest_age_ms=125000)
    assert f'12,345 <span class="text-secondary">/ {age}</span>' in text
    text = page(journal="failed", journal_error="disk full: " + HOSTILE, journal_records=1, journal_oldest_age_ms=1)
    assert failed in text and written not in text
    assert text.count("notice-warning") == 1 and "disk full: " in text and HOSTILE not in text
    text = page(journal="off")
    assert off in text and written not in text and failed not in text


def test_without_a_collector_the_page_says_so(web, fake):
    page = english(web, "/lines")
    assert "who is connected and who was refused is known only while it runs" in page
    assert "All expected devices" not in page
