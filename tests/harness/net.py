"""Ports and listening sockets, seen without connecting (a connection would be a DTU to the collector)."""
import os
import random
import socket

FIRST, LAST = 10240, 32767  # below the ports that outgoing connections get, which could take one meanwhile
given = set()
# Tests that run beside each other take every second port each, so that none is given twice.
LANE = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 2


def free_port():
    """A port that nobody uses and that was not given before."""
    while True:
        port = random.randint(FIRST, LAST)
        if port in given or port % 2 != LANE:
            continue
        given.add(port)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def listening(port):
    """Whether anything on this machine listens on the TCP port."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table) as f:
                rows = [line.split() for line in f][1:]
        except FileNotFoundError:
            continue
        if any(row[3] == "0A" and int(row[1].rsplit(":", 1)[1], 16) == port for row in rows):
            return True
    return False
