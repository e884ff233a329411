"""Whom a webhook calls: names whose address changes, certificates, and HTTP/2 where the receiver has it."""
import grp
import os
import pwd
import socket
import ssl
import subprocess

import pytest

from harness.clock import Clock
from harness.net import free_port, listening
from harness.parts import ROOT
from harness.receiver import Receiver, Reply
from harness.tlv import TlvClient
from harness.wait import wait_for

NAME = "receiver.example"
PRELOAD = ROOT / "build" / "preload" / "names.so"


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def certificate(folder, name, host="localhost"):
    """A self-signed one for this host: its file, which is its own authority, and its key's."""
    made, key = folder / f"{name}.pem", folder / f"{name}.key"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 2,
            "-keyout", key, "-out", made, "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}")
    return made, key


def come_and_go(hub):
    """Two events."""
    with TlvClient(hub.port, 1001):
        pass


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def hub(collector, database):
    def start(env=None, deny=None, **targets):
        short = {"events": ["device_online", "device_offline"], "retries": [0.1] * 5}
        hub = collector(server={"webhooks": {"targets": {name: {**short, **target} for name, target in targets.items()},
                                             **({"deny": deny} if deny else {})}}, env=env)
        hub.process.wait_log("is ready")
        come_and_go(hub)
        return hub
    return start


def tries(database, target):
    return database.query("SELECT t.* FROM webhook_tries t JOIN webhook_deliveries d ON d.id = t.delivery "
                          "WHERE d.target = %s ORDER BY t.id", target)


def delivered(database, target, count):
    where = "SELECT COUNT(*) FROM webhook_deliveries WHERE status = 'delivered' AND target = %s"
    wait_for(lambda: database.value(where, target) == count, 20, lambda: f"to be delivered: {tries(database, target)}")


def unasked(listener):
    """Nobody has connected to it."""
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_a_name_that_moves_to_a_denied_address_is_not_called(hub, receiver, database, tmp_path):
    """DNS rebinding: the first answer is fine, the next one is not. Each connection is looked at, not the name."""
    receiver.always("/ops", Reply(headers={"Connection": "close"}))
    clock = Clock(tmp_path / "clock")
    env = {**clock.env, "LD_PRELOAD": f"{clock.env['LD_PRELOAD']}:{PRELOAD}", "DTUHUB_NAME": NAME,
           "DTUHUB_ADDRESSES": "127.0.0.1,127.0.0.2"}
    with socket.create_server(("127.0.0.2", receiver.port)) as denied:
        started = hub(env, ["127.0.0.2"], ops={"url": f"http://{NAME}:{receiver.port}/ops", "retries": []})
        delivered(database, "ops", 2)
        clock.set(120)  # an answer is kept for a minute
        come_and_go(started)
        wait_for(lambda: len(tries(database, "ops")) == 4, 20, "two more tries")
        unasked(denied)
    assert [row["http_status"] for row in tries(database, "ops")] == [200, 200, None, None]
    assert tries(database, "ops")[-1]["error"] == "the address 127.0.0.2 is not called: webhooks.deny"
    assert len(receiver.calls()) == 2


def tls(receiver, made):
    """The receiver speaks TLS with this certificate from now on; its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*made)
    receiver.down()
    receiver.up(context)
    return f"https://localhost:{receiver.port}"


def test_a_certificate_of_nobody_is_refused_and_taken_with_its_own_ca(hub, receiver, database, tmp_path):
    made = certificate(tmp_path, "own")
    other, _ = certificate(tmp_path, "other")
    url = tls(receiver, made)
    hub(nobody={"url": url + "/nobody", "retries": []}, other={"url": url + "/other", "ca_file": str(other), "retries": []},
        wrong_name={"url": url.replace("localhost", "127.0.0.1") + "/name", "ca_file": str(made[0]), "retries": []},
        own={"url": url + "/own", "ca_file": str(made[0])})
    delivered(database, "own", 2)
    for name, said in (("nobody", "certificate"), ("other", "certificate"), ("wrong_name", "127.0.0.1")):
        rows = wait_for(lambda: len(rows := tries(database, name)) == 2 and rows, 20, "both tries")
        assert [row["http_status"] for row in rows] == [None, None] and said in rows[0]["error"], rows
    assert {call.path for call in receiver.calls()} == {"/own"}


NGINX = """{user}
daemon off;
pid {folder}/h2.pid;
events {{}}
http {{
    log_format seen '$server_protocol $request_method $uri $status $http_webhook_id';
    access_log {folder}/seen.log seen;
    {temps}
    server {{
        listen 127.0.0.1:{port} ssl {http2};
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        location / {{ proxy_pass http://127.0.0.1:{behind}; }}
    }}
}}
"""


@pytest.mark.parametrize("http2, spoken", [("http2", "HTTP/2.0"), ("", "HTTP/1.1")])
def test_http_2_is_spoken_where_it_is_offered(hub, receiver, run, database, tmp_path, http2, spoken):
    port, (made, key) = free_port(), certificate(tmp_path, "own")
    temps = " ".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = f"user {pwd.getpwuid(0).pw_name} {grp.getgrgid(0).gr_name};" if os.geteuid() == 0 else ""
    (tmp_path / "h2.conf").write_text(NGINX.format(folder=tmp_path, port=port, behind=receiver.port, certificate=made,
                                                   key=key, temps=temps, user=user, http2=http2))
    nginx = run.start("nginx", ["nginx", "-p", tmp_path, "-c", tmp_path / "h2.conf", "-e", "stderr"])
    nginx.wait_ready(lambda: listening(port))
    hub(ops={"url": f"https://localhost:{port}/ops", "ca_file": str(made)})
    delivered(database, "ops", 2)
    seen = [line.split() for line in (tmp_path / "seen.log").read_text().splitlines()]
    uids = [row["uid"] for row in database.query("SELECT uid FROM webhook_deliveries ORDER BY id")]
    assert seen == [[spoken, "POST", "/ops", "200", uid] for uid in uids]
