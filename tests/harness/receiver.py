"""A receiver of webhooks: an HTTP server on 127.0.0.1 that records what it is sent, and fails as it is told.

    receiver.script("/ops", Reply(500), Hang(), Cut())   the next calls of /ops, in this order; then 200 again
    receiver.always("/ops", Reply(410))                  each call of /ops that no script is left for
    receiver.down(), receiver.up()                       connections are refused, and taken again
"""
import json
import socket
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .net import free_port


@dataclass
class Reply:
    """An answer as it should be."""
    status: int = 200
    body: bytes = b"ok"
    headers: dict = field(default_factory=dict)


class Hang:
    """No answer until the other side gives up."""


class Cut:
    """The head of an answer and a part of its body, and the end of the connection."""


@dataclass
class Call:
    method: str
    path: str
    headers: dict
    body: bytes
    at: float  # monotonic
    peer: tuple
    reply: object

    @property
    def id(self):
        return self.headers.get("webhook-id")

    def json(self):
        return json.loads(self.body)

    @property
    def taken(self):
        return isinstance(self.reply, Reply) and 200 <= self.reply.status < 300


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.server.receiver.open_sockets.add(self.connection)

    def finish(self):
        self.server.receiver.open_sockets.discard(self.connection)
        try:
            super().finish()
        except OSError:
            pass

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass

    def take(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.receiver.record(self.command, self.path, headers, body, self.client_address)
        if isinstance(reply, Reply):
            self.reply(reply)
        elif isinstance(reply, Cut):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes ")
            self.close_connection = True
        else:
            self.close_connection = True
            self.rfile.read(1)  # its end

    do_POST = do_PUT = do_PATCH = do_GET = take

    def reply(self, reply):
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


class Receiver:
    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.open_sockets = set()
        self._lock = threading.Lock()
        self._calls = []
        self._scripts = defaultdict(deque)
        self._always = {}
        self._server = None
        self.up()

    def script(self, path, *replies):
        with self._lock:
            self._scripts[path].extend(replies)

    def always(self, path, reply):
        with self._lock:
            self._always[path] = reply

    def record(self, method, path, headers, body, peer):
        with self._lock:
            script = self._scripts[path]
            reply = script.popleft() if script else self._always.get(path, Reply())
            self._calls.append(Call(method, path, headers, body, time.monotonic(), peer, reply))
            return reply

    def calls(self, path=None):
        """Those recorded so far, in order; of one path or of all."""
        with self._lock:
            return [call for call in self._calls if path in (None, call.path)]

    def taken(self, path=None):
        """Those that were answered with 2xx."""
        return [call for call in self.calls(path) if call.taken]

    def up(self, tls=None):
        """tls: an ssl.SSLContext; without it, plain HTTP."""
        if self._server is not None:
            return
        self._server = Server(("127.0.0.1", self.port), Handler)
        self._server.receiver = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def down(self):
        if self._server is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._server = None
        for connection in list(self.open_sockets):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.down()
