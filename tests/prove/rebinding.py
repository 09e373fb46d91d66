"""Lets a name change its mind: public when it is asked for first, private the next time.

In a network of its own (a namespace without any way out) a real name server answers with a public address, then with
a loopback address, and so on, and the system's resolver asks it. A receiver listens at the public address; a canary
listens at the private one, on the same port. Deliveries arrive at the first, and nobody ever connects to the second.
Needs `unshare` and `ip` of Linux, and leave to use them; no root.
"""

import argparse
import contextlib
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from ledger import Ledger
from partner import job
from program import Failure
from receiver import Receiver
from server import Server

NAME = "rebinding.example"
PUBLIC, PRIVATE = "5.6.7.8", "127.0.0.1"
INSIDE = "PROVE_INSIDE"
ATTEMPTS = """{ webhookDeliveries(first: 100) { nodes { attempts { nodes { outcome } } } } }"""


def arguments(program):
    parser = argparse.ArgumentParser(program, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=40, help="deliveries (40)")
    return parser


def databases(_):
    return ["sqlite"]


def prove(database, wanted):
    """Deliveries to a name that changes its mind at each lookup."""
    if INSIDE not in os.environ:
        os.environ[INSIDE] = "yes"
        command = ["unshare", "--user", "--map-root-user", "--net", "--mount", sys.executable, *sys.argv]
        os.execvp(command[0], command)
    with network(), contextlib.closing(Canary()) as canary:
        names = Names()
        receiver = Receiver((PUBLIC, canary.port))
        allowed = {"POSTERN_EGRESS__WEBHOOKS__ALLOW": f"http://{PUBLIC}:{canary.port}"}
        with Server(database, allowed) as server:
            receiver.url = f"http://{NAME}:{canary.port}/hook"
            receiver.register(server.api, eventTypes=["link.created"], retrySchedule=["PT0.05S"] * 20)
            work = job(server.api)
            for number in range(wanted.count):
                server.api.mutate("createLink", "link { id }", externalId=f"customer-{number}", jobId=work)
            Ledger(server.api).wait_for_quiet()
            deliveries = server.api(ATTEMPTS)["webhookDeliveries"]["nodes"]
        outcomes = [attempt["outcome"] for delivery in deliveries for attempt in delivery["attempts"]["nodes"]]
    arrived, refused = len(receiver.answered()), outcomes.count("REFUSED_BY_POLICY")
    print(f"{names.asked} lookups, {arrived} deliveries at the public address, {refused} attempts refused, "
          f"{canary.connections} connections to the private one", flush=True)
    if canary.connections or arrived != wanted.count or not refused:
        raise Failure("not as promised")


@contextlib.contextmanager
def network():
    """The namespace with an interface, a public address and our name server."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{PUBLIC}/32", "dev", "lo"], check=True)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as settings:
        settings.write(f"nameserver {PRIVATE}\n")
        settings.flush()
        subprocess.run(["mount", "--bind", settings.name, str(Path("/etc/resolv.conf").resolve())], check=True)
        yield


class Canary:
    """Counts who connects."""

    def __init__(self):
        self.connections = 0
        self._listener = socket.create_server((PRIVATE, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._count, daemon=True).start()

    def close(self):
        """Listens no more."""
        self._listener.close()

    def _count(self):
        with contextlib.suppress(OSError):
            while True:
                self._listener.accept()[0].close()
                self.connections += 1


class Names:
    """A name server (RFC 1035) that knows one name and changes its mind."""

    def __init__(self):
        self.asked = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((PRIVATE, 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            query, asker = self._socket.recvfrom(512)
            self._socket.sendto(self._answer(query), asker)

    def _answer(self, query):
        identity = query[:2]
        end = query.index(b"\0", 12) + 5
        question = query[12:end]
        (kind,) = struct.unpack("!H", question[-4:-2])
        records = b""
        if kind == 1:
            address = PUBLIC if self.asked % 2 == 0 else PRIVATE
            self.asked += 1
            # The name is that of the question; nobody may keep the answer.
            records = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(address)
        return identity + struct.pack("!HHHHH", 0x8580, 1, 1 if records else 0, 0, 0) + question + records
