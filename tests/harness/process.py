"""Processes under test: started with their output in a file, stopped by pid, and judged at the end."""
import os
import re
import signal
import subprocess

from .wait import wait_for

SANITIZER = re.compile(r"ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:|DEADLYSIGNAL")
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
    "TSAN_OPTIONS": "halt_on_error=0:exitcode=99:second_deadlock_stack=1",
}


class Process:
    """A child in a session of its own. Its stdout and stderr go to the file log_path, one after the other."""

    def __init__(self, name, argv, folder, env=None):
        self.name = name
        self.argv = [str(a) for a in argv]
        self.log_path = folder / f"{name}.log"
        self.expected_exit = {0}
        self.stop_timeout = 20
        with open(self.log_path, "ab") as log:
            self._child = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                start_new_session=True,
                env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin", **SANITIZER_OPTIONS, **(env or {})})
        self.pid = self._child.pid

    @property
    def alive(self):
        return self._child.poll() is None

    @property
    def returncode(self):
        return self._child.poll()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def signal(self, number):
        self._child.send_signal(number)

    def wait(self, timeout=20):
        """Wait for its own end; the exit status."""
        return self._child.wait(timeout)

    def stop(self):
        """TERM, and KILL where that does not end it within stop_timeout seconds, which is a fault. The exit status."""
        if self.alive:
            self._child.terminate()
            try:
                self._child.wait(self.stop_timeout)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
                raise AssertionError(
                    f"{self.name} did not stop within {self.stop_timeout} s of SIGTERM\n{self.tail()}") from None
        return self._child.returncode

    def kill(self):
        """kill -9, as a crash would; the end is then expected."""
        self.expected_exit.add(-signal.SIGKILL)
        self._child.kill()
        self._child.wait()

    def wait_log(self, pattern, timeout=10, count=1):
        """Wait until the regular expression is found count times in the log; the last match."""
        def found():
            matches = list(re.finditer(pattern, self.log()))
            if len(matches) >= count:
                return matches[-1]
            assert self.alive, f"{self.name} ended with {self.returncode} while waiting for {pattern!r}\n{self.tail()}"
            return None
        return wait_for(found, timeout, lambda: f"{pattern!r} in the log of {self.name}\n{self.tail()}")

    def wait_ready(self, ready, timeout=20):
        """Wait for ready() while it lives."""
        def check():
            assert self.alive, f"{self.name} ended with {self.returncode} at start\n{self.tail()}"
            return ready()
        wait_for(check, timeout, lambda: f"{self.name} ready\n{self.tail()}")

    def tail(self, lines=40):
        return f"--- end of {self.log_path}:\n" + "\n".join(self.log().splitlines()[-lines:])

    def verdict(self):
        """After its end: None, or what is wrong with how it ended."""
        if SANITIZER.search(self.log()):
            return f"{self.name}: a sanitizer reported\n{self.log()[-8000:]}"
        if self._child.returncode not in self.expected_exit:
            return f"{self.name} ended with {self._child.returncode}\n{self.tail()}"
        return None


class Processes:
    """All that one test started. close() stops them, the last one first, and returns what is wrong."""

    def __init__(self, folder):
        self.folder = folder
        self.all = []

    def start(self, name, argv, env=None):
        taken = sum(p.name == name or p.name.startswith(f"{name}.") for p in self.all)
        process = Process(f"{name}.{taken}" if taken else name, argv, self.folder, env)
        self.all.append(process)
        return process

    def close(self):
        faults = []
        for process in reversed(self.all):
            if not process.alive and process.returncode not in process.expected_exit:
                faults.append(f"{process.name} died on its way: {process.returncode}\n{process.tail()}")
                continue
            try:
                process.stop()
            except AssertionError as fault:
                faults.append(str(fault))
                continue
            fault = process.verdict()
            if fault:
                faults.append(fault)
        self.all = []
        return faults
