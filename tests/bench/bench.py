"""make bench: each speed next to something measured in the same run. See table.py for how a line reads."""
import os
import resource
import shutil
import tempfile
from pathlib import Path

from harness.mariadb import MariaDB
from harness.process import Processes

import ingest
import portal
from table import Table

BUFFER_POOL = "512M"
REDO_LOG = 512 << 20


def conditions(database):
    cpu = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), "unknown processor")
    return (f"{os.cpu_count()} x {cpu}; load {os.getloadavg()[0]:.1f} at the start. MariaDB "
            f"{database.value('SELECT VERSION()')}, innodb_flush_log_at_trx_commit="
            f"{database.value('SELECT @@innodb_flush_log_at_trx_commit')}, buffer pool {BUFFER_POOL}, "
            f"redo log {REDO_LOG >> 20}M, no binary log. All parts share the processors.")


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    os.environ["MARIADB_BUFFER_POOL"] = BUFFER_POOL
    folder = Path(tempfile.mkdtemp(prefix="dtuhub-bench-"))
    server = MariaDB(folder / "db")
    table = Table()
    try:
        server._script("sql", input=f"SET GLOBAL innodb_log_file_size={REDO_LOG}", text=True)
        for number, part in enumerate((ingest.capacity, ingest.thousand, ingest.idle, portal.measure)):
            own = folder / str(number)
            own.mkdir()
            processes = Processes(own)
            database = server.create()
            if number == 0:
                table.note(conditions(database))
            try:
                part(table, processes, database)
            finally:
                faults = processes.close()
                server.drop(database)
            for fault in faults:
                table.note(f"FAULT: {fault}")
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)
    table.write()


main()
