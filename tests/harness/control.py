"""The collector's control channel: HTTP on a unix socket."""
import http.client
import json
import socket


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def get(hub, path):
    """(status, text) of GET path at the Collector hub."""
    return _ask(hub, "GET", path)


def post(hub, path, data):
    """(status, object) of POST path with data, an object or text; the answer is JSON."""
    code, text = _ask(hub, "POST", path, data if isinstance(data, str) else json.dumps(data))
    return code, json.loads(text)


def _ask(hub, method, path, body=None):
    connection = Connection(hub.control_socket)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def status(hub):
    return json.loads(get(hub, "/status")[1])


def metrics(hub):
    """{name: number}, without the prefix dtuhub_; a bucket's name has its label."""
    rows = (line.rsplit(" ", 1) for line in get(hub, "/metrics")[1].splitlines() if not line.startswith("#"))
    return {name.removeprefix("dtuhub_"): float(value) for name, value in rows}


def drained(hub):
    """The metrics, once no device is online and everything taken in is stored or counted as dropped; else None."""
    now = metrics(hub)
    if now["devices_online"] == 0 and now["cache_records"] == 0 and \
            now["cache_appended_total"] == now["writer_records_total"] + now["cache_dropped_total"]:
        return now
    return None
