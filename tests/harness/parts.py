"""The programs of dtuhub as a test uses them. Fixtures in tests/conftest.py make these; see there."""
import json
import os
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import yaml

from .net import free_port, listening

ROOT = Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("DTUHUB_BUILD", "build")).resolve()

LOGS = ("raw_packets", "heartbeat_log", "connection_history", "events", "webhook_deliveries", "traffic_minutes")


def merged(base, changes):
    """base with changes laid over it, section by section; None takes a key away."""
    result = dict(base)
    for key, value in (changes or {}).items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


class Dumper(yaml.SafeDumper):
    """Writes every value out: configuration files have no aliases."""

    def ignore_aliases(self, data):
        return True


class Config:
    """A config folder: the files of config/ with changes. server and data are dictionaries; write() after a change."""

    def __init__(self, folder, server, data, replace_data=False):
        self.folder = folder
        self.server = merged(self._shipped("server_config.yml"), server)
        self.data = data if replace_data else merged(self._shipped("data_config.yml"), data)
        self.write()

    @staticmethod
    def _shipped(name):
        return yaml.safe_load((ROOT / "config" / name).read_text()) or {}

    def write(self):
        self.folder.mkdir(exist_ok=True)
        for folder in ("profiles", "tables"):
            if not (self.folder / folder).exists():
                shutil.copytree(ROOT / "config" / folder, self.folder / folder)
        for name, content in (("server_config.yml", self.server), ("data_config.yml", self.data)):
            (self.folder / name).write_text(yaml.dump(content, Dumper=Dumper, sort_keys=False, allow_unicode=True))


class Collector:
    """build/dtuhub-collector on a free port. port, config, process, control_socket. env: more environment."""

    def __init__(self, processes, config, env=None):
        self.config = config
        self.env = env
        self.port = config.server["server"]["main_port"]
        self.control_socket = config.server["server"]["control_socket"]
        self._processes = processes
        self.start()

    def start(self):
        """Also after stop() or kill(): the same config and port again."""
        argv = [BUILD / "dtuhub-collector", "-c", self.config.folder]
        self.process = self._processes.start("collector", argv, self.env)
        self.process.wait_ready(lambda: listening(self.port))

    def reload(self, **changes):
        """Change sections of the config (server=..., data=...) and send SIGHUP. Wait for its log line yourself."""
        self.config.server = merged(self.config.server, changes.get("server"))
        self.config.data = merged(self.config.data, changes.get("data"))
        self.config.write()
        self.process.signal(signal.SIGHUP)

    def stop(self):
        return self.process.stop()

    def kill(self):
        self.process.kill()


class Answer:
    """What came over HTTP: status, headers (case does not matter), body (bytes), text, json()."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Web:
    """build/dtuhub-webapp behind nginx on a free port. url, webapp and nginx (processes)."""

    def __init__(self, processes, config, threads=8):
        folder = processes.folder
        self.config = config
        self.port = config.server["server"]["web_port"]
        self.url = f"http://127.0.0.1:{self.port}"
        self.socket = folder / "fastcgi.sock"
        self._opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))
        self.webapp = processes.start("webapp", [
            BUILD / "dtuhub-webapp", "-c", config.folder, "--socket", self.socket, "--templates", ROOT / "templates"])
        self.webapp.wait_ready(self.socket.exists)
        subprocess.run(["sh", ROOT / "scripts" / "nginx_conf.sh", folder, "127.0.0.1", str(self.port), self.socket,
                        ROOT / "build" / "assets", str(threads)], check=True)
        self.nginx = processes.start("nginx", ["nginx", "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr"])
        self.nginx.wait_ready(lambda: listening(self.port))

    def request(self, path, method="GET", data=None, headers=None, timeout=30):
        """One request; every status is an Answer, none an exception."""
        if isinstance(data, (dict, list)):
            data = json.dumps(data).encode()
            headers = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.url + path, data, headers or {}, method=method)
        try:
            with self._opener.open(request, timeout=timeout) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def get(self, path, **options):
        return self.request(path, **options)

    def post(self, path, data, **options):
        return self.request(path, method="POST", data=data, **options)


def new_config(folder, database, server=None, data=None, replace_data=False):
    """A Config for free ports and this database. server: changes to server_config.yml, {section: {key: value}};
    data: changes to data_config.yml, or all of it with replace_data."""
    own = {"server": {"host": "127.0.0.1", "main_port": free_port(), "web_port": free_port(),
                      "control_socket": str(folder / "control.sock")},
           "journal": {"dir": str(folder / "journal")},
           "mysql": {"host": None, "port": None, **(database.settings if database else {})},
           "retention": dict.fromkeys(LOGS, 0)}  # for ever: tests store rows of long ago
    return Config(folder / "config", merged(own, server), data or {}, replace_data)
