"""POST /write of the control channel: what is refused, and that the audit says so."""
from harness.control import get, post
from harness.tlv import TlvClient
from harness.wait import wait_for


def test_refusals_are_answered_and_kept(collector, database):
    hub = collector()
    wait_for(lambda: get(hub, "/readyz")[0] == 200, 10, "the database")
    assert post(hub, "/write", "{\"device\"")[0] == 400
    code, answer = post(hub, "/write", {"device": "1001", "pint": "setpoint", "value": 1})
    assert (code, answer) == (400, {"error": "pint is not known: did you mean point?"})
    order = {"device": "1001", "point": "setpoint", "value": 23.5, "actor": "Mei"}
    assert post(hub, "/write", order)[0] == 404
    with TlvClient(hub.port, device_id=1001):
        wait_for(lambda: get(hub, "/line?device=1001")[0] == 200, 10, "the device")
    wait_for(lambda: get(hub, "/line?device=1001")[0] == 404, 10, "its end")
    assert post(hub, "/write", order) == (409, {"error": "device 1001 is offline: nothing was sent"})
    raw = {"device": "1001", "slave": 17, "function": 16, "address": 1, "values": [10, 258]}
    assert post(hub, "/write", raw)[0] == 409
    rows = wait_for(lambda: (rows := database.query("SELECT * FROM write_log ORDER BY id")) and len(rows) == 2 and rows,
                    10, "the audit")
    assert [(row["device_id"], row["actor"], row["point"], row["value"], row["result"]) for row in rows] == [
        ("1001", "Mei", "setpoint", "23.5", "refused"), ("1001", "control", "", "10 258", "refused")]
    assert [(row["slave"], row["function"], row["address"], row["count"]) for row in rows] == [
        (0, 0, 0, 0), (17, 16, 1, 2)]
    assert {row["details"] for row in rows} == {"device 1001 is offline: nothing was sent"}
