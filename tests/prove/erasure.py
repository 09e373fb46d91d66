"""Kills the server at random instants while it erases a customer, and looks for the customer afterwards.

The customer has hundreds of links, whose deliveries a receiver has answered with the customer's name. `eraseCustomer`
is sent, the server gets SIGKILL within the time that an erasure takes here, and starts again. Links are erased in
batches: each is as it was or as an erased one is, never in between, and after an acknowledgement none is left. The
mutation is sent again and erases exactly the rest. Then the name stands nowhere: in no row of PostgreSQL, in no file of
SQLite. Each link has ended once in the log, the audit log names each erasure once, and somebody else's links are as
they were.
"""

import argparse
import random
import secrets
import threading
import time

from databases import databases, offer
from ledger import Ledger
from partner import job
from program import DOWN, Failure
from receiver import Receiver
from server import Server

LINKS = """query($after: String) { links(first: 100, after: $after) { nodes { externalId metadata status
  events(first: 9) { nodes { type } } } pageInfo { endCursor hasNextPage } } }"""
AUDIT = """query($after: String) { auditLog(first: 100, after: $after) { nodes { operation }
  pageInfo { endCursor hasNextPage } } }"""
THEIRS = "query($name: String!) { links(first: 100, filter: {externalId: $name}) { nodes { metadata status } } }"
BYSTANDER = "Somebody-else-who-stays"
STAYS = 20
# Beyond the time of an erasure: then the acknowledgement has come before the kill.
BEYOND = 1.15


def arguments(program):
    parser = argparse.ArgumentParser(program, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="kills on each database (20)")
    parser.add_argument("--links", type=int, default=300, help="links of each customer, up to 500 (300)")
    offer(parser)
    return parser


def prove(database, wanted):
    """All rounds on one server; fails at the first that is not as promised."""
    seed = random.randrange(1 << 32)
    chance, receiver, stages = random.Random(seed), Receiver(), {}
    with Server(database) as server:
        receiver.register(server.api, eventTypes=["link.*"])
        scene = Scene(server, receiver, wanted.links)
        scene.arrive(BYSTANDER, STAYS)
        took = scene.measure()
        for number in range(wanted.rounds):
            try:
                stage, left, at = scene.play(chance.uniform(0.0, took * BEYOND))
            except (Failure, *DOWN) as failure:
                # A server that gives no answer to the second call has failed as well.
                raise Failure(f"{database}, round {number + 1} (seed {seed}): {failure}") from failure
            stages[stage] = stages.get(stage, 0) + 1
            print(f"{database} {number + 1:3}  killed after {at:5.2f} s of {took:.2f}, {stage:12} "
                  f"{wanted.links - left:4} links were erased  {left:4} by the second call  0 found", flush=True)
    receiver.stop()
    told = ", ".join(f"{count} {name}" for name, count in sorted(stages.items()))
    print(f"{database}: {wanted.rounds} kills, {told}; "
          f"{wanted.links} links each, 0 half erased, 0 found afterwards, {STAYS} links of somebody else as they were",
          flush=True)


class Scene:
    """A server, a receiver that repeats a name, and one customer at a time."""

    def __init__(self, server, receiver, count):
        self.server, self.receiver, self.count, self.erased = server, receiver, count, 0
        self.job, self.ledger = job(server.api), Ledger(server.api)

    def arrive(self, name, count):
        """A customer of that name, whose deliveries are over."""
        # What is still told of the one before is not answered with the name of this one.
        self.ledger.wait_for_quiet()
        self.receiver.words = name
        link = {"externalId": name, "jobId": self.job, "metadata": {"name": name}}
        links = [{**link, "idempotencyKey": f"{name}-{number}"} for number in range(count)]
        self.server.api.mutate("createLinks", "links { id }", links=links)
        self.ledger.wait_for_quiet()
        # From now on it says nothing of whom it has forgotten too.
        self.receiver.words = ""

    def erase(self, name):
        """How many links were erased."""
        return self.server.api.mutate("eraseCustomer", "erasedLinks", externalId=name)["erasedLinks"]

    def measure(self):
        """How long it takes to erase a customer when nobody is killed, in seconds."""
        name = self.someone()
        began = time.monotonic()
        erased = self.erase(name)
        took = time.monotonic() - began
        self.compare(name, self.count - erased)
        return took

    def play(self, after):
        """One kill; returns what the erasure had come to, how many links it had left, and when it was killed."""
        name, acknowledged = self.someone(), []
        began = time.monotonic()
        erasing = threading.Thread(target=self.try_to_erase, args=(name, acknowledged))
        erasing.start()
        time.sleep(after)
        self.server.kill()
        at = time.monotonic() - began
        erasing.join()
        self.server.start()
        left = self.left_of(name)
        if acknowledged and (left or self.server.database.holds(name)):
            raise Failure(f"acknowledged, and {left} links and the name are left")
        self.compare(name, left - self.erase(name))
        stage = "acknowledged" if acknowledged else "not begun" if left == self.count else "cut off"
        return stage, left, at

    def someone(self):
        """A new customer."""
        name = f"Canary-{secrets.token_hex(8)}"
        self.arrive(name, self.count)
        if not self.server.database.holds(name):
            raise Failure("the name is not found before it is erased: nobody has looked")
        return name

    def try_to_erase(self, name, acknowledged):
        """Asks once; a server that is killed gives no answer."""
        try:
            acknowledged.append(self.erase(name))
        except DOWN:
            pass

    def left_of(self, name):
        """How many links are as they were; fails if one is neither that nor erased."""
        links = self.links()
        whole = ({"externalId": name, "metadata": {"name": name}, "status": "CREATED"}, ["link.created"])
        gone = ({"externalId": None, "metadata": {}, "status": "EXPIRED"}, ["link.created", "link.expired"])
        for link in links:
            if link not in (whole, gone):
                raise Failure(f"half erased: {link}")
        return links.count(whole)

    def links(self):
        """Those of the latest customer: each without its events, and their types."""
        rows = list(self.read(LINKS, "links", self.count))
        return [(row, sorted(event["type"] for event in row.pop("events")["nodes"])) for row in rows]

    def read(self, query, name, limit=None):
        """The rows of a list, newest first."""
        after, count = None, 0
        while limit is None or count < limit:
            page = self.server.api(query, after=after)[name]
            rows = page["nodes"] if limit is None else page["nodes"][:limit - count]
            yield from rows
            after, count = page["pageInfo"]["endCursor"], count + len(rows)
            if not page["pageInfo"]["hasNextPage"]:
                return

    def compare(self, name, missing):
        """Fails unless an erasure that was finished is whole."""
        self.erased += 1
        operations = [entry["operation"] for entry in self.read(AUDIT, "auditLog")]
        stays = self.server.api(THEIRS, name=BYSTANDER)["links"]["nodes"]
        wrong = {
            "links that the second call did not count": missing,
            "links that are left": self.left_of(name),
            "the name is found": self.server.database.holds(name),
            "links that a third call finds": self.erase(name),
            "entries in the audit log": operations.count("eraseCustomer") - self.erased,
            "somebody else's links": stays.count({"metadata": {"name": BYSTANDER}, "status": "CREATED"}) - STAYS,
            "somebody else's name is gone": not self.server.database.holds(BYSTANDER),
        }
        if any(wrong.values()):
            raise Failure("; ".join(f"{what}: {found}" for what, found in wrong.items() if found))
