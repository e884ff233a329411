"""What the collector tells at night: metrics, the state on SIGUSR1, the log's fields and its bounds, and no secret."""
import json
import re
import signal
import socket
import subprocess

import pytest

from harness.clock import Clock
from harness.control import get, metrics, status
from harness.parts import BUILD
from harness.tlv import TlvClient, tlv
from harness.wait import wait_for

TASK = {"start_addr": 2000, "length": 2, "interval": 0.1, "trigger": "timer"}
POINT = {"name": "a", "type": "uint16"}


def start(collector, profiles=None, **server):
    hub = collector(server={"cache": {"flush_interval": 0.05}, "polling": {"request_gap": 0, "stagger": 0}, **server},
                    data={"query_tasks": {1: TASK}, "data_points": {2000: POINT}, "profiles": profiles or {}},
                    replace_data=True)
    wait_for(lambda: get(hub, "/readyz")[0] == 200, 20, lambda: f"the database\n{hub.process.tail()}")
    return hub


# Metrics

NAME = r"[a-z][a-z0-9_]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)")
BASE_UNITS = re.compile(r"_(ms|milliseconds|minutes|hours|kb|percent)(_|$)")


class Family:
    def __init__(self, name, kind):
        self.name, self.kind, self.samples = name, kind, {}

    def add(self, name, labels, value):
        suffixes = ("_bucket", "_sum", "_count") if self.kind == "histogram" else ("",)
        assert name in {self.name + suffix for suffix in suffixes}, f"{name} stands in the family {self.name}"
        assert (name, labels) not in self.samples, f"twice: {name} {labels}"
        self.samples[name, labels] = float(value)

    def check(self):
        assert re.fullmatch(f"dtuhub_{NAME}", self.name) and not BASE_UNITS.search(self.name), self.name
        assert (self.kind == "counter") == self.name.endswith("_total"), f"{self.name} is a {self.kind}"
        if self.kind != "gauge":
            assert all(value >= 0 for value in self.samples.values()), self.name
        if self.kind == "histogram":
            self.check_buckets()

    def check_buckets(self):
        buckets = [(float(labels[0].split('"')[1]), value) for (name, labels), value in self.samples.items()
                   if name.endswith("_bucket")]
        assert buckets == sorted(buckets) and [v for _, v in buckets] == sorted(v for _, v in buckets), self.name
        assert buckets[-1] == (float("inf"), self.samples[self.name + "_count", ()])
        assert (self.name + "_sum", ()) in self.samples


def parse(text):
    """{name: Family} of a page in Prometheus' text format 0.0.4, or an AssertionError: each family has one HELP, then
    one TYPE, then all its samples, none twice."""
    families, name, helped = {}, None, None
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            helped, words = line.split(" ", 3)[2:]
            assert words.strip() and helped not in families, line
        elif line.startswith("# TYPE "):
            name, kind = line.split(" ")[2:]
            assert name == helped and name not in families and kind in ("counter", "gauge", "histogram"), line
            families[name] = Family(name, kind)
        else:
            match = SAMPLE.fullmatch(line)
            assert match and name is not None and name == helped, f"no sample, or none described: {line!r}"
            labels = tuple(re.findall(LABEL, match[2] or ""))
            assert len({label.split("=")[0] for label in labels}) == len(labels), line
            families[name].add(match[1], labels, match[3])
    for family in families.values():
        assert family.kind != "histogram" or family.samples, family.name
        family.check()
    return families


GOOD = """# HELP dtuhub_a_total As.
# TYPE dtuhub_a_total counter
dtuhub_a_total{x="1"} 1
dtuhub_a_total{x="a\\"\\\\\\n"} 2
# HELP dtuhub_h_seconds Hs.
# TYPE dtuhub_h_seconds histogram
dtuhub_h_seconds_bucket{le="1"} 1
dtuhub_h_seconds_bucket{le="+Inf"} 2
dtuhub_h_seconds_sum 3.5
dtuhub_h_seconds_count 2
"""


@pytest.mark.parametrize("old, new", [
    ("# HELP dtuhub_a_total As.\n", ""), ("# TYPE dtuhub_a_total counter\n", ""), ("total counter", "total gauge"),
    ('x="a\\"\\\\\\n"', 'x="1"'), ('x="1"', 'x="""'), ('x="1"', 'x="\\t"'), ("_a_total", "_a"), ('le="1"} 1', 'le="1"} 3'),
    ("_count 2", "_count 3"), ("_seconds", "_ms"), ('{x="1"} 1', '{x="1"} one'), ("_sum 3.5", "_max 3.5"),
    ("dtuhub_a_total{x=\"1\"} 1\n", "dtuhub_b_total 1\n")])
