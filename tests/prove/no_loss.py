"""Kills the server at random instants and at each step of a delivery, and counts what arrived.

A partner makes and expires links; a receiver verifies. Then SIGKILL, a restart, and everything in the event log
must have arrived, with its own id each and nothing else beside it; what was acknowledged must be in the log; the
last late delivery must come soon after the server is ready again. The steps need no help from the program: the
receiver and the partner kill it the moment they see the step, and a lock on the database, held by a process that
dies with it, keeps a verdict from being committed.
"""

import argparse
import random
import threading
import time

from databases import databases, offer
from ledger import Ledger
from partner import Partner, job
from program import Failure
from receiver import Receiver
from server import Server

RATE = 150
# As many as one endpoint has out at a time; what is claimed beyond that waits in the server.
IN_FLIGHT = 16


def arguments(program):
    parser = argparse.ArgumentParser(program, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50, help="kills on each database (50)")
    offer(parser)
    return parser


def prove(database, wanted):
    """All rounds on one server; fails at the first that is not as promised."""
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    # In another order each time, so that a few rounds are not always the same.
    steps = chance.sample(list(STEPS.items()), len(STEPS))
    receiver, latest = Receiver(), []
    with Server(database) as server:
        receiver.register(server.api, eventTypes=["link.*"])
        partner = Partner(server.api, server.origin, job(server.api), RATE)
        ledger = Ledger(server.api)
        for number in range(wanted.rounds):
            name, step = steps[number % len(steps)]
            scene = Scene(server, partner, receiver, chance)
            before = receiver.repeated()
            try:
                late = scene.play(step, ledger)
                ledger.compare(partner.acknowledged, receiver)
            except Failure as failure:
                raise Failure(f"{database}, round {number + 1}, {name} (seed {seed}): {failure}") from failure
            latest.append(late)
            print(f"{database} {number + 1:3}  {name:26} {len(partner.acknowledged):6} acknowledged "
                  f"{len(ledger.events):6} in the log  0 missing  0 invented "
                  f"{receiver.repeated() - before:3} repeated  last after {late:.2f} s", flush=True)
        partner.stop()
    receiver.stop()
    print(f"{database}: {wanted.rounds} kills, {len(ledger.events)} events, 0 missing, 0 invented, "
          f"{receiver.repeated()} repeated; last late delivery after {max(latest):.2f} s "
          f"(at most {server.database.patience:.0f})", flush=True)


class Scene:
    """One round: who is there, and the kill."""

    def __init__(self, server, partner, receiver, chance):
        self.server, self.partner, self.receiver, self.chance = server, partner, receiver, chance
        self.over = threading.Event()
        self.holders = []

    def play(self, step, ledger):
        """Works, is killed, starts again; returns how many seconds after that the last late delivery came."""
        self.partner.ask()
        step(self)
        came = self.over.wait(30)
        for holder in self.holders:
            holder.kill()
        if not came:
            raise Failure("the moment to kill never came")
        self.partner.on_acknowledgement = None
        self.receiver.behave()
        self.partner.rest()
        ready = self.server.start()
        ledger.wait_for_quiet()
        late = [arrival.at - ready for arrival in self.receiver.since(ready)]
        if max(late, default=0) > self.server.database.patience:
            raise Failure(f"the last late delivery came {max(late):.2f} s after the restart")
        return max(late, default=0.0)

    def warm_up(self):
        """Lets things go on for a while first."""
        time.sleep(self.chance.uniform(0.2, 1.2))

    def kill(self):
        """The end of the server, once."""
        if self.server.kill():
            self.over.set()


def at_random(scene):
    scene.warm_up()
    scene.kill()


def after_commit(scene):
    """The moment a mutation is acknowledged."""
    scene.warm_up()
    scene.partner.on_acknowledgement = scene.kill


def after_claim(scene):
    """The receiver hangs until there are more claims than attempts that may be out."""
    scene.warm_up()
    hanging = []

    def hang(arrival):
        hanging.append(arrival)
        scene.over.wait(60)

    scene.receiver.on_arrival = hang
    end = time.monotonic() + 20
    while len(hanging) < IN_FLIGHT and time.monotonic() < end:
        time.sleep(0.01)
    # More are made meanwhile, and claimed.
    time.sleep(scene.chance.uniform(0.1, 0.4))
    scene.kill()


def after_post(scene):
    """The receiver has all of the request and has answered nothing."""
    scene.warm_up()
    scene.receiver.on_arrival = lambda _: scene.kill()


def before_the_verdict(scene):
    """The receiver has answered this instant."""
    scene.warm_up()
    scene.receiver.on_answer = lambda _: scene.kill()


def before_the_verdicts_commit(scene):
    """The server has the answer and cannot commit."""
    scene.warm_up()
    first = threading.Lock()

    def lock(_):
        if first.acquire(blocking=False):
            scene.holders.append(scene.server.database.hold())
        return 204

    def end(_):
        if scene.holders:
            # The answer is read and the verdict is on its way by then.
            time.sleep(0.05)
            scene.kill()

    scene.receiver.on_arrival, scene.receiver.on_answer = lock, end


STEPS = {
    "at random": at_random,
    "after commit": after_commit,
    "after claim": after_claim,
    "after POST": after_post,
    "before the verdict": before_the_verdict,
    "before the verdict's commit": before_the_verdicts_commit,
}
