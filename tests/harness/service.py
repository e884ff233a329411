"""The service manager's side of sd_notify(3)."""
import os
import socket

from .wait import wait_for


class Manager:
    """A NOTIFY_SOCKET: what a daemon has said is in heard, a dictionary a message, in order."""

    def __init__(self, folder):
        self.path = folder / "notify.sock"
        self.heard = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.setblocking(False)

    def env(self, watchdog_s=None):
        """For the daemon. WATCHDOG_PID is left out, as it is not known before."""
        usec = {"WATCHDOG_USEC": str(int(watchdog_s * 1e6))} if watchdog_s else {}
        return {"NOTIFY_SOCKET": str(self.path), **usec}

    def _listen(self):
        while True:
            try:
                text = self._socket.recv(65536).decode()
            except BlockingIOError:
                return
            self.heard.append(dict(line.split("=", 1) for line in text.splitlines()))

    def clear(self):
        self._listen()
        self.heard.clear()

    def wait(self, field, count=1, timeout=20):
        """Wait until the field was said so often; the last message with it."""
        def said():
            self._listen()
            found = [message for message in self.heard if field in message]
            return found[-1] if len(found) >= count else None
        return wait_for(said, timeout, lambda: f"{field} from the daemon, which said {self.heard}")

    def states(self):
        """The fields in order, without pings and texts."""
        self._listen()
        return [field for message in self.heard for field in message
                if field in ("READY", "RELOADING", "STOPPING")]

    def close(self):
        self._socket.close()
        os.unlink(self.path)
