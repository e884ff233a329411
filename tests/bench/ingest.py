"""From the DTU's socket to the database."""
import os
import subprocess
import time
from pathlib import Path

from harness.control import drained, metrics
from harness.mariadb import PASSWORD
from harness.parts import BUILD, Collector, new_config
from harness.served import Served
from harness.wait import wait_for

RUNS, SECONDS = 3, 6
DTUS, POINTS, INTERVAL = 1000, 120, 0.1
STEADY = 4  # answers of each DTU that are stored before a run is measured
THOUSAND_SECONDS = 15
IDLE = 5000


def cpu_seconds(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(process):
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"{process.name} has no VmRSS")


def p99(after, before=None):
    """The bound in ms of the bucket that holds the 99th of 100 polls, as text."""
    prefix = 'poll_lateness_seconds_bucket{le="'
    counts = {name[len(prefix):-2]: value - (before or {}).get(name, 0)
              for name, value in after.items() if name.startswith(prefix)}
    total = counts.get("+Inf", 0) or max(counts.values())
    for bound, count in counts.items():
        if count >= 0.99 * total:
            return "over 10 s" if bound == "+Inf" else f"at most {float(bound) * 1000:g} ms"
    return "over 10 s"


def start(processes, database, server, data, replace_data=False):
    hub = Collector(processes, new_config(processes.folder, database, server, data, replace_data))
    hub.process.wait_log("is ready")
    return hub


def dtus(processes, hub, *options):
    return processes.start("sim", [BUILD / "dtuhub-sim", "-c", hub.config.folder, "--port", str(hub.port), *options])


def pipeline_run(processes, hub):
    """One run at capacity: rows a second, CPU seconds a million rows, dropped records, and lateness."""
    begin = metrics(hub)["writer_readings_total"] + STEADY * DTUS * POINTS
    fleet = dtus(processes, hub, "--count", str(DTUS), "--ramp", "1000")
    wait_for(lambda: metrics(hub)["devices_online"] == DTUS, 20, "all DTUs to be online")
    wait_for(lambda: metrics(hub)["writer_readings_total"] >= begin, 20, "the load to become steady")
    before, cpu, clock = metrics(hub), cpu_seconds(hub.process), time.monotonic()
    time.sleep(SECONDS)
    after, cpu, clock = metrics(hub), cpu_seconds(hub.process) - cpu, time.monotonic() - clock
    fleet.stop()
    wait_for(lambda: drained(hub), 300, "the cache to be written out")
    rows = after["writer_readings_total"] - before["writer_readings_total"]
    return {"rate": rows / clock, "cpu": cpu / rows * 1e6, "late": p99(after, before),
            "dropped": after["cache_dropped_total"] - before["cache_dropped_total"]}


def bare_run(database):
    """The bulk-insert loop into a table of the same definition: rows a second, CPU seconds a million rows."""
    output = subprocess.run([BUILD / "bench" / "bulk_insert", database.server.socket, database.user, PASSWORD,
                             database.name, "readings_bare", str(DTUS), str(POINTS), str(SECONDS)],
                            check=True, capture_output=True, text=True).stdout
    rows, seconds, cpu = map(float, output.split())
    return {"rate": rows / seconds, "cpu": cpu / rows * 1e6}


def capacity(table, processes, database):
    data = {"query_tasks": {1: {"start_addr": 0, "length": POINTS, "interval": INTERVAL, "trigger": "timer"}},
            "data_points": {a: {"name": f"p{a}", "type": "int", "length": 2, "scale": 0.1} for a in range(POINTS)}}
    hub = start(processes, database, {"server": {"max_connections": DTUS + 100}, "polling": {"request_gap": 0}}, data, replace_data=True)
    database.query("CREATE TABLE readings_bare LIKE readings")
    ours, bare = [], []
    for _ in range(RUNS):
        for name in ("readings", "raw_packets", "readings_bare"):
            database.query(f"TRUNCATE TABLE {name}")
        ours.append(pipeline_run(processes, hub))
        bare.append(bare_run(database))
    table.heading(f"1. Capacity: {DTUS} simulated DTUs, {POINTS} points an answer, as fast as it goes; {RUNS} runs of "
                  f"{SECONDS} s in turn.\n   The simulator uses the same processors, the bare loop has them to itself "
                  f"and no network and no packets.")
    table.ratio("rows stored, socket to database", [r["rate"] for r in ours],
                "bulk execution of 20,000 rows, one connection", [r["rate"] for r in bare], "rows/s")
    table.ratio("CPU of the collector", [r["cpu"] for r in ours], "CPU of the bare loop's client",
                [r["cpu"] for r in bare], "s per million rows")
    table.value("records dropped for want of room in the cache", [r["dropped"] for r in ours], "a run")
    table.note(f"  {'poll lateness p99 (overloaded on purpose)':<50} {', '.join(r['late'] for r in ours)}")
    table.value("rows asked for; a rate close to it is no capacity", DTUS * POINTS / INTERVAL, "rows/s")


def thousand(table, processes, database):
    hub = start(processes, database, {"server": {"max_connections": 2000}, "polling": {"request_gap": 0.01}},
                {"query_tasks": {1: {"interval": 1.0}, 2: {"interval": 1.0}, 3: None,
                                 4: {"start_addr": 2300, "length": 120, "interval": 1.0}}})
    record = processes.folder / "served.tsv"
    cpu = cpu_seconds(hub.process)
    fleet = dtus(processes, hub, "--count", "1000", "--ramp", "500", "--duration", str(THOUSAND_SECONDS + 2),
                 "--served", str(record))
    fleet.wait(THOUSAND_SECONDS + 60)
    now = wait_for(lambda: drained(hub), 60, "the cache to be written out")
    cpu = cpu_seconds(hub.process) - cpu
    served = Served(record).reading_count
    table.heading(f"2. 1,000 DTUs, 3 queries a second each, {THOUSAND_SECONDS} s; the simulator's own record against the "
                  "table readings.")
    table.value("readings served", served, "")
    table.value("readings lost", served - database.value("SELECT COUNT(*) FROM readings"), "")
    table.note(f"  {'poll lateness p99':<50} {p99(now)}")
    table.value("due polls left out", now["polls_missed_total"], "")
    table.value("CPU of the collector", cpu / (THOUSAND_SECONDS + 2) * 100, "% of one processor")


def idle(table, processes, database):
    hub = start(processes, database,
                {"server": {"max_connections": IDLE + 100, "connection_pool_size": 0, "heartbeat_timeout": 3600}},
                {"query_tasks": {1: {"interval": 86400.0}, 2: {"interval": 86400.0}, 4: {"interval": 86400.0}}})
    before = resident_bytes(hub.process)
    dtus(processes, hub, "--count", str(IDLE), "--ramp", "2500", "--heartbeat", "3600")
    wait_for(lambda: metrics(hub)["devices_online"] == IDLE, 60, "all DTUs to be online")
    wait_for(lambda: (m := metrics(hub))["cache_records"] == m["journal_records"] == 0, 60,
             "what waits to be written out")
    table.heading(f"3. Memory of the collector: its resident growth with {IDLE:,} idle DTUs, what was allocated to take "
                  "them in included.")
    table.value("user memory an idle DTU", (resident_bytes(hub.process) - before) / IDLE, "bytes")
