"""A private MariaDB server and databases in it, through scripts/mariadb.sh, as make demo starts its own."""
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pymysql

from .wait import wait_for

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "mariadb.sh"
USER, PASSWORD = "dtuhub", "secret word of the tests"


class MariaDB:
    """One server. kill() and start() make outages; databases outlive them."""

    def __init__(self, folder=None):
        self.folder = Path(folder or tempfile.mkdtemp(prefix="dtuhub-db-"))
        self.socket = self.folder / "mysql.sock"
        self._made = 0
        self.start()

    def _script(self, action, *words, **options):
        return subprocess.run(["sh", SCRIPT, action, self.folder, *words], check=True, **options)

    @property
    def pid(self):
        return int((self.folder / "mysql.pid").read_text())

    def start(self):
        self._script("start")

    def stop(self):
        self._script("stop")

    def kill(self):
        """kill -9, and wait until it is gone."""
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not Path(f"/proc/{pid}/cmdline").is_file() or not Path(f"/proc/{pid}/cmdline").read_bytes(),
                 what="the killed MariaDB to go")

    def create(self):
        """A new empty database, with the account USER that has rights on it alone."""
        self._made += 1
        database = Database(self, f"dtu_test_{self._made}")
        self._script("account", database.name, database.user, PASSWORD)
        return database

    def administer(self, *statements):
        """As the server's administrator."""
        self._script("sql", input=";".join(statements), text=True)

    def drop(self, database):
        self.administer(f"DROP DATABASE `{database.name}`", f"DROP USER '{database.user}'@'localhost'")

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Database:
    """One database of the server: its settings for server_config.yml, and queries."""

    def __init__(self, server, name):
        self.server = server
        self.name = name
        self.user = f"{USER}{server._made}"

    @property
    def settings(self):
        """The mysql section."""
        return {"socket": str(self.server.socket), "user": self.user, "password": PASSWORD, "database": self.name}

    def connect(self, **options):
        return pymysql.connect(unix_socket=str(self.server.socket), user=self.user, password=PASSWORD,
                               database=self.name, autocommit=True, init_command="SET time_zone='+00:00'",
                               charset="utf8mb4", **options)

    def query(self, sql, *values):
        """The rows as dictionaries. Connects each time, so it sees the newest and survives outages of the server."""
        with self.connect(cursorclass=pymysql.cursors.DictCursor) as connection, connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return list(cursor.fetchall())

    def value(self, sql, *values):
        """The first column of the first row, or None."""
        rows = self.query(sql, *values)
        return next(iter(rows[0].values())) if rows else None
