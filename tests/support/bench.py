"""What the benchmarks share: a server of its own for each, hubload, and where both leave their traces.

Everything stays on loopback, and each run is bounded in count or time.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from program import (
    EVERY_LOOPBACK_PORT,
    ROOT,
    Api,
    Failure,
    Process,
    answers,
    cargo,
    free_port,
    target_directory,
    tell,
    wait_until,
)

HUBLOAD = ROOT / "benches" / "hubload"

CREATE_LINK = """mutation($input: CreateLinkInput!) {
  createLink(input: $input) { link { id linkUrl } userErrors { code } } }"""


def with_postgres():
    """Runs this script again with a throwaway PostgreSQL, unless there is one."""
    if "TEST_POSTGRES_PID" not in os.environ:
        command = str(ROOT / "scripts" / "with-postgres")
        os.execv(command, [command, sys.executable, *sys.argv])


def hubload():
    """The load tool, built if need be."""
    cargo(["build", "--release", "--locked"], HUBLOAD)
    return target_directory(HUBLOAD) / "release" / "hubload"


def machine(tool):
    """What the disk under the databases does, since every commit waits for it."""
    with tempfile.TemporaryDirectory(prefix="postern-load-") as place:
        command = [tool, "fsync", "--dir", place, "--secs", "2"]
        probe = subprocess.run(command, check=True, capture_output=True, text=True)
    return f"{os.cpu_count()} cores; {probe.stdout.strip()}"


def folder(running):
    """A throwaway folder."""
    made = tempfile.mkdtemp(prefix="postern-load-")
    running.callback(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


def started(command, environment, url, running):
    """A server that answers at `url`."""
    log = folder(running) / "log"
    process = Process(command, environment, log)
    running.callback(process.stop)

    def up():
        if not process.running():
            raise Failure(f"{process.name} did not start:\n{log.read_text(errors='replace')[-2000:]}")
        return answers(url)

    wait_until(up, f"{process.name} to answer", 60)
    return process


class Hub:
    """Postern on a fresh database, with a workspace, a key and a job; endpoints are added as needed."""

    def __init__(self, program, store, running):
        self.store, self.running = store, running
        self.program = program
        self.port, self.receiver = free_port(), free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.directory = folder(running)
        self.settings = {
            "POSTERN_LISTEN": f"127.0.0.1:{self.port}",
            "POSTERN_PUBLIC_URL": self.origin,
            "POSTERN_DATA_DIR": str(self.directory),
            # One key asks for all.
            "POSTERN_API__RATE": "0",
            "POSTERN_EGRESS__SOURCES__ALLOW": EVERY_LOOPBACK_PORT,
            "POSTERN_EGRESS__WEBHOOKS__ALLOW": EVERY_LOOPBACK_PORT,
        }
        if store == "postgres":
            self.settings["POSTERN_DATABASE_URL"] = fresh_database(running)
        self.tell("migrate")
        self.workspace = named("wsp_", self.tell("workspace", "create", "--name", "load"))
        self.key = named("psk_", self.tell("key", "create", "--workspace", self.workspace, "--name", "load",
                                           "--scopes", "all", "--json"))
        self.process = started([program, "serve"], self.settings, self.origin + "/graphql", running)
        self.api = Api(self.origin + "/graphql", self.key)
        # Nobody signs in during a run, so nothing needs to listen there.
        source = self.api.mutate("createSourceSystem", "sourceSystem { id }", name="Nowhere",
                                 loginUrl="http://127.0.0.1:9/login")["sourceSystem"]["id"]
        self.job = self.api.mutate("createJob", "job { id }", name="Load", sourceSystemId=source)["job"]["id"]
        self.endpoints, self.secrets = [], []

    def tell(self, *command):
        """Runs one command of the program and returns what it prints."""
        return tell(self.program, self.settings, *command)

    def subscribe(self, count=1):
        """Adds that many endpoints for link.created; hubload will answer for them."""
        for _ in range(count):
            hook = f"http://127.0.0.1:{self.receiver}/hook/{len(self.endpoints)}"
            made = self.api.mutate("createWebhookEndpoint", "endpoint { id } secret", url=hook,
                                   eventTypes=["link.created"])
            self.endpoints.append(made["endpoint"]["id"])
            self.secrets.append(made["secret"])

    def load(self):
        """How hubload reaches it, what it sends, and what it should look at."""
        variables = json.dumps({"input": {"externalId": "load-{{run}}-{{n}}", "jobId": self.job}})
        watched = ["--pid", f"postern={self.process.pid}"]
        if self.store == "postgres":
            watched += ["--pid", f"postgres={os.environ['TEST_POSTGRES_PID']}+tree"]
        secrets = [part for number, secret in enumerate(self.secrets) for part in ("--secret", f"{number}={secret}")]
        return ["--url", self.origin + "/graphql", "--token", self.key, "--listen", f"127.0.0.1:{self.receiver}",
                *secrets, "--endpoints", str(len(self.endpoints)), "--document", CREATE_LINK, "--variables", variables,
                "--accept-key", "json:/data/createLink/link/id", "--recv-key", "json:/data/link/id", *watched]


def fresh_database(running):
    """A database of its own on the throwaway server."""
    server, name = os.environ["TEST_POSTGRES"], f"load_{os.getpid()}_{free_port()}"
    psql(server, f"CREATE DATABASE {name}")
    running.callback(psql, server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    return server.rsplit("/", 1)[0] + "/" + name


def psql(url, statements):
    """Runs SQL with PostgreSQL's own client and returns what it prints."""
    command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url]
    done = subprocess.run(command, input=statements, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"psql: {done.stderr.strip()[-1000:]}")
    return done.stdout


def named(prefix, text):
    """The first id or key with that prefix in what was printed."""
    if found := re.search(rf"\b{prefix}[\w-]+", text):
        return found.group()
    raise Failure(f"no {prefix}… in: {text[:300]}")


def bench(tool, load, name, bounds):
    """One run of hubload; returns its report."""
    reports = target_directory(ROOT) / "load"
    reports.mkdir(parents=True, exist_ok=True)
    out = reports / f"{name}.json"
    command = [tool, "bench", "--mode", "graphql", *load, *bounds, "--label", name, "--out", out]
    print(f"-- {name}", flush=True)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads(out.read_text())


def sound(name, report):
    """Whether every accepted link was delivered once to each, with a right signature; says what was not."""
    wrong = {what: report[what] for what in ("lost_deliveries", "duplicates", "unknown_outcome") if report[what]}
    if report["accepted"] != report["sent"]:
        wrong["refused"] = report["bad"]
    if report["receiver"]["sig_bad"] or not report["receiver"]["sig_checked"]:
        wrong["signatures"] = report["receiver"]
    if wrong:
        print(f"{Path(sys.argv[0]).name}: {name}: {json.dumps(wrong)[:1000]}", file=sys.stderr)
    return not wrong
