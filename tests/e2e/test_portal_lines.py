"""What the pages show of slaves and of devices that are not let in, with the test in the collector's place."""
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
              "last_seen": 1700000100000, "times": 12}]


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
    fake.answers = dict.fromkeys(["/line", "/lines", "/quarantine"], answer)
    english(web, "/device/1001")
    english(web, "/devices")
    for path in ("/api/lines", "/api/quarantine", "/api/device/1001/line"):
        assert web.get(path).status in (200, 503)


def test_strangers_are_shown_only_where_there_are_any(web, fake):
    assert "Unknown devices" not in english(web, "/devices")
    fake.answers["/quarantine"] = []
    assert "Unknown devices" not in english(web, "/devices")
    fake.answers["/quarantine"] = STRANGERS
    page = english(web, "/devices")
    assert "Unknown devices" in page and "10.0.0.9:1" in page
    assert HOSTILE not in page
    assert web.get("/api/quarantine").json()[0]["first_seen"] == "2023-11-14T22:13:20.000Z"
    assert "未知设备" in web.request("/devices", headers={"Accept-Language": "zh-CN"}).text
