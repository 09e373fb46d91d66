"""Crashes PostgreSQL under load and starts it again, while the server goes on.

Partners hear UNAVAILABLE or nothing meanwhile, and nothing else; what was acknowledged is in the log and arrives;
the server finds the database again by itself, without a panic, and says in its log what happened, not more often
than a person can read.
"""

import argparse
import collections
import json
import os
import subprocess
import time

from ledger import Ledger
from partner import Partner, job
from program import Failure, wait_until
from receiver import Receiver
from server import Server

RATE = 100
MAY_BE_HEARD = ("UNAVAILABLE", "TIMEOUT")
# In text, what a person reads while the database is away: a few lines a second at most.
LINES_A_SECOND = 20
SOON = 10.0


def arguments(program):
    parser = argparse.ArgumentParser(program, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help="crashes (10)")
    parser.add_argument("--away", type=float, default=3.0, help="seconds without a database each time (3)")
    return parser


def databases(_):
    return ["postgres"]


def prove(database, wanted):
    """All rounds on one server, which is never restarted."""
    receiver = Receiver()
    with Server(database) as server:
        receiver.register(server.api, eventTypes=["link.*"])
        partner = Partner(server.api, server.origin, job(server.api), RATE)
        ledger = Ledger(server.api)
        for number in range(wanted.rounds):
            partner.ask()
            time.sleep(1)
            before = partner.refusals.copy()
            back = crash(server, partner, wanted.away)
            partner.rest()
            ledger.wait_for_quiet()
            ledger.compare(partner.acknowledged, receiver)
            heard = partner.refusals - before
            check(heard)
            print(f"crash {number + 1:3}: {len(partner.acknowledged):6} acknowledged, {len(ledger.events):6} in the log "
                  f"and delivered, 0 missing, {receiver.repeated()} repeated; first success {back:.2f} s after "
                  f"the start; heard meanwhile: {dict(heard)}", flush=True)
        partner.stop()
        if not server.running():
            raise Failure("the server did not survive")
        read_log(server.log, wanted.rounds * (wanted.away + SOON))
    receiver.stop()


def crash(server, partner, away):
    """Crashes the database for a while; returns how many seconds after its start a link could be made again."""
    control(["stop"])
    time.sleep(away)
    control(["start"])
    began, made = time.monotonic(), len(partner.acknowledged)
    wait_until(lambda: len(partner.acknowledged) > made, "the first success", SOON, 0.02)
    back = time.monotonic() - began
    if not server.running():
        raise Failure("the server did not survive")
    time.sleep(1)
    return back


def control(command):
    """Has the database stopped or started."""
    subprocess.run([os.environ["TEST_POSTGRES_CONTROL"], *command], check=True)


def check(heard):
    """Fails if partners heard anything that they are not to hear."""
    if others := {code: count for code, count in heard.items() if code not in MAY_BE_HEARD}:
        raise Failure(f"partners heard {others}")


def read_log(path, seconds):
    """Fails if the log tells of a panic, or of too much; prints what it told."""
    told = collections.Counter()
    for line in path.read_text(errors="replace").splitlines():
        try:
            event = json.loads(line)
        except ValueError as error:
            raise Failure(f"a line of the log is not JSON: {line[:300]}") from error
        told[(event["level"], event["fields"].get("message", ""))] += 1
    if panics := [message for _, message in told if "panic" in message.lower()]:
        raise Failure(f"the log tells of panics: {panics}")
    troubles = {message: count for (level, message), count in told.items() if level in ("WARN", "ERROR")}
    for message, count in sorted(troubles.items()):
        print(f"log: {count:5} × {message}")
    if sum(troubles.values()) > seconds * LINES_A_SECOND:
        raise Failure(f"{sum(troubles.values())} lines of trouble in {seconds:.0f} s")
