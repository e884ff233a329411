"""From the wire to the browser: one DTU by hand through collector, database, webapp and nginx."""
import gzip
import socket

import pytest

from harness.tlv import TlvClient
from harness.wait import wait_for

TASKS = {"query_tasks": {1: {"interval": 1}}}


@pytest.mark.asan
def test_a_reading_arrives(collector, web_after, database):
    hub = collector(data=TASKS)
    web = web_after()
    with TlvClient(hub.port, device_id=1001) as dtu:
        dtu.answer_next({2000: 215})
        wait_for(lambda: database.value("SELECT value FROM device_data WHERE data_point = 'temperature'") == 21.5, 5,
                 "the reading in the database")
        device = web.get("/api/devices").json()[0]
        assert (device["device_id"], device["status"]) == ("1001", "online")
        rows = web.get("/api/device/1001/data?limit=50").json()
        assert {"temperature": 21.5}.items() <= {r["data_point"]: r["value"] for r in rows}.items()
        page = web.get("/device/1001")
        assert page.status == 200 and b'<td class="right num value">21.5</td>' in page.body
        assert b"21.5" in web.get("/export?device_id=1001").body
        dtu.sock.shutdown(socket.SHUT_WR)  # in good order, also where a query is on its way
        dtu.wait_closed()
    wait_for(lambda: web.get("/api/devices").json()[0]["status"] == "offline", 5, "the device offline")
    assert "closed by the DTU" in web.get("/connections", headers={"Cookie": "lang=en"}).body.decode()
    chinese = web.get("/connections", headers={"Cookie": "lang=zh-CN"}).body.decode()
    assert "DTU 断开了连接" in chinese and "closed by the DTU" not in chinese


@pytest.mark.asan
def test_readings_survive_a_restart_of_the_database(collector, database, mariadb):
    hub = collector(data=TASKS)
    with TlvClient(hub.port, device_id=7) as dtu:
        dtu.answer_next({2000: 1})
        wait_for(lambda: database.value("SELECT COUNT(*) FROM device_data WHERE raw_value = 1"), 5, "the first reading")
        mariadb.kill()
        dtu.answer_next({2000: 2}, timeout=5)
        mariadb.start()
        wait_for(lambda: database.value("SELECT COUNT(*) FROM device_data WHERE raw_value = 2"), 20,
                 "the reading taken while the database was away")


def test_what_nginx_adds(web):
    page = web.get("/", headers={"Accept-Encoding": "gzip"})
    assert page.status == 200 and page.headers["Content-Encoding"] == "gzip"
    assert b"<html" in gzip.decompress(page.body)
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"

    asset = web.get("/assets/app.css?v=1")
    assert asset.status == 200 and "immutable" in asset.headers["Cache-Control"]
    assert asset.headers["Content-Security-Policy"]
    assert web.get("/assets/app.css").headers["Cache-Control"] == "no-cache"
    assert web.get("/assets/../nginx.conf").status in (400, 404)
    assert web.get("/assets/").status == 403


def test_requests_that_are_too_large_never_reach_the_webapp(web):
    assert web.post("/webhook/test", {"data": "x" * (2 << 20)}).status == 413
    assert web.get("/?" + "x" * 20000).status == 414


def test_idle_browsers_hold_no_thread(web):
    """More kept connections than the webapp has threads, and it still answers."""
    kept = []
    try:
        for _ in range(40):
            s = socket.create_connection(("127.0.0.1", web.port), 10)
            kept.append(s)
            s.sendall(b"GET /api/devices HTTP/1.1\r\nHost: x\r\n\r\n")
            assert s.recv(15) == b"HTTP/1.1 200 OK"
        assert web.get("/api/devices", timeout=5).status == 200
    finally:
        for s in kept:
            s.close()
