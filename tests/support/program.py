"""The program under test, as a stranger runs it: its binary, its demo, its GraphQL API.

Only the Python standard library, and only what the outside world can see: a command line, lines of
JSON on its standard output, and HTTP.
"""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EVERY_LOOPBACK_PORT = "http://127.0.0.0/8:*"
# What a client sees of a server that is not there, or goes away.
DOWN = (urllib.error.URLError, http.client.HTTPException, OSError)

# No proxy of the environment stands between us and a server on this machine.
_web = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# Asked to end, a script ends as by Ctrl-C: what it has started is stopped and removed.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Failure(Exception):
    """Something did not happen as promised; the text says what."""


def binary(profile="dev"):
    """The path of the program: TEST_PROGRAM if set, else what cargo builds now."""
    if given := os.environ.get("TEST_PROGRAM"):
        return Path(given).resolve()
    cargo(["build", "--bin", "postern", "--profile", profile], ROOT)
    return target_directory(ROOT) / ("debug" if profile == "dev" else profile) / "postern"


def tell(program, settings, *command):
    """Runs one command of the program and returns what it prints."""
    environment = {**os.environ, **settings}
    done = subprocess.run([program, *command], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"postern {' '.join(command)}: {done.stderr.strip()[-1000:]}")
    return done.stdout


def cargo(arguments, where):
    """Runs cargo quietly in a folder; its own words say what went wrong."""
    subprocess.run(["cargo", *arguments, "--quiet"], cwd=where, check=True)


def target_directory(where):
    """The folder that cargo builds into."""
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    found = subprocess.run(command, cwd=where, check=True, capture_output=True, text=True)
    return Path(json.loads(found.stdout)["target_directory"])


def free_port():
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=30.0, pause=0.1):
    """Returns the first true value of `condition`, or fails after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(pause)
    raise Failure(f"waited {seconds:.0f} s for {what}")


def answers(url):
    """Whether anything answers HTTP at an address, whatever it says."""
    try:
        _web.open(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


class Process:
    """A child with a process group of its own, whose output lines are kept."""

    def __init__(self, command, environment=None, log=None, stop_with=signal.SIGTERM):
        merged = {**os.environ, **(environment or {})}
        self.name = Path(command[0]).name
        self.lines = []
        self._stop_with = stop_with
        self._log = open(log, "ab") if log else None
        self._child = subprocess.Popen(
            [str(part) for part in command],
            env=merged,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def pid(self):
        return self._child.pid

    def running(self):
        """Whether the child has not ended yet."""
        return self._child.poll() is None

    def status(self):
        """How the child has ended; None while it runs."""
        return self._child.poll()

    def line(self, number, seconds):
        """The output line of that number, as soon as it is there."""

        def there():
            if len(self.lines) <= number and not self.running():
                raise Failure(f"{self.name} ended with {self._child.returncode} before it said enough")
            return len(self.lines) > number

        wait_until(there, f"line {number + 1} of {self.name}", seconds, 0.05)
        return self.lines[number]

    def stop(self):
        """Asks the child's group to stop, and ends it if it does not."""
        for sign, patience in ((self._stop_with, 15), (signal.SIGKILL, 5)):
            try:
                os.killpg(self._child.pid, sign)
                self._child.wait(patience)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
            break
        if self._log:
            self._log.close()

    def kill(self):
        """Ends the child's group at once: SIGKILL, it has no chance to do anything more."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        if self._log:
            self._log.close()

    def _read(self):
        for line in self._child.stdout:
            self.lines.append(line.rstrip("\n"))


class Api:
    """A GraphQL endpoint and a key for it."""

    def __init__(self, url, key):
        self.url = url
        self.key = key

    def __call__(self, query, /, **variables):
        """Runs one operation and returns its data; errors of any kind are failures."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        request = urllib.request.Request(self.url, body, headers)
        try:
            with _web.open(request, timeout=30) as response:
                reply = json.load(response)
        except urllib.error.HTTPError as error:
            raise Failure(f"the API answered {error.code}: {error.read(2000).decode(errors='replace')}") from error
        if reply.get("errors"):
            raise Failure(f"the API refused: {json.dumps(reply['errors'])[:2000]}")
        return reply["data"]

    def mutate(self, name, wanted, /, **fields):
        """Runs the mutation `name` with its one input, and returns its payload."""
        kind = name[0].upper() + name[1:] + "Input"
        wanted += " userErrors { code field message }"
        query = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {wanted} }} }}"
        payload = self(query, input=fields)[name]
        if payload["userErrors"]:
            raise Failure(f"{name}: {json.dumps(payload['userErrors'])}")
        return payload


class Demo:
    """`postern demo --json` on a throwaway directory; a context manager."""

    def __init__(self, environment=None):
        self.directory = Path(tempfile.mkdtemp(prefix="postern-demo-"))
        self.log = self.directory / "log"
        port = free_port()
        command = [binary(), "demo", "--json", "--data-dir", self.directory / "data"]
        allowed = {
            "POSTERN_EGRESS__SOURCES__ALLOW": EVERY_LOOPBACK_PORT,
            "POSTERN_EGRESS__WEBHOOKS__ALLOW": EVERY_LOOPBACK_PORT,
        }
        command += ["--listen", f"127.0.0.1:{port}"]
        self.process = Process(command, {**allowed, **(environment or {})}, self.log, stop_with=signal.SIGINT)

    def __enter__(self):
        try:
            self.facts = json.loads(self.process.line(0, 60))
        except (Failure, ValueError) as error:
            raise Failure(f"the demo did not start: {error}\n{self.log_tail()}".strip()) from error
        finally:
            if not hasattr(self, "facts"):
                self.stop()
        self.api = Api(self.facts["graphql_url"], self.facts["api_key"])
        return self

    def __exit__(self, kind, error, trace):
        if error:
            print(f"-- the last lines of the demo's log\n{self.log_tail()}", file=sys.stderr)
        self.stop()

    def log_tail(self, lines=30):
        """What the demo last wrote to its standard error."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self):
        """Stops the demo and removes what it left."""
        self.process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
