"""Waiting for conditions, never for time."""
import time


def wait_for(condition, timeout=10.0, what=None, every=0.02):
    """Call condition() until it returns something true, and return that. After timeout seconds raise an
    AssertionError that names what was waited for (a text, or a function that makes one) and the last value seen.
    An exception that condition() raises goes through: catch inside of it what is expected."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            text = what() if callable(what) else what or getattr(condition, "__name__", "condition")
            raise AssertionError(f"not within {timeout} s: {text} (last seen: {value!r})")
        time.sleep(every)
