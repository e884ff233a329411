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


def request(hub, method, path, body=None, timeout=10):
    """(status, text) of a request to the Collector hub."""
    connection = Connection(hub.control_socket)
    connection.timeout = timeout
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def get(hub, path):
    """(status, text) of GET path."""
    return request(hub, "GET", path)


def post(hub, path, data):
    """(status, object) of POST path with data, an object or text; the answer is JSON."""
    code, text = request(hub, "POST", path, data if isinstance(data, str) else json.dumps(data))
    return code, json.loads(text)


def get_json(hub, path):
    status_code, text = get(hub, path)
    assert status_code == 200, text
    return json.loads(text)


def write(hub, **order):
    """(status, answer) of POST /write: see collector/write_request.h."""
    status_code, text = request(hub, "POST", "/write", json.dumps(order), timeout=40)
    return status_code, json.loads(text)


def status(hub):
    return json.loads(get(hub, "/status")[1])


def metrics(hub):
    """{name: number}, without the prefix dtuhub_; a bucket's name has its label."""
    rows = (line.rsplit(" ", 1) for line in get(hub, "/metrics")[1].splitlines() if not line.startswith("#"))
    return {name.removeprefix("dtuhub_"): float(value) for name, value in rows}


def drained(hub):
    """The metrics, once no device is online and everything taken in is stored or counted as dropped; else None."""
    now = metrics(hub)
    if now["devices_online"] == now["cache_records"] == now["journal_records"] == 0 and \
            now["cache_appended_total"] == now["writer_records_total"] + now["writer_rejected_total"] + \
            now["cache_dropped_total"]:
        return now
    return None
