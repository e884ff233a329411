"""A DTU in the original's wire format, byte by byte, for tests that want to be exact or wicked."""
import socket
import struct
import time


def crc16(data):
    """CRC-16/MODBUS, low byte first as on the wire."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return struct.pack("<H", crc)


def modbus(*parts):
    """A frame with its CRC; each part is a number (one byte) or bytes."""
    body = b"".join(bytes([p]) if isinstance(p, int) else p for p in parts)
    return body + crc16(body)


def tlv(kind, payload=b""):
    return bytes([kind, len(payload)]) + payload


class Closed(Exception):
    """The server closed the line."""


class TlvClient:
    """One DTU. Reads have a deadline; every method says on failure what came instead."""

    def __init__(self, port, device_id=None, host="127.0.0.1", timeout=10.0):
        self.timeout = timeout
        self.sock = socket.create_connection((host, port), timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._held = b""
        if device_id is not None:
            self.register(device_id)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        """Drop the line with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def send(self, data, one_by_one=False):
        for piece in ([bytes([b]) for b in data] if one_by_one else [data]):
            self.sock.sendall(piece)

    def read(self, count, timeout=None):
        """Exactly count bytes."""
        deadline = time.monotonic() + (timeout or self.timeout)
        while len(self._held) < count:
            self.sock.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                more = self.sock.recv(4096)
            except TimeoutError:
                raise AssertionError(f"wanted {count} bytes, got {self._held.hex() or 'none'} in time") from None
            except ConnectionError:
                more = b""
            if not more:
                raise Closed(f"wanted {count} bytes, the line closed after {self._held.hex() or 'none'}")
            self._held += more
        data, self._held = self._held[:count], self._held[count:]
        return data

    def expect(self, data, timeout=None):
        """Read len(data) bytes, which must be these."""
        got = self.read(len(data), timeout)
        assert got == data, f"expected {data.hex()}, got {got.hex()}"

    def wait_closed(self, timeout=None):
        """Read until the server closes the line; the bytes that came before."""
        got = self._held
        self._held = b""
        try:
            while True:
                got += self.read(1, timeout)
        except Closed:
            return got

    def quiet(self, seconds):
        """Nothing comes for this long."""
        self.sock.settimeout(seconds)
        try:
            more = self._held or self.sock.recv(4096)
        except TimeoutError:
            return
        raise AssertionError(f"expected silence, got {more.hex() if more else 'the end of the line'}")

    def register(self, device_id):
        """Send the registration (a number below 2^32) and read its acknowledgement."""
        self.send(struct.pack(">I", device_id))
        self.expect(b"\x01")

    def read_query(self, timeout=None):
        """The next query frame of the server, the payload of a 04 packet; acknowledgements before it are passed over."""
        while True:
            kind = self.read(1, timeout)[0]
            if kind in (1, 2, 3):
                continue
            assert kind == 4, f"expected a query (04), got {kind:02x}"
            frame = self.read(self.read(1)[0])
            assert modbus(frame[:-2]) == frame, f"the query {frame.hex()} has a wrong CRC"
            return frame

    def answer(self, query, registers):
        """Answer a read of holding or input registers; registers is {address: 16 bit number}, others are 0."""
        unit, function, start, count = struct.unpack(">BBHH", query[:6])
        words = struct.pack(f">{count}H", *(registers.get(start + i, 0) for i in range(count)))
        self.send(tlv(4, modbus(unit, function, len(words), words)))

    def answer_next(self, registers, timeout=None):
        """Read a query and answer it; the query."""
        query = self.read_query(timeout)
        self.answer(query, registers)
        return query