def test_the_parser_is_strict(old, new):
    parse(GOOD)
    with pytest.raises((AssertionError, ValueError)):
        parse(GOOD.replace(old, new))


def of_profile(families, name, profile):
    return families[f"dtuhub_profile_{name}"].samples[f"dtuhub_profile_{name}", (f'profile="{profile}"',)]


def test_metrics_are_strictly_well_formed(collector):
    hub = start(collector)
    with TlvClient(hub.port, 1001) as dtu:
        for _ in range(3):
            dtu.answer_next({2000: 1})
        wait_for(lambda: of_profile(parse(get(hub, "/metrics")[1]), "answers_total", "default") >= 3, 5, "the answers")
        families = parse(get(hub, "/metrics")[1])
        assert of_profile(families, "lines", "default") == of_profile(families, "registrations_total", "default") == 1
        assert of_profile(families, "polls_total", "default") >= 3
        assert of_profile(families, "timeouts_total", "default") == 0
        version = subprocess.run([BUILD / "dtuhub-collector", "--version"], capture_output=True, text=True).stdout
        assert families["dtuhub_build_info"].samples == {
            ("dtuhub_build_info", (f'version="{version.split()[1]}"',)): 1}
        now = metrics(hub)
        assert now["config_last_reload_time_seconds"] == 0
        hub.reload(data={"profiles": {"pumps": {"query_tasks": {1: TASK}, "data_points": {2000: POINT}}}})
        wait_for(lambda: metrics(hub)["reloads_total"] == 1, 10, "the reload")
        families = parse(get(hub, "/metrics")[1])
        assert of_profile(families, "lines", "pumps") == 0 and of_profile(families, "lines", "default") == 1
        assert of_profile(families, "answers_total", "default") >= 3  # they go on over a reload
        assert metrics(hub)["config_last_reload_time_seconds"] >= now["start_time_seconds"]
    wait_for(lambda: of_profile(parse(get(hub, "/metrics")[1]), "lines", "default") == 0, 5, "the line to go")


# The state on SIGUSR1

def state(hub, count=1):
    hub.process.signal(signal.SIGUSR1)
    hub.process.wait_log("state end of the state", count=count)
    return [line for line in hub.process.log().splitlines() if " state " in line]


def test_the_state_on_a_signal(collector):
    hub = start(collector, profiles={"pumps": {"query_tasks": {1: TASK}, "data_points": {2000: POINT}}}, log={"level": "error"})
    (hub.config.folder / "data_config.yml").write_text("query_tasks: 7\n")
    hub.process.signal(signal.SIGHUP)
    wait_for(lambda: metrics(hub)["reloads_rejected_total"] == 1, 10, "the refusal")
    dtus = [TlvClient(hub.port, 1001 + i) for i in range(25)]
    wait_for(lambda: metrics(hub)["devices_online"] == len(dtus), 10, "the DTUs")
    wait_for(lambda: metrics(hub)["writer_batches_total"] >= 1, 10, "a commit")
    for dtu in dtus[10:]:
        dtu.send(tlv(2))
    wait_for(lambda: metrics(hub)["heartbeats_total"] == len(dtus) - 10, 10, "heartbeats of all but the first ten")
    with socket.create_connection(("127.0.0.1", hub.port)):
        wait_for(lambda: metrics(hub)["connections"] == len(dtus) + 1, 5, "the stranger")
        lines = state(hub)
    text = "\n".join(lines)
    for part in (r"dtuhub-collector \S+, \S+, up for \d+ s, configuration ",
                 r"reload: last tried \d{1,2} s ago, 0 taken over, 1 refused, the last went wrong: \S+_config\.yml:\d+: ",
                 r"lines: 26 open of \d+, 25 registered, 0 in quarantine, 1 not registered yet",
                 r"(?s)profile default: 25 lines, \d+ polls, 0 answers, 0 exceptions, \d+ time-outs, 0 CRC errors"
                 r".*profile pumps: 0 lines",
                 r"journal: ok, [1-9]\d* of \d+ bytes, \d+ records not stored yet, .* 0 dropped, "
                 r"0 times unreadable, 0 records missing so, 0 errors",
                 r"cache: \d+ records of \d+, .* 0 dropped", r"database: up, last commit \d+ s ago"):
        assert re.search(part, text), (part, text)
    assert text.count("silent for ") == 10 and len(lines) < 30  # there is an end to each list
    silent = re.findall(r"state \[(\d{4}) .* silent for ", text)
    assert silent == [str(1001 + i) for i in range(10)]  # the longest first
    assert re.search(r"state \[\d{4} 127\.0\.0\.1:\d+\] silent for ", text)
    for dtu in dtus:
        dtu.close()


