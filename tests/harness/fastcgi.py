"""A web server's side of FastCGI: one request on a connection of its own."""
import re
import socket
import struct

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def _record(kind, content=b""):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


class Request:
    """GET path, sent at once; status() waits for the end of the answer.
    keep: the connection stays, as a web server keeps it for its next request, until close()."""

    def __init__(self, socket_path, path, keep=False):
        self._keep = keep
        params = b"".join(struct.pack(">BB", len(name), len(value)) + name + value for name, value in (
            (b"REQUEST_METHOD", b"GET"), (b"REQUEST_URI", path.encode())))
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        self._socket.connect(str(socket_path))
        self._socket.sendall(_record(BEGIN, struct.pack(">HBxxxxx", 1, keep)) + _record(PARAMS, params) + _record(PARAMS)
                             + _record(STDIN))
        self._stream = self._socket.makefile("rb")

    def status(self):
        text = b""
        while True:
            _, kind, _, size, padding = struct.unpack(">BBHHBx", self._stream.read(8))
            content = self._stream.read(size)
            self._stream.read(padding)
            if kind == END:
                if not self._keep:
                    self.close()
                return int(re.search(rb"(?m)^Status: (\d+)", text)[1])
            text += content if kind == STDOUT else b""

    def close(self):
        self._stream.close()
        self._socket.close()
