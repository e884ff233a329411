"""A DTU in transparent mode, byte by byte: what TlvClient is for the original's framing."""
import socket
import struct

from .tlv import TlvClient, modbus


class Line(TlvClient):
    """A connection from ${source}; ${data} is sent at once."""

    def __init__(self, port, data=b"", source="127.0.0.1", timeout=20.0):
        self.timeout = timeout
        self.sock = socket.create_connection(("127.0.0.1", port), timeout, (source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._held = b""
        self.send(data)

    @property
    def local_port(self):
        return self.sock.getsockname()[1]

    def read_query(self, timeout=None):
        """The next query, which must be a read."""
        frame = self.read(8, timeout)
        assert modbus(frame[:-2]) == frame, f"the query {frame.hex()} has a wrong CRC"
        return frame

    def answer(self, query, registers):
        unit, function, start, count = struct.unpack(">BBHH", query[:6])
        words = struct.pack(f">{count}H", *(registers.get(start + i, 0) for i in range(count)))
        self.send(modbus(unit, function, len(words), words))