def test_the_state_tells_ages(collector, tmp_path):
    clock = Clock(tmp_path / "clock")
    hub = collector(env=clock.env)
    hub.process.wait_log("is ready")
    assert "reload: last tried never" in "\n".join(state(hub))
    hub.process.signal(signal.SIGHUP)
    wait_for(lambda: metrics(hub)["reloads_total"] == 1, 10, "the reload")
    for count, (seconds, age) in enumerate([(125, r"1[23]\d s"), (7500, r"2 h [56] min"), (3 * 86400, "3 days")], 2):
        clock.set(seconds)
        assert re.search(f"reload: last tried {age} ago", "\n".join(state(hub, count)))


@pytest.mark.parametrize("journal, word, expected", [
    ({}, "ok", r"journal: ok, \d+ of 1073741824 bytes, 0 records not stored yet, the oldest taken: -, 0 dropped"),
    ({"dir": "not-there/journal"}, "failed", r"journal: not written: the folder cannot be made.* [1-9]\d* errors"),
    ({"enabled": False}, "off", "journal: off")], ids=["ok", "broken", "off"])
def test_the_state_of_the_journal(collector, tmp_path, journal, word, expected):
    if "dir" in journal:
        journal = {"dir": str(tmp_path / journal["dir"])}
    hub = collector(server={"journal": {"max_bytes": 1 << 30, **journal}})
    hub.process.wait_log("is ready")
    if not journal:
        wait_for(lambda: metrics(hub)["journal_records"] == 0, 10, "the journal to be stored")
    if "dir" in journal:
        wait_for(lambda: get(hub, "/readyz")[0] == 503, 10, "the journal to fail")
    assert re.search(expected, "\n".join(state(hub)))
    now = status(hub)
    assert (now["journal"], now["journal_records"], now["journal_oldest_age_ms"]) == (word, 0, 0)
    assert ("the folder cannot be made" in now["journal_error"]) == (word == "failed")


def test_the_status_says_how_long_the_oldest_record_waits(collector, mariadb):
    hub = start(collector)
    wait_for(lambda: metrics(hub)["journal_records"] == 0, 10, "the journal to be stored")
    mariadb.stop()
    with TlvClient(hub.port, 1001):
        first = wait_for(lambda: (now := status(hub))["journal_records"] and now, 10, "a record to wait")
        later = wait_for(lambda: (now := status(hub))["journal_oldest_age_ms"] >= 1000 and now, 10, "it to be a second old")
    assert later["journal_records"] >= first["journal_records"] and later["journal_oldest_age_ms"] < 60000
    mariadb.start()
    wait_for(lambda: status(hub)["journal_records"] == 0, 20, "it to be stored")


# The log

def json_lines(hub):
    return [json.loads(line) for line in hub.process.log().splitlines() if line.startswith("{")]


def test_json_lines_have_device_and_peer(collector):
    hub = collector(server={"log": {"format": "json"}})
    wait_for(lambda: any("is ready" in line["message"] for line in json_lines(hub)), 20, "the database")
    with TlvClient(hub.port, 1001) as dtu:
        peer = "127.0.0.1:%d" % dtu.sock.getsockname()[1]
        wait_for(lambda: metrics(hub)["devices_online"] == 1, 10, "the DTU")
    with socket.create_connection(("127.0.0.1", hub.port)) as stranger:
        stranger.sendall(b"GET / HTTP/1.0\r\n\r\n")
        other = "127.0.0.1:%d" % stranger.getsockname()[1]
        wait_for(lambda: metrics(hub)["protocol_errors_total"] == 1, 10, "the stranger to be closed")
    online, = [line for line in json_lines(hub) if line["message"].startswith("online")]
    assert (online["device"], online["peer"], online["module"], online["level"]) == ("1001", peer, "session", "info")
    misfit, = [line for line in json_lines(hub) if line.get("peer") == other]
    assert "device" not in misfit and misfit["level"] == "warn"
    assert all({"time", "level", "module", "message"} <= line.keys() <= {"time", "level", "module", "message", "device",
                                                                         "peer"} for line in json_lines(hub))


