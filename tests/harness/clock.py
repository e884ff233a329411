"""A program's own clock, see tests/preload/clock_shift.c."""
import struct

from .parts import ROOT

LIBRARY = ROOT / "build" / "preload" / "clock_shift.so"


class Clock:
    """A program's wall clock, or its monotonic one: set() says how many seconds it is from the true one."""

    def __init__(self, path, monotonic=False):
        assert LIBRARY.is_file(), "build it first: make peers"
        self._path = path
        path.write_bytes(struct.pack("=q", 0))
        self.env = {"LD_PRELOAD": str(LIBRARY), "DTUHUB_CLOCK_SHIFT": str(path),
                    **({"DTUHUB_CLOCK": "monotonic"} if monotonic else {})}

    def set(self, seconds):
        with open(self._path, "r+b") as file:
            file.write(struct.pack("=q", int(seconds * 1000)))
