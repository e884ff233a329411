"""The collector's journal as a test reads it: groups as in collector/store/group.c, records as in collector/record.h."""
import sqlite3
import struct
import zlib
from collections import defaultdict
from typing import NamedTuple

HEADER = struct.Struct("=IIHHHH32sQqIIIIII")
ENTRY = struct.Struct("=IHbB4H")
HEAD = struct.Struct("=BBHIIIq")
SAMPLE = struct.Struct("=IHHdQ")
MAGIC = 0x314A5444
CONNECTION_SIZE = 48
SAMPLES, PACKET, HEARTBEAT, CONNECTION, EVENT, WRITE, NEWS = range(1, 8)
EVENT_ID_LENGTH = 36  # a NEWS begins with it
HAS_NUMBER, HAS_RAW = 1, 2


class Record(NamedTuple):
    seq: int
    type: int
    code: int
    ts_ms: int
    device: str
    body: bytes  # of SAMPLES {point: (number, raw)}


class Group:
    """journal (its id), first_seq, records."""

    def __init__(self, data, crc):
        assert zlib.crc32(data) == crc & 0xFFFFFFFF, "the group's checksum is wrong"
        (magic, _, _, head, sample, connection, journal, self.first_seq, _, count, devices, points, dictionary, size,
         _) = HEADER.unpack_from(data)
        assert magic == MAGIC and (head, sample, connection) == (HEAD.size, SAMPLE.size, CONNECTION_SIZE)
        assert HEADER.size + dictionary + size == len(data)
        self.journal = journal.decode()
        self._data, at = data, HEADER.size
        self._devices, at = self._names(devices, at, 0)
        self._points, at = self._names(points, at, 1)
        self.records = list(self._walk(at))
        assert len(self.records) == count

    def _names(self, count, at, which):
        """{reference: name}; which of an entry's texts is it."""
        names = {}
        for _ in range(count):
            ref, _, _, _, *sizes = ENTRY.unpack_from(self._data, at)
            start = at + ENTRY.size + sum(sizes[:which])
            names[ref] = self._data[start:start + sizes[which]].decode()
            at += ENTRY.size + sum(sizes)
        return names, at

    def _walk(self, at):
        seq = self.first_seq
        while at < len(self._data):
            kind, code, count, size, device, _, ts_ms = HEAD.unpack_from(self._data, at)
            body = self._data[at + HEAD.size:at + HEAD.size + size]
            if kind == SAMPLES:
                body = self._samples(body, count)
            yield Record(seq, kind, code, ts_ms, self._devices[device], body)
            at += HEAD.size + size
            seq += 1

    def _samples(self, body, count):
        samples, at = {}, 0
        for _ in range(count):
            point, flags, text, number, raw = SAMPLE.unpack_from(body, at)
            samples[self._points[point]] = (number if flags & HAS_NUMBER else None, raw if flags & HAS_RAW else None)
            at += SAMPLE.size + text
        assert at == len(body)
        return samples


class File:
    """One file of a journal, to be read after the collector's end: number, id, records, last_seq."""

    def __init__(self, path):
        self.number = int(path.stem.removeprefix("journal-"))
        connection = sqlite3.connect(path)
        try:
            (self.id, self.before, self.before_seq), = connection.execute("SELECT id, before, before_seq FROM meta LIMIT 1")
            groups = [Group(*row) for row in connection.execute("SELECT bytes, crc FROM groups ORDER BY first_seq")]
        finally:
            connection.close()
        self.records = []
        for group in groups:
            assert group.journal == self.id
            assert group.first_seq == self.last_seq + 1, f"journal {self.id} has no record {self.last_seq + 1}"
            self.records += group.records

    @property
    def last_seq(self):
        return len(self.records)


class Journal:
    """All that the journals of all streams have accepted, from the first record on, so journal.retention must be long.
    files, the oldest first; records, in order of their device; devices: {id: [Record]}."""

    def __init__(self, folder):
        paths = [*folder.glob("journal-*.db"), *folder.glob("stream-*/journal-*.db")]
        self.files = sorted(map(File, paths), key=lambda file: file.number)  # one device's are never of one number
        known = {file.id: file for file in self.files}
        assert len(known) == len(self.files)
        for file in self.files:
            if file.before in known:  # what that one held behind this was written again
                del known[file.before].records[file.before_seq:]
        self.records = [record for file in self.files for record in file.records]
        self.devices = defaultdict(list)
        for record in self.records:
            self.devices[record.device].append(record)