STORM = 400


def told(hub, kind):
    """(lines written of the kind, lines told to be left out)"""
    log = hub.process.log()
    left_out = sum(map(int, re.findall(rf"{kind[0]}.*\((\d+) more like it left out\)", log)))
    return len(re.findall(kind[0], log)), left_out + sum(map(int, re.findall(rf"(\d+) lines about {kind[1]}", log)))


@pytest.mark.parametrize("one", [True, False], ids=["one-device", "many-devices"])
def test_a_storm_of_connects_is_told_in_few_lines(collector, one):
    hub = start(collector, server={"max_connections": 5000})
    for i in range(STORM):
        TlvClient(hub.port, 1001 if one else 1001 + i).close()
    wait_for(lambda: (metrics(hub)["registered_total"], metrics(hub)["devices_online"]) == (STORM, 0), 30,
             lambda: f"all to come and go: {metrics(hub)}")
    for kind in (r"online, profile", "devices that come online"), (r"offline: ", "devices that go offline"):
        written, _ = wait_for(lambda kind=kind: sum(told(hub, kind)) == STORM and told(hub, kind), 30,
                              lambda kind=kind: f"all {STORM} to be told: {told(hub, kind)}")
        assert 1 <= written <= STORM // 2, (kind, written)
        if one:
            assert written <= 10


def nonsense(hub, source):
    with socket.create_connection(("127.0.0.1", hub.port), source_address=(source, 0)) as stranger:
        stranger.sendall(b"GET / HTTP/1.0\r\n\r\n")


def test_a_noisy_stranger_does_not_hide_another(collector):
    hub = start(collector)
    for _ in range(STORM // 2):
        nonsense(hub, "127.0.0.1")
    wait_for(lambda: metrics(hub)["protocol_errors_total"] == STORM // 2, 30, "all to be closed")
    nonsense(hub, "127.0.0.2")
    hub.process.wait_log(r"session \[127\.0\.0\.2:\d+\] the first ")
    kind = r"the first \d+ bytes fit", "first packets that fit no registration"
    wait_for(lambda: sum(told(hub, kind)) == STORM // 2 + 1, 30, lambda: f"all to be told: {told(hub, kind)}")
    assert told(hub, kind)[0] <= 11  # five a minute of the one, and that of the other


PASSWORD = "Tr0ub4dor-and-3"


def test_no_password_is_ever_written(collector):
    """A wrong password, faults on its line and around it, at level debug, with the state on a signal."""
    hub = collector(server={"log": {"level": "debug"}, "mysql": {"password": PASSWORD}})
    hub.process.wait_log(r"ERROR.*Access denied for user")
    path = hub.config.folder / "server_config.yml"
    good = path.read_text()
    line, = [line for line in good.splitlines() if "password:" in line and PASSWORD in line]
    seen = [state(hub)]
    faults = [f"  password: [{PASSWORD}]", f"  password: {{x: {PASSWORD}}}", f"  pasword: {PASSWORD}",
              f"  password: {PASSWORD * 20}", f"  password: \"{PASSWORD}", f"{line}\n{line}", f"  password: {PASSWORD}: x"]
    for i, fault in enumerate(faults):
        path.write_text(good.replace(line, fault))
        hub.process.signal(signal.SIGHUP)
        wait_for(lambda i=i: metrics(hub)["reloads_rejected_total"] == i + 1, 10, lambda: f"{fault!r} to be refused")
        seen += [state(hub, i + 2), status(hub), get(hub, "/readyz"), get(hub, "/metrics")]
        done = subprocess.run([BUILD / "dtuhub-collector", "-c", hub.config.folder, "-t"], capture_output=True, text=True)
        assert done.returncode == 1
        seen.append((done.stdout, done.stderr))
    assert "DEBUG" in hub.process.log() or hub.process.log().count("ERROR") > len(faults)
    for text in (hub.process.log(), *map(str, seen)):
        assert PASSWORD not in text, [line for line in text.splitlines() if PASSWORD in line]
    hub.process.stop_timeout = 5
