"""Recovers failed deliveries in bulk, kills the server in the middle, and counts: each sent, none missing.

A receiver refuses three of four deliveries for good (it takes the fourth, or its breaker would let hardly anything
through). `recoverDeliveries` then sends what failed; the server is killed when half of it has arrived.
"""

import argparse
import threading
import time

from databases import databases, offer
from ledger import Ledger
from partner import Partner, job
from program import Failure, wait_until
from receiver import Receiver
from server import Server

TAKES_EACH = 4
AS_FAST_AS_CAN_BE = 1e9
NEVER = 1 << 62
SINCE = "2020-01-01T00:00:00Z"


def arguments(program):
    parser = argparse.ArgumentParser(program, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=25_000, help="failed deliveries (25000)")
    offer(parser)
    return parser


def prove(database, wanted):
    """Failures, a recovery, a kill, and the count."""
    receiver = Receiver()
    with Server(database) as server:
        endpoint = receiver.register(server.api, eventTypes=["link.created"], retrySchedule=[])
        refused = refuse(server, receiver, wanted.count)
        receiver.behave()
        before = receiver.repeated()
        began = time.monotonic()
        recover = lambda dry: server.api.mutate(  # noqa: E731
            "recoverDeliveries", "count", endpointId=endpoint, since=SINCE, dryRun=dry)["count"]
        counted, count = recover(True), recover(False)
        if not counted == count == len(refused):
            raise Failure(f"{len(refused)} failed, {counted} counted and {count} promised")
        arrived = lambda: refused & receiver.answered()  # noqa: E731
        wait_until(lambda: len(arrived()) >= count / 2, "half of what failed to arrive", 300, 0.02)
        server.kill()
        at_the_kill = len(arrived())
        ready = server.start()
        wait_until(lambda: len(arrived()) == count, "all that failed to arrive", 300)
        Ledger(server.api).wait_for_quiet(300)
        if left := recover(True):
            raise Failure(f"{left} are still missing")
        if receiver.wrong:
            raise Failure(f"not verified: {receiver.wrong[:3]}")
        repeated = receiver.repeated() - before - count
    receiver.stop()
    if at_the_kill == count:
        raise Failure("all had arrived before the kill: nothing was proven")
    print(f"{database}: {count} failed deliveries, {at_the_kill} of them recovered at the kill, all after it, "
          f"0 missing, {repeated} repeated; {ready - began:.1f} s to the restart, "
          f"{time.monotonic() - ready:.1f} s after it", flush=True)


def refuse(server, receiver, count):
    """Makes links until so many deliveries have failed for good; returns the ids of their events."""
    refused, lock, seen = set(), threading.Lock(), 0

    def on_arrival(arrival):
        nonlocal seen
        with lock:
            seen += 1
            if seen % TAKES_EACH == 0 or len(refused) == count:
                return 204
            refused.add(arrival.id)
            return 500

    receiver.on_arrival = on_arrival
    partner = Partner(server.api, server.origin, job(server.api), AS_FAST_AS_CAN_BE, NEVER)
    partner.ask()
    wait_until(lambda: len(refused) == count, f"{count} to fail", 60 + count / 20)
    partner.rest()
    partner.stop()
    Ledger(server.api).wait_for_quiet(600)
    return refused
