"""`postern serve` in a process of its own, on a throwaway database, to be killed and started again."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

from program import EVERY_LOOPBACK_PORT, Api, Failure, Process, answers, binary, free_port, tell

# A debug build on a busy machine starts slowly; one that needs longer does not start.
STARTS_WITHIN = 60.0


class Server:
    """One server, its data, a workspace and a key; a context manager."""

    def __init__(self, database, environment=None, program=None):
        self.program = program or binary()
        # Short: Chromium puts a socket below it, whose whole path has room for 107 bytes.
        self.directory = Path(tempfile.mkdtemp(prefix="p-"))
        self.log = self.directory / "log"
        self.origin = f"http://127.0.0.1:{free_port()}"
        self.database = Sqlite(self.directory) if database == "sqlite" else Postgres()
        self.settings = {
            "POSTERN_LISTEN": self.origin.removeprefix("http://"),
            "POSTERN_DATA_DIR": str(self.directory),
            "POSTERN_DATABASE_URL": self.database.url,
            "POSTERN_LOG_FORMAT": "json",
            "POSTERN_EGRESS__SOURCES__ALLOW": EVERY_LOOPBACK_PORT,
            "POSTERN_EGRESS__WEBHOOKS__ALLOW": EVERY_LOOPBACK_PORT,
            **(environment or {}),
        }
        self._process = None
        self._ending = threading.Lock()

    def __enter__(self):
        try:
            self.tell("migrate")
            workspace = named("wsp_", self.tell("workspace", "create", "--name", "prove"))
            key = named("psk_", self.tell("key", "create", "--workspace", workspace, "--name", "prove",
                                          "--scopes", "all", "--json"))
            self.start()
        except BaseException:
            self._remove()
            raise
        self.api = Api(self.origin + "/graphql", key)
        return self

    def __exit__(self, kind, error, trace):
        if error and self.log.exists():
            tail = self.log.read_text(errors="replace").splitlines()[-20:]
            print("-- the last lines of the server's log", *tail, sep="\n", flush=True)
        self._remove()

    def tell(self, *command):
        """Runs one command of the program and returns what it prints."""
        return tell(self.program, self.settings, *command)

    def start(self):
        """Starts the server; returns the time at which it was ready."""
        process = Process([self.program, "serve"], self.settings, self.log)
        self._process = process
        end = time.monotonic() + STARTS_WITHIN
        while not answers(self.origin + "/health/live"):
            if not process.running() or time.monotonic() > end:
                raise Failure(f"the server did not start:\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.01)
        return time.monotonic()

    def kill(self):
        """SIGKILL, if it runs; true for the one who did it."""
        with self._ending:
            process, self._process = self._process, None
        if process:
            process.kill()
        return process is not None

    def running(self):
        """Whether the server runs."""
        process = self._process
        return process is not None and process.running()

    @property
    def pid(self):
        """The process of the server."""
        return self._process.pid

    def resident(self):
        """The memory that the server has now, in MiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024

    def peak(self):
        """The most memory that the server has had, in MiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024

    def _remove(self):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


class Sqlite:
    """A database file."""

    patience = 2.0

    def __init__(self, directory):
        self.path = directory / "postern.db"
        self.url = f"sqlite://{self.path}"

    def hold(self):
        """A process that keeps everybody else from writing; it is to be killed."""
        text = (
            "import sqlite3, sys, time\n"
            "held = sqlite3.connect(sys.argv[1], timeout=10, isolation_level=None)\n"
            "held.execute('BEGIN IMMEDIATE')\n"
            "print('held', flush=True)\n"
            "time.sleep(60)\n"
        )
        return Holder([sys.executable, "-c", text, str(self.path)], "")

    def holds(self, text):
        """Whether a text stands in a file beside the database: itself, its log of writes, the server's log."""
        command = ["grep", "-rqaF", "-e", text, str(self.path.parent)]
        found = subprocess.run(command, check=False).returncode
        if found > 1:
            raise Failure("the files of the database cannot be read")
        return found == 0


class Postgres:
    """A database of its own on the server that scripts/with-postgres has started."""

    patience = 8.0

    def __init__(self):
        server = os.environ["TEST_POSTGRES"]
        name = f"prove_{os.getpid()}_{time.monotonic_ns()}"
        subprocess.run(["psql", server, "-qXc", f"CREATE DATABASE {name}"], check=True)
        self.url = urllib.parse.urlsplit(server)._replace(path="/" + name).geturl()

    def hold(self):
        """A process that keeps everybody else from writing to deliveries; it is to be killed."""
        statements = "BEGIN; LOCK TABLE delivery IN SHARE ROW EXCLUSIVE MODE; SELECT 'held';\n"
        return Holder(["psql", self.url, "-qAtX"], statements)

    def holds(self, text):
        """Whether a text stands in a row of any table, as words or as bytes."""
        rows = "SELECT format('SELECT row_to_json(r)::text FROM public.%I r', tablename) FROM pg_tables " \
               "WHERE schemaname = 'public' \\gexec\n"
        command = ["psql", self.url, "-qAtX", "-v", "ON_ERROR_STOP=1"]
        told = subprocess.run(command, input=rows, capture_output=True, text=True, check=True).stdout
        return text in told or text.encode().hex() in told


class Holder:
    """A process that holds a lock from the moment it is made until it is killed."""

    def __init__(self, command, statements):
        pipe = subprocess.PIPE
        self._child = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, start_new_session=True)
        # What it reads from stays open: its end would be the end of the lock.
        self._child.stdin.write(statements)
        self._child.stdin.flush()
        if self._child.stdout.readline().strip() != "held":
            raise Failure("the database could not be locked")

    def kill(self):
        """Lets go, without a word."""
        self._child.kill()
        self._child.communicate()


def named(prefix, text):
    """The first id or key with that prefix in what was printed."""
    if found := re.search(rf"\b{prefix}[\w-]+", text):
        return found.group()
    raise Failure(f"no {prefix}… in: {text[:300]}")
