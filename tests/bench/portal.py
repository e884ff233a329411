"""From the database to the browser."""
import re
import subprocess
import time

from harness.control import metrics
from harness.mariadb import PASSWORD
from harness.net import free_port, listening
from harness.parts import BUILD, ROOT, Web
from harness.wait import wait_for

from ingest import dtus, resident_bytes, start

RUNS, THREADS, CLIENTS, SECONDS = 3, 8, 4, 2
INSTANTS, POINTS = 125_000, 8
DTUS = 20
DEVICE = "1001"


def fill(database):
    """A million readings of one device within the last 18 hours."""
    device = database.value("SELECT id FROM devices WHERE device_id = %s", DEVICE)
    database.query("DELETE FROM readings WHERE device_id = %s", device)
    database.query(f"""INSERT INTO readings SELECT %s, UTC_TIMESTAMP(3) - INTERVAL 500000 * i.seq MICROSECOND - INTERVAL
        10 MINUTE, p.id, ROUND(20 + i.seq %% 100 / 10, 1), 200 + i.seq %% 100 FROM seq_1_to_{INSTANTS} i
        JOIN (SELECT id FROM points ORDER BY id LIMIT {POINTS}) p""", device)
    return device


def csv_run(web, folder):
    """Rows a second, seconds to the first byte."""
    path = folder / "out.csv"
    clock = time.monotonic()
    first = subprocess.run(["curl", "-fsS", "--noproxy", "*", "-o", path, "-w", "%{time_starttransfer}",
                            f"{web.url}/export?device_id={DEVICE}"], check=True, capture_output=True, text=True).stdout
    seconds = time.monotonic() - clock
    with open(path, "rb") as lines:
        return (sum(1 for _ in lines) - 1) / seconds, float(first)


def client_run(database, query, folder):
    path = folder / "out.tsv"
    clock = time.monotonic()
    with open(path, "wb") as out:
        subprocess.run(["mariadb", "--no-defaults", f"--socket={database.server.socket}", f"--user={database.user}",
                        f"--password={PASSWORD}", "--batch", "--quick", "-e", query, database.name],
                       stdout=out, check=True)
    seconds = time.monotonic() - clock
    with open(path, "rb") as lines:
        return (sum(1 for _ in lines) - 1) / seconds


def csv(table, processes, database, web):
    device = fill(database)
    span = "BETWEEN UTC_TIMESTAMP(3) - INTERVAL 1 DAY AND UTC_TIMESTAMP(3)"
    plain = f"SELECT point_id, value, raw, ts FROM readings WHERE device_id = {device} AND ts {span} ORDER BY ts, point_id"
    view = f"SELECT * FROM device_data WHERE device_id = '{DEVICE}' AND `timestamp` {span}"
    memory = resident_bytes(web.webapp)
    ours, theirs, joined, first = [], [], [], []
    for _ in range(RUNS):
        rate, wait = csv_run(web, processes.folder)
        ours.append(rate)
        first.append(wait * 1000)
        theirs.append(client_run(database, plain, processes.folder))
        joined.append(client_run(database, view, processes.folder))
    table.heading(f"5. CSV of one device's {INSTANTS * POINTS:,} readings, {RUNS} runs in turn; both write a file.")
    table.ratio("CSV through nginx", ours, "mariadb --batch --quick, the same statement", theirs, "rows/s")
    table.ratio("CSV through nginx", ours, "mariadb --batch --quick, view device_data (same columns)", joined, "rows/s")
    table.value("first byte of the CSV", first, "ms")
    table.value("memory of the webapp before", memory / 2**20, "MiB")
    table.value("memory of the webapp after", resident_bytes(web.webapp) / 2**20, "MiB")


def requests(url):
    """Requests a second, by ab with kept connections."""
    text = subprocess.run(["ab", "-q", "-k", "-l", "-c", str(CLIENTS), "-t", str(SECONDS), "-n", "10000000", url],
                          check=True, capture_output=True, text=True).stdout
    failed = re.search(r"(?:Failed requests|Non-2xx responses):\s+([1-9]\d*)", text)
    if failed:
        raise AssertionError(f"{url}: {failed[0]}")
    return float(re.search(r"Requests per second:\s+([\d.]+)", text)[1])


def hello(processes):
    """The address of a libfcgi hello behind an nginx of its own, configured as the webapp's is."""
    folder, port = processes.folder / "hello", free_port()
    folder.mkdir()
    socket = folder / "fastcgi.sock"
    processes.start("hello-fcgi", [BUILD / "bench" / "hello", socket, str(THREADS)]).expected_exit.add(-15)
    wait_for(socket.exists, 5, "the hello program's socket")
    subprocess.run(["sh", ROOT / "scripts" / "nginx_conf.sh", folder, "127.0.0.1", str(port), socket,
                    ROOT / "build" / "assets", str(THREADS)], check=True)
    processes.start("hello-nginx", ["nginx", "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr"])
    wait_for(lambda: listening(port), 10, "nginx")
    return f"http://127.0.0.1:{port}/"


def pages(table, processes, web):
    against = {"a static file, same nginx": f"{web.url}/assets/app.css", "a libfcgi hello, same threads": hello(processes)}
    table.heading(f"4. Requests, {CLIENTS} kept connections, {RUNS} runs of {SECONDS} s in turn, {DTUS} devices; the load "
                  "generator (ab) uses the same processors.")
    ours = {"dashboard": "/", "devices page": "/devices", "device page": f"/device/{DEVICE}", "/api/devices": "/api/devices",
            "a device's JSON, 100 readings": f"/api/device/{DEVICE}/data?limit=100"}
    runs = {name: [] for name in (*ours, *against)}
    for _ in range(RUNS):
        for name, path in ours.items():
            runs[name].append(requests(web.url + path))
        for name, url in against.items():
            runs[name].append(requests(url))
    for name in against:
        table.value(name, runs[name], "requests/s")
    for name in ours:
        table.value(name, runs[name], "requests/s")
        for other in against:
            table.value(f"  against {other}", [a / b for a, b in zip(runs[name], runs[other])], "")


def measure(table, processes, database):
    hub = start(processes, database, {"mysql": {"pool_size": THREADS}},
                {"query_tasks": {n: {"interval": 1.0, "trigger": "timer"} for n in (1, 2, 3, 4)}})
    fleet = dtus(processes, hub, "--count", str(DTUS), "--heartbeat", "1")
    wait_for(lambda: database.value("SELECT COUNT(DISTINCT device_id) FROM readings") == DTUS
             and metrics(hub)["writer_readings_total"] > DTUS * 30, 30, "readings of every device")
    fleet.stop()
    web = Web(processes, hub.config, THREADS)
    pages(table, processes, web)
    csv(table, processes, database, web)
