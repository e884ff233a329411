"""The harness itself: what other tests lean on."""
import sys

import pytest

from harness.process import Processes
from harness.tlv import crc16, modbus
from harness.wait import wait_for


def test_a_fresh_database_is_there_and_outlives_a_kill(mariadb, database):
    database.query("CREATE TABLE t (n INT PRIMARY KEY)")
    database.query("INSERT INTO t VALUES (7)")
    mariadb.kill()
    mariadb.start()
    assert database.value("SELECT n FROM t") == 7


def test_the_account_has_rights_on_its_own_database_only(database):
    grants = [next(iter(row.values())) for row in database.query("SHOW GRANTS")]
    assert any(f"`{database.name}`.*" in grant for grant in grants)
    assert not any("ON *.*" in grant and not grant.startswith("GRANT USAGE") for grant in grants)


def test_crc_of_published_frames():
    assert crc16(b"123456789") == bytes.fromhex("374b")
    assert modbus(1, 3, b"\0\0\0\2").hex() == "010300000002c40b"


@pytest.mark.parametrize("script, fault", [
    ("import time; time.sleep(60)", None),
    ("raise SystemExit(3)", "died on its way"),
    ("print('x.c:1:2: runtime error: shift'); raise SystemExit(0)", "sanitizer"),
    ("import signal, time; signal.signal(15, lambda *_: None)\nwhile True: time.sleep(1)", "SIGTERM"),
])
def test_processes_are_judged_at_their_end(tmp_path, script, fault):
    processes = Processes(tmp_path)
    process = processes.start("child", [sys.executable, "-c", "print('up', flush=True)\n" + script])
    process.expected_exit.add(-15)
    process.wait_log("up") if fault != "died on its way" else process.wait()
    if fault == "sanitizer":
        process.wait()
    if fault == "SIGTERM":
        process.stop_timeout = 0.2
    faults = processes.close()
    assert (fault is None) == (not faults)
    assert fault is None or fault in faults[0]
    assert not process.alive


def test_wait_for_names_what_did_not_come():
    with pytest.raises(AssertionError, match="the moon"):
        wait_for(lambda: False, 0.05, "the moon")
