"""Kills the server while subscribers follow the log, and counts what each of them saw.

Eight writers make and expire links as fast as they can. Readers follow all events, and all changes of status, over
WebSocket and over server-sent events; each breaks its connection again and again, at random, and comes back with
the last cursor it saw (`after`, or `Last-Event-ID`). In the middle the server is killed and started again. In the
end each reader must have seen what the log holds: nothing missing, nothing twice, all of it in the log's order and
each link's events by their sequence. What was acknowledged must be in the log.
"""

import argparse
import contextlib
import http.client
import itertools
import json
import random
import threading
import time

import websocket
from databases import databases, offer
from partner import Partner, job
from program import Failure, wait_until
from server import Server

WRITERS = 8
READERS_OF_A_KIND = 2
AS_FAST_AS_CAN_BE = 1e9
# A reader that hears nothing for so long breaks its connection as well.
SILENCE = 2.0
# How many results a reader takes at most before it breaks its connection.
AT_A_TIME = 60

QUERIES = {
    "events": "subscription($after: EventCursor) { events(after: $after) { cursor type sequence link { id } } }",
    "linkStatusChanged": "subscription($after: EventCursor) { linkStatusChanged(after: $after) { "
                         "cursor status sequence link { id } } }",
}
LOG = """query($after: EventCursor) { events(first: 100, after: $after) {
  nodes { cursor type sequence link { id } } pageInfo { hasNextPage endCursor } } }"""


def arguments(program):
    parser = argparse.ArgumentParser(program, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000, help="events on each database (10000)")
    offer(parser)
    return parser


def prove(database, wanted):
    """Writers, readers, a kill, and the count."""
    seed = random.randrange(1 << 32)
    with Server(database) as server:
        partner = Partner(server.api, server.origin, job(server.api), AS_FAST_AS_CAN_BE, 2, WRITERS)
        start = server.api("{ workspace { eventCursor } }")["workspace"]["eventCursor"]
        kinds = list(itertools.product(QUERIES, (over_websocket, over_sse))) * READERS_OF_A_KIND
        readers = [Reader(server, kind, start, random.Random(seed + number)) for number, kind in enumerate(kinds)]
        began = time.monotonic()
        partner.ask()
        written(partner, wanted.events / 2, wanted)
        server.kill()
        server.start()
        written(partner, wanted.events, wanted)
        partner.rest()
        partner.stop()
        took = time.monotonic() - began
        log = whole_log(server.api, start)
        with contextlib.suppress(Failure):
            wait_until(lambda: all(len(reader.seen) >= len(log) for reader in readers), "all readers", 60)
        # Whatever comes too often would come now.
        time.sleep(SILENCE)
        for reader in readers:
            reader.stop()
    try:
        judge(log, readers, partner.acknowledged)
    except Failure as failure:
        raise Failure(f"{database} (seed {seed}): {failure}") from failure
    broken = sum(reader.connections for reader in readers)
    print(f"{database}: {len(log)} events by {WRITERS} writers in {took:.0f} s, {len(readers)} readers with {broken} "
          f"connections, 1 kill: 0 missing, 0 twice, 0 out of order", flush=True)


def written(partner, count, wanted):
    """Returns once so much was acknowledged."""
    wait_until(lambda: len(partner.acknowledged) >= count, f"{count:.0f} events", 60 + wanted.events / 10, 0.02)


def whole_log(api, after):
    """Every event after a cursor, by the query."""
    found = []
    while True:
        page = api(LOG, after=after)["events"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


class Reader:
    """Follows one field over one transport, and is never long at it."""

    def __init__(self, server, kind, start, chance):
        self.field, self._connect = kind
        self.name = f"{self.field} {self._connect.__name__.replace('_', ' ')}"
        self.seen, self.connections, self.refusals = [], 0, []
        host, port = server.origin.removeprefix("http://").split(":")
        self._address, self._key, self._start = (host, int(port)), server.api.key, start
        self._chance, self._over = chance, threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def stop(self):
        """Ends for good."""
        self._over.set()
        self._thread.join(10)

    def _work(self):
        while not self._over.is_set():
            try:
                self._follow()
            except (OSError, http.client.HTTPException):
                # Killed, not there yet, or silent: the next connection tells.
                self._over.wait(0.02)

    def _follow(self):
        last = self.seen[-1]["cursor"] if self.seen else None
        request = {"query": QUERIES[self.field], "start": self._start, "last": last}
        with contextlib.closing(self._connect(self._address, self._key, request)) as results:
            for number, result in enumerate(itertools.islice(results, self._chance.randint(1, AT_A_TIME))):
                self.connections += number == 0
                if result.get("errors"):
                    self.refusals.append(result["errors"])
                    return
                self.seen.append(result["data"][self.field])


def over_websocket(address, key, request):
    """Results over a WebSocket; it begins after the last cursor that was seen."""
    variables = {"after": request["last"] or request["start"]}
    line = websocket.Subscription(address, key, request["query"], variables, SILENCE)
    try:
        yield from line
    finally:
        line.close()


def over_sse(address, key, request):
    """Results over server-sent events; what was seen last is told as a browser would tell it."""
    body = json.dumps({"query": request["query"], "variables": {"after": request["start"]}})
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json", "accept": "text/event-stream"}
    if request["last"]:
        headers["last-event-id"] = request["last"]
    line = http.client.HTTPConnection(*address, timeout=SILENCE)
    try:
        line.request("POST", "/graphql", body, headers)
        response, kind = line.getresponse(), None
        while text := response.readline().decode():
            if text.startswith("event:"):
                kind = text.split(":", 1)[1].strip()
            elif text.startswith("data:") and kind == "next":
                yield json.loads(text.split(":", 1)[1])
    finally:
        line.close()


def judge(log, readers, acknowledged):
    """Fails unless every reader has seen exactly the log."""
    logged = {(event["link"]["id"], event["type"]) for event in log}
    if lost := acknowledged - logged:
        raise Failure(f"{len(lost)} acknowledged and not in the log, such as {sorted(lost)[:3]}")
    place = {event["cursor"]: number for number, event in enumerate(log)}
    for reader in readers:
        cursors = [one["cursor"] for one in reader.seen]
        places = [place[cursor] for cursor in cursors if cursor in place]
        wrong = {
            "missing": len(place.keys() - set(cursors)),
            "invented": len(set(cursors) - place.keys()),
            "twice": len(cursors) - len(set(cursors)),
            "out of order": sum(after <= before for before, after in itertools.pairwise(places)),
            "out of sequence": out_of_sequence(reader.seen),
            "refused": len(reader.refusals),
        }
        if any(wrong.values()):
            raise Failure(f"{reader.name}: {wrong} {reader.refusals[:1]}")


def out_of_sequence(seen):
    """How often an event of a link was not the next one of that link."""
    last, wrong = {}, 0
    for one in seen:
        link = one["link"]["id"]
        wrong += one["sequence"] != last.get(link, 0) + 1
        last[link] = one["sequence"]
    return wrong
