"""Every family of DTUs that has a profile in config/profiles/: what its DTUs serve is what is stored, with each byte on
its own, with everything glued together, and with faults in a fifth of the answers. All families run at once, each on a
port of its own at one collector. Values are unique, so that one taken for the answer to another request is seen.

DTUHUB_FAMILY_SECONDS makes it longer; DTUHUB_FAMILIES=usr,ddp runs only these."""
import os
from pathlib import Path

import pytest

from harness.control import metrics
from harness.net import free_port
from harness.served import Served, compare_exact
from harness.wait import wait_for

SECONDS = float(os.environ.get("DTUHUB_FAMILY_SECONDS", 10))
ROOT = Path(__file__).resolve().parents[2]
DTUS = 2

# family of the simulator: its profile; where it is dialled, "dial"
FAMILIES = {
    "tlv": "tlv", "usr": "usr", "usr_every": "usr_every", "hiflying": "hiflying", "irtu": "irtu",
    "irtu_imei": "irtu_imei", "irtu_bin": "irtu_bin", "irtu_hex": "irtu_hex", "ebyte": "ebyte",
    "ebyte_mbap": "ebyte_mbap", "waveshare": "waveshare", "ddp": "ddp", "ddp_udp": "ddp", "four_faith": "four_faith",
    "alotcer": "alotcer", "tlink": "tlink",
}
DIALLED = {"none": "moxa", "mbap": "mbap_dial"}
CHOSEN = set(os.environ.get("DTUHUB_FAMILIES", "").split(",")) - {""}

# Two tasks of one shape, which RTU's answers do not tell apart; another slave; another function.
TASKS = {
    1: {"start_addr": 100, "length": 4, "interval": 0.5},
    2: {"start_addr": 200, "length": 4, "interval": 0.6},
    3: {"start_addr": 300, "length": 40, "interval": 1.1, "slave": 48, "function": 4},
    4: {"start_addr": 400, "length": 2, "interval": 0, "trigger": "heartbeat"},
}
POINTS = {
    100: {"name": "a", "type": "uint16"}, 102: {"name": "b", "type": "uint32"},
    200: {"name": "c", "type": "uint16"}, 201: {"name": "d", "type": "uint16"},
    300: {"name": "e", "type": "uint16"}, 339: {"name": "f", "type": "uint16"},
    400: {"name": "g", "type": "uint16"},
}


def profile(line, port=None):
    own = {"line": line, "dead_after": 1000, "query_tasks": TASKS, "data_points": POINTS}
    return {**own, "port": port} if port else own


def wanted(families):
    return {name: line for name, line in families.items() if not CHOSEN or name in CHOSEN}


def first_id(number):
    return 1001 + 100 * number


# The time-out: far above what a busy machine needs for an answer of single bytes; less than what a late one takes.
@pytest.mark.parametrize("timeout, options", [
    (10, ["--segments", "one"]),
    (10, ["--segments", "glued"]),
    (1.5, ["--segments", "random", "--faults", 20, "--late-by", 2500]),
], ids=["one byte at a time", "glued", "20 % faults"])
def test_what_is_served_is_stored(collector, database, sim, tmp_path, timeout, options):
    names = list(wanted(FAMILIES)) + list(wanted(DIALLED))
    ports = {name: free_port() for name in names}
    starts = {name: first_id(i) for i, name in enumerate(names)}
    listening = {name: [free_port() for _ in range(1)][0] for name in wanted(DIALLED)}
    profiles = {name: profile(line, ports[name]) for name, line in wanted(FAMILIES).items()}
    profiles.update({name: profile(line) for name, line in wanted(DIALLED).items()})
    devices = {str(starts[name]): {"dial": f"127.0.0.1:{listening[name]}", "profile": name} for name in listening}
    hub = collector(
        server={"polling": {"response_timeout": timeout, "request_gap": 0.02, "slave_gap": 0.03, "retries": 0,
                            "max_timeouts": 0, "stagger": 0.5}},
        data={"profiles": profiles, "devices": devices})
    hub.process.wait_log("is ready")
    fleets = {}
    for name in names:
        where = ["--listen", listening[name], "--count", 1] if name in listening else \
            ["--port", ports[name], "--count", DTUS]
        fleets[name] = sim("-c", hub.config.folder, "--profile", name, "--family", name, "--units", "1,48", "--unique",
                           *where, "--first-id", starts[name], "--heartbeat", 0.7, "--reconnect", 0.3,
                           "--duration", SECONDS, "--seed", starts[name], *options,
                           "--served", tmp_path / f"{name}.tsv")
    for fleet in fleets.values():
        assert fleet.wait(SECONDS + 60) == 0, fleet.tail()
    wait_for(lambda: metrics(hub)["devices_online"] == 0, 30, "all lines to be closed")
    now = wait_for(lambda: (m := metrics(hub)) and m["cache_records"] == m["journal_records"] == 0 and m, 20,
                   "everything to be stored")
    report, faults = [], []
    for name in names:
        served = Served(tmp_path / f"{name}.tsv")
        report.append(f"{name} {served.answer_count}")
        try:
            # a line that we dialled and that fell silent for ever is given up much later
            least = 3 if name in DIALLED else SECONDS
            assert served.answer_count >= least, f"only {served.answer_count} answers served"
            compare_exact(database, served, known=False)
        except AssertionError as fault:
            faults.append(f"{name}: {fault}\n{fleets[name].tail(5)}")
    print(f"answers served and stored: {', '.join(report)}; "
          f"late {now['answers_late_total']:g}, noise {now['noise_bytes_total']:g} bytes, "
          f"wrong CRC {now['crc_errors_total']:g}, time-outs {now['polls_timed_out_total']:g}")
    assert not faults, "\n\n".join(faults)
