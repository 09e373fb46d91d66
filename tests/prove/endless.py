"""Lets hundreds of receivers answer without end, and watches the server's memory and its attempts.

Each endpoint misbehaves in its own way: endless bodies, heads, informational answers, by floods and by drops, or
silence. Every attempt must end by its deadline (read from the attempts through the API) and its connection be
closed then (seen from the receiver's side); the memory of the server must hardly grow.
"""

import argparse
import asyncio
import collections
import itertools
import threading
import time

from partner import job
from program import Failure, wait_until
from server import Server

TIMEOUT = 5.0
SLACK = 0.25
# What the machine may take to let the receiver see the end of a connection.
UNSEEN = 0.5
MOST_GROWTH = 20.0
WAVES = 3
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
# What is said first, what is said again and again, and how many seconds lie between.
WAYS = {
    "a body without end": (OK + b"\r\n", b"x" * 16_384, 0),
    "chunks without end": (CHUNKED, b"400\r\n" + b"x" * 1_024 + b"\r\n", 0),
    "headers without end": (OK, b"x: " + b"y" * 1_000 + b"\r\n", 0),
    "one header without end": (OK + b"x: ", b"y" * 4_096, 0),
    "a body by drops": (OK + b"content-length: 4000\r\n\r\n", b"x", 0.1),
    "a head by drops": (OK, b"x: y\r\n", 0.1),
    "chunks by drops": (CHUNKED, b"1\r\nx\r\n", 0.1),
    "informational answers by drops": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.1),
    "informational answers by dozens": (b"", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 12, 0.05),
    "silence": (b"", b"", 1),
}
ATTEMPTS = """query($after: String) { webhookDeliveries(first: 100, after: $after) { nodes { status
  attempts { nodes { durationMs outcome responseBody } } } pageInfo { hasNextPage endCursor } } }"""


def arguments(program):
    parser = argparse.ArgumentParser(program, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoints", type=int, default=500, help="receivers (500)")
    return parser


def databases(_):
    return ["sqlite"]


def prove(database, wanted):
    """A few waves of one event for every endpoint."""
    crowd = Crowd()
    with Server(database, {"POSTERN_WEBHOOKS__TIMEOUT": f"PT{TIMEOUT:.0f}S"}) as server:
        work = job(server.api)
        ways = itertools.cycle(range(len(WAYS)))
        for way in itertools.islice(ways, wanted.endpoints):
            server.api.mutate("createWebhookEndpoint", "endpoint { id }", url=f"{crowd.url}/{way}",
                              eventTypes=["link.created"], retrySchedule=[])
        before = server.resident()
        memory = Memory(server)
        for number in range(WAVES):
            server.api.mutate("createLink", "link { id }", externalId=f"customer-{number}", jobId=work)
            expected = (number + 1) * wanted.endpoints
            wait_until(lambda expected=expected: len(crowd.lives) >= expected, "a wave to end", 120, 1)
        # Read afterwards: long lists with all bodies would be a load of their own.
        grown = memory.stop() - before
        expected = WAVES * wanted.endpoints
        wait_until(lambda: len(attempts(server.api)) >= expected, "all attempts to be written", 30, 1)
        made = attempts(server.api)
    judge(made, crowd.lives, expected)
    longest = max(attempt["durationMs"] for attempt in made) / 1_000
    outcomes = dict(collections.Counter(attempt["outcome"] for attempt in made))
    print(f"{wanted.endpoints} endpoints, {len(made)} attempts: {outcomes}; the longest took {longest:.2f} s (deadline "
          f"{TIMEOUT:.0f}), the longest connection {max(crowd.lives):.2f} s; memory {before:.0f} MiB before, "
          f"{grown:.1f} MiB more at most", flush=True)
    if grown >= MOST_GROWTH:
        raise Failure(f"the server's memory grew by {grown:.1f} MiB")


def attempts(api):
    """All attempts at deliveries that are over."""
    found, after = [], None
    while True:
        page = api(ATTEMPTS, after=after)["webhookDeliveries"]
        for delivery in page["nodes"]:
            found += delivery["attempts"]["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


def judge(made, lives, expected):
    """Fails if an attempt is missing, took too long or kept too much."""
    if len(made) != expected or len(lives) < expected:
        raise Failure(f"{len(made)} attempts on {len(lives)} connections instead of {expected}")
    if late := [attempt for attempt in made if attempt["durationMs"] > (TIMEOUT + SLACK) * 1_000]:
        raise Failure(f"{len(late)} attempts took too long, such as {late[0]}")
    if late := [life for life in lives if life > TIMEOUT + SLACK + UNSEEN]:
        raise Failure(f"{len(late)} connections lived too long, such as {max(late):.2f} s")
    if large := [attempt for attempt in made if len(attempt["responseBody"] or "") > 4_096]:
        raise Failure(f"{len(large)} attempts kept too much")


class Memory:
    """Watches the memory of a server."""

    def __init__(self, server):
        self._most, self._server, self._over = server.resident(), server, threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    def stop(self):
        """The most that was seen, in MiB."""
        self._over.set()
        self._watch.join()
        return self._most

    def _look(self):
        while not self._over.wait(0.05):
            self._most = max(self._most, self._server.resident())


class Crowd:
    """All receivers on one port, told apart by the path of the request."""

    def __init__(self):
        self.lives = []
        self._loop, ready = asyncio.new_event_loop(), threading.Event()

        def run():
            asyncio.set_event_loop(self._loop)
            listening = self._loop.run_until_complete(asyncio.start_server(self._one, "127.0.0.1", 0, backlog=1_024))
            self.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            ready.set()
            self._loop.run_forever()

        threading.Thread(target=run, daemon=True).start()
        ready.wait()

    async def _one(self, reader, writer):
        began = time.monotonic()
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            first, again, pause = list(WAYS.values())[int(head.split(b" ", 2)[1].strip(b"/"))]
            writer.write(first)
            closed = asyncio.ensure_future(self._closed(reader))
            while not closed.done():
                writer.write(again)
                await writer.drain()
                await asyncio.wait([closed], timeout=pause)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.lives.append(time.monotonic() - began)
            writer.close()

    @staticmethod
    async def _closed(reader):
        """Returns when the other side has gone away."""
        try:
            while await reader.read(65_536):
                pass
        except OSError:
            pass
