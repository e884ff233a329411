"""The webapp as a system service: what a reload changes, and when it is no longer said to live."""
import re
import signal
import subprocess

import pytest

from harness.clock import Clock
from harness.fastcgi import Request
from harness.parts import BUILD, ROOT
from harness.service import Manager
from harness.wait import wait_for

THREADS = 4


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path)
    yield manager
    manager.close()


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path / "clock", monotonic=True)


@pytest.fixture
def webapp(request, collector, run, manager):
    """The program alone, with tables in its database, and the test's clock where it has one."""
    env = request.getfixturevalue("clock").env if "clock" in request.fixturenames else {}
    hub = collector(server={"mysql": {"pool_size": THREADS}})
    hub.process.wait_log("is ready")
    process = run.start("webapp", [BUILD / "dtuhub-webapp", "-c", hub.config.folder, "--socket",
                                   run.folder / "webapp.sock", "--templates", ROOT / "templates"],
                        {**manager.env(0.2), **env})
    manager.wait("READY")
    return process


@pytest.fixture
def get(run):
    return lambda path, **options: Request(run.folder / "webapp.sock", path, **options)


def reload(process, manager, config):
    """Write the configuration and reload: the status then."""
    config.write()
    manager.clear()
    process.signal(signal.SIGHUP)
    return manager.wait("READY")["STATUS"]


def test_webhooks_are_the_collectors_alone(webapp, manager, config, get):
    """Their secrets are in the collector's environment, their files for its eyes."""
    made = config()
    made.server["webhooks"] = {"device_online": "http://h/${NOT_SET_HERE}", "targets": {"ops": {
        "url": "http://h/", "events": ["alarm_raised"], "secret_file": "/nonexistent", "ca_file": "/nonexistent"}}}
    reload(webapp, manager, made)
    assert webapp.wait_log("taken over")
    assert get("/healthz").status() == 200
    checks = [subprocess.run([BUILD / f"dtuhub-{name}", "-c", made.folder, "-t"], capture_output=True, text=True)
              for name in ("webapp", "collector")]
    assert [check.returncode for check in checks] == [0, 1], checks
    assert "NOT_SET_HERE" in checks[1].stderr


def test_a_reload_takes_the_log_and_the_database(webapp, manager, config, mariadb, get, tmp_path):
    made = config()
    good = dict(made.server["mysql"])
    assert get("/healthz").status() == 200
    empty = mariadb.create()
    made.server["mysql"].update(empty.settings)
    made.server["log"] = {"file": str(tmp_path / "own.log"), "format": "json", "level": "debug"}
    assert reload(webapp, manager, made) == f"ready, {THREADS} threads"
    for _ in range(2 * THREADS):
        assert get("/healthz").status() == 503
    log = (tmp_path / "own.log").read_text()
    assert '"message":"taken over: ' in log and '"level":"debug"' in log and "no schema yet" in log
    made.server["mysql"] = good
    reload(webapp, manager, made)
    for _ in range(2 * THREADS):
        assert get("/healthz").status() == 200
    mariadb.drop(empty)
    assert webapp.stop() == 0
    assert "stopping" in (tmp_path / "own.log").read_text()


def test_what_a_reload_cannot_change_is_said(webapp, manager, config):
    made = config()
    made.server["mysql"]["pool_size"] = THREADS + 1
    made.server["server"]["control_socket"] += "2"
    assert reload(webapp, manager, made) == f"ready, {THREADS} threads"
    webapp.wait_log("WARN +reload mysql.pool_size changed: that takes a restart")
    webapp.wait_log("WARN +reload server.control_socket changed: that takes a restart")


def test_a_refused_reload_changes_nothing_and_opens_the_log_anew(webapp, manager, config, get, tmp_path):
    made, log = config(), tmp_path / "own.log"
    made.server["log"] = {"file": str(log)}
    reload(webapp, manager, made)
    log.rename(tmp_path / "own.log.1")
    made.server["log"]["level"] = "loud"
    made.server["mysql"]["user"] = "nobody"
    text = reload(webapp, manager, made)
    assert text.startswith("reload refused, runs as before: ") and re.search(r"server_config\.yml:\d+: .*level", text)
    assert "refused because of 1 faults" in log.read_text() and "level" in log.read_text()
    assert get("/healthz").status() == 200
    manager.clear()
    assert manager.wait("WATCHDOG")["STATUS"] == text
    made.server["log"]["level"] = "info"
    made.server["mysql"]["user"] = config().server["mysql"]["user"]


def hang(database, get, threads):
    """Requests that wait for a table that somebody has locked."""
    waiting = ("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table%' AND DB = "
               f"'{database.name}'")
    held = [get("/api/devices") for _ in range(threads)]
    wait_for(lambda: database.value(waiting) == threads, 10, "all to hang")
    return held


def fed(manager):
    manager.clear()
    return manager.wait("WATCHDOG", 2)


def test_the_watchdog_is_fed_no_more_when_all_threads_hang(webapp, manager, clock, database, get):
    """They hang in a query whose table somebody has locked; the clock then says that this is past any time-out."""
    with database.connect() as conn, conn.cursor() as cursor:
        cursor.execute("LOCK TABLES devices WRITE")
        held = hang(database, get, THREADS)
        fed(manager)
        clock.set(100)
        fed(manager)  # nobody waits
        waiting = get("/healthz")
        webapp.wait_log(rf"ERROR +server requests wait, and none of the {THREADS} threads got on for 90 s")
        manager.clear()
        with pytest.raises(AssertionError):
            manager.wait("WATCHDOG", timeout=1)
        cursor.execute("UNLOCK TABLES")
        for request in (*held, waiting):
            assert request.status() == 200
    fed(manager)


def test_a_thread_that_waits_for_its_web_server_does_not_hang(webapp, manager, clock, database, get):
    with database.connect() as conn, conn.cursor() as cursor:
        cursor.execute("LOCK TABLES devices WRITE")
        held = hang(database, get, THREADS - 1)
        kept = get("/healthz", keep=True)
        assert kept.status() == 200
        clock.set(100)
        waiting = get("/healthz")
        fed(manager)
        fed(manager)
        kept.close()
        assert waiting.status() == 200
        cursor.execute("UNLOCK TABLES")
        assert [request.status() for request in held] == [200] * len(held)
    assert "requests wait" not in webapp.log()
