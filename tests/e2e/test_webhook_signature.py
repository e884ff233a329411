"""What a call is signed with, held against the public verifier of Standard Webhooks."""
import base64
import json
import os
import subprocess

import pytest

from harness.parts import ROOT
from harness.receiver import Receiver
from harness.tlv import TlvClient
from harness.wait import wait_for

KEY = "whsec_" + base64.b64encode(bytes(range(100, 132))).decode()
OTHER_KEY = "whsec_" + base64.b64encode(bytes(range(32))).decode()
SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")


def verdicts(*calls):
    """What tests/npm/verify.js says of each (secret, headers, body)."""
    question = [{"secret": secret, "headers": headers, "body": base64.b64encode(body).decode()}
                for secret, headers, body in calls]
    done = subprocess.run(["node", ROOT / "tests" / "npm" / "verify.js"], input=json.dumps(question), text=True,
                          capture_output=True, timeout=60,
                          env={**os.environ, "NODE_PATH": str(ROOT / "build" / "test-npm" / "node_modules")})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def changed(data, at):
    """data, text or bytes, with one character of it another one; digits stay digits."""
    if isinstance(data, str):
        return data[:at] + ("1" if data[at] == "0" else "0") + data[at + 1:]
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


@pytest.fixture
def call(collector, database):
    """call(secret): a call that a target with it was sent."""
    receiver = Receiver()

    def made(secret):
        target = {"url": receiver.url + "/ops", "events": ["device_online"], "format": "standard_webhooks",
                  "secret": secret}
        hub = collector(server={"webhooks": {"targets": {"ops": target}}})
        hub.process.wait_log("is ready")
        with TlvClient(hub.port, 1001):
            return wait_for(lambda: receiver.calls("/ops"), 10, "the call")[0]
    yield made
    receiver.close()


def test_the_public_verifier_accepts_it_and_nothing_else(call):
    call = call(KEY)
    headers = {name: call.headers[name] for name in SIGNED}
    accepted, other_key = verdicts((KEY, headers, call.body), (OTHER_KEY, headers, call.body))
    assert accepted["accepted"]["type"] == "device_online" and accepted["accepted"]["data"]["device_id"] == "1001"
    assert "No matching signature" in other_key["refused"]
    wrong = [(KEY, headers, changed(call.body, at)) for at in range(len(call.body))]
    for name, at in (("webhook-id", -1), ("webhook-timestamp", -1), ("webhook-signature", 10)):
        value = headers[name]
        wrong.append((KEY, {**headers, name: changed(value, at % len(value))}, call.body))
    for verdict in verdicts(*wrong):
        assert "No matching signature" in verdict.get("refused", ""), verdict


def test_it_accepts_the_old_key_and_the_new_one(call):
    call = call(f"{OTHER_KEY} {KEY}")
    headers = {name: call.headers[name] for name in SIGNED}
    assert all("accepted" in verdict for verdict in verdicts(*((key, headers, call.body) for key in (KEY, OTHER_KEY))))
