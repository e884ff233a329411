"""The collector's journal as a test reads it: the groups of collector/store/group.c, the records of collector/record.h."""
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
SAMPLES, PACKET, HEARTBEAT, CONNECTION, EVENT, WRITE = range(1, 7)
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
    """One file of a journal, to be read after the collector's end: id, before, before_seq, groups."""

    def __init__(self, path):
        connection = sqlite3.connect(path)
        try:
            (self.id, self.before, self.before_seq), = connection.execute("SELECT id, before, before_seq FROM meta")
            self.groups = [Group(data, crc) for data, crc in
                           connection.execute("SELECT bytes, crc FROM groups ORDER BY first_seq")]
        finally:
            connection.close()
        last = 0
        for group in self.groups:
            assert group.journal == self.id
            assert group.first_seq == last + 1, f"journal {self.id} has no record {last + 1}"
            last += len(group.records)
        self.last_seq = last

    @property
    def records(self):
        return [record for group in self.groups for record in group.records]


class Journal:
    """All that a journal has accepted, from its first record on, so journal.retention must be long.
    files, the oldest first; records, in order; devices: {id: [Record]}."""

    def __init__(self, folder):
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and self._is_sqlite(path)]
        self.files = self._chain({file.id: file for file in map(File, paths)})
        self.records, self.devices = [], defaultdict(list)
        for file, after in zip(self.files, self.files[1:] + [None]):
            last = after.before_seq if after else file.last_seq
            self.records += [record for record in file.records if record.seq <= last]
        for record in self.records:
            self.devices[record.device].append(record)

    @staticmethod
    def _is_sqlite(path):
        with open(path, "rb") as file:
            return file.read(15) == b"SQLite format 3"

    @staticmethod
    def _chain(files):
        """A file that took over comes behind the one it took over from."""
        chain, after = [], {file.before: file for file in files.values()}
        assert len(after) == len(files), "two journals begin, or took over from the same one"
        here = after.get("")
        while here is not None:
            chain.append(here)
            here = after.get(here.id)
        assert len(chain) == len(files), "a journal took over from one that is not there"
        return chain
