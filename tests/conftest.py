"""Fixtures for tests of the whole: real programs in a temporary folder, on free ports.

    def test_reading_arrives(collector, database, web_after):
        hub = collector(server={"server": {"heartbeat_timeout": 2}}, data={"query_tasks": {...}})
        web = web_after()
        with TlvClient(hub.port, device_id=1001) as dtu:
            dtu.answer_next({2000: 215})
            wait_for(lambda: database.value("SELECT value FROM device_data") == 21.5, 5, "the reading")
        assert web.get("/api/devices").json()[0]["device_id"] == "1001"

Fixtures:
  run        the Processes of this test, run.folder is their folder; run.start(name, argv) starts anything else.
             At the end each is stopped by pid, and the test fails where one died, a sanitizer reported or SIGTERM did
             not end it with status 0. process.kill() makes the end expected.
  mariadb    the private server of this session (MariaDB: stop, start, kill for outages; the fixture heals it after).
  database   a fresh empty database in it (Database: query, value, settings).
  config     config(server=..., data=..., replace_data=False): the Config all parts of this test share; the files in
             config/ with changes. The first of config, collector and web makes it where the test did not.
  collector  collector(server=..., data=..., replace_data=False, env=None) -> Collector: started, listening on .port.
             Without a call, none is started.
  web        Web: webapp and nginx, after a collector with the shipped config (it makes the tables): .get(path),
             .post(path, json), .url.
  web_after  web_after() -> Web: the same where the test has started its own collector before.
  sim        sim(*options) -> Process: build/dtuhub-sim with these options.

From harness: wait_for (harness.wait), TlvClient, tlv, modbus, crc16 (harness.tlv), Line (harness.line: a DTU without a
framing), SerialSlaves, TcpSlave, Dtu (harness.peers: libmodbus, after make peers), free_port, listening (harness.net).

DTUHUB_BUILD=build/asan runs the programs of another build. No test sleeps: wait_for(condition, timeout, what).
"""
import pytest

from harness.mariadb import MariaDB
from harness.parts import BUILD, Collector, Web, new_config
from harness.process import Processes


@pytest.fixture(scope="session")
def mariadb_server():
    server = MariaDB()
    yield server
    server.close()


@pytest.fixture
def mariadb(mariadb_server):
    yield mariadb_server
    mariadb_server.start()


@pytest.fixture
def database(mariadb):
    database = mariadb.create()
    yield database
    mariadb.start()
    mariadb.drop(database)


def end(processes):
    faults = processes.close()
    if faults:
        pytest.fail("\n\n".join(faults), pytrace=False)


@pytest.fixture
def run(tmp_path):
    processes = Processes(tmp_path)
    yield processes
    end(processes)


@pytest.fixture
def config(run, database):
    made = []

    def make(server=None, data=None, replace_data=False):
        if not made:
            made.append(new_config(run.folder, database, server, data, replace_data))
        elif server or data:
            raise ValueError("the config of this test is there already: change it with reload()")
        return made[0]
    yield make
    end(run)  # here, before the database goes


@pytest.fixture
def collectors():
    """The collectors this test has started."""
    return []


@pytest.fixture
def collector(run, config, collectors):
    def start(server=None, data=None, replace_data=False, env=None):
        collectors.append(Collector(run, config(server, data, replace_data), env))
        return collectors[-1]
    return start


@pytest.fixture
def web_after(run, config):
    def start():
        return Web(run, config())
    return start


@pytest.fixture
def web(collector, collectors, web_after):
    if not collectors:
        collector()
    collectors[-1].process.wait_log("is ready")  # it makes the tables
    return web_after()


@pytest.fixture
def sim(run):
    def start(*options):
        return run.start("sim", [BUILD / "dtuhub-sim", *options])
    return start
