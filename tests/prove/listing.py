"""Fills a database with links, events and deliveries, and measures whether lists stay as fast as in an empty one.

The same pages are asked for over the API, in turns, of a database with a thousand rows in each table and of one with a
million (--rows). Each page is measured by the median of many calls: the first, one in the middle and the last, forwards
and, where a list goes both ways, backwards; and with every filter. A page that takes more than twice as long as in
the small table, and a millisecond more at that, is a failure. So is a page of some types of events that takes more
than a tenth of a second: no index has the types, and a page looks through so many rows for them at most.
"""

import argparse
import base64
import random
import statistics
import subprocess
import time

from databases import databases, offer
from partner import job
from program import Failure
from server import Server
from table import show

FEW = 1_000
PAGE = 20
CALLS = 31
WARM_UP = 5
MOST = 2.0
MOST_LOOKING_MS = 100.0
# Below this, a difference is the machine's.
NOISE_MS = 1.0
CHUNK = 50_000
BASE_MS = 1_700_000_000_000
STATUSES = ["CREATED", "ACCESSED", "AUTHENTICATING", "IN_PROGRESS", "COMPLETED", "FAILED", "EXPIRED"]
# Nearly all links are of two statuses; of the others there are few, far back.
RARE_EACH = 997
CUSTOMERS_EACH = 500
DELIVERY_STATUSES = ["PENDING", "EXHAUSTED", "CANCELLED"]


def arguments(program):
    parser = argparse.ArgumentParser(program, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="links, and as many events and deliveries (1000000)")
    offer(parser)
    return parser


def prove(database, wanted):
    """The same pages of a small and of a large database, side by side."""
    with Server(database) as small, Server(database) as large:
        few, many = World(small), World(large)
        few.fill(FEW)
        began = time.monotonic()
        many.fill(wanted.rows)
        filled = time.monotonic() - began
        times = measure(few, many)
    print(f"{database}: {wanted.rows} links, events and deliveries (filled in {filled:.0f} s); medians of {CALLS}", flush=True)
    slow = []
    rows = [["list", "page", f"{FEW} rows", f"{wanted.rows} rows", "ratio"]]
    for what, (before, after) in times.items():
        is_slow = after > MOST_LOOKING_MS if looks_through(what[0]) else after > max(before * MOST, before + NOISE_MS)
        rows.append([*what, f"{before:.2f} ms", f"{after:.2f} ms", f"{after / before:.2f}"])
        if is_slow:
            slow.append(" ".join(what))
    show(rows)
    if slow:
        raise Failure(f"{database}: too slow: {'; '.join(slow)}")


def looks_through(name):
    """Whether a page of the list looks through rows for those it wants: no index has the types of events, as that
    would make every event dearer to write."""
    return "ypes (" in name


class World:
    """What the lists are of: rows are written past the server, which is stopped meanwhile."""

    def __init__(self, server):
        self.server, self.count = server, 0
        self.jobs = [job(server.api), job(server.api)]
        made = server.api.mutate("createWebhookEndpoint", "endpoint { id }", url="http://127.0.0.1:9/hook",
                                 eventTypes=["webhook.test"])
        self.endpoint = made["endpoint"]["id"]
        workspace = server.api("{ workspace { id } }")["workspace"]["id"]
        self.workspace = number(workspace)
        self.sink = Sqlite(server) if hasattr(server.database, "path") else Postgres(server)

    def fill(self, count):
        """Adds rows up to so many."""
        self.server.kill()
        with self.sink as sink:
            for begin in range(self.count, count, CHUNK):
                numbers = range(begin, min(begin + CHUNK, count))
                sink.add("customer", self.customers(numbers))
                sink.add("link", self.links(numbers))
                sink.add("event", self.events(numbers))
                sink.add("delivery", self.deliveries(numbers))
        self.count = count
        self.server.start()

    def customers(self, numbers):
        for n in numbers:
            if n % CUSTOMERS_EACH == 0:
                yield {"id": key(n, 1), "workspace_id": self.workspace, "external_id": f"customer-{n // CUSTOMERS_EACH}",
                       "created_at": BASE_MS + n}

    def links(self, numbers):
        for n in numbers:
            yield {
                "id": key(n, 2), "workspace_id": self.workspace, "customer_id": key(n - n % CUSTOMERS_EACH, 1),
                "job_id": number(self.jobs[n % RARE_EACH == 0]), "status": rare(n, STATUSES[5:6], STATUSES[4:5]),
                "sequence": 1, "expires_at": BASE_MS + n + 60_000, "created_at": BASE_MS + n, "updated_at": BASE_MS + n,
                "metadata": "{}", "token_key": 0, "signed_in_at": BASE_MS + n,
            }

    def events(self, numbers):
        for n in numbers:
            yield {
                "id": key(n, 3), "workspace_id": self.workspace, "link_id": key(n, 2), "sequence": 1,
                "type": rare(n, ["link.failed"], ["link.created"]), "facts": "{}", "occurred_at": BASE_MS + n,
            }

    def deliveries(self, numbers):
        for n in numbers:
            yield {
                "id": key(n, 4), "workspace_id": self.workspace, "endpoint_id": number(self.endpoint),
                "event_id": key(n, 3), "link_id": key(n, 2), "status": rare(n, DELIVERY_STATUSES, ["DELIVERED"]),
                "attempt_count": 0, "created_at": BASE_MS + n, "attempts_before": 0, "turn": "NEXT",
            }


def rare(n, few, many):
    """One of the few, now and then."""
    return few[n // RARE_EACH % len(few)] if n % RARE_EACH == 0 else many[0]


def key(n, kind):
    """A time-ordered id, as the server makes them."""
    return (BASE_MS + n).to_bytes(6) + bytes([0x70 | kind, 0]) + (1 << 63 | n).to_bytes(8)


def number(shown):
    """The bytes behind a shown id."""
    return bytes.fromhex(shown.rsplit("_", 1)[1])


class Sqlite:
    """Rows into a file."""

    def __init__(self, server):
        self.path = server.database.path

    def __enter__(self):
        import sqlite3

        self.file = sqlite3.connect(self.path)
        self.file.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;")
        return self

    def __exit__(self, *_):
        self.file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.file.close()

    def add(self, table, rows):
        rows = list(rows)
        if rows:
            names = list(rows[0])
            places = ", ".join("?" * len(names))
            quoted = ", ".join(f'"{name}"' for name in names)
            values = ([row[name] for name in names] for row in rows)
            self.file.executemany(f'INSERT INTO "{table}" ({quoted}) VALUES ({places})', values)
            self.file.commit()


class Postgres:
    """Rows into a server."""

    def __init__(self, server):
        self.url = server.database.url

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # As autovacuum does after a while.
        self._tell("VACUUM ANALYZE")

    def add(self, table, rows):
        rows = list(rows)
        if rows:
            names = ", ".join(f'"{name}"' for name in rows[0])
            lines = ["\t".join(map(text, row.values())) for row in rows]
            self._tell(f'COPY "{table}" ({names}) FROM STDIN;\n' + "\n".join(lines) + "\n\\.\n")

    def _tell(self, statements):
        command = ["psql", "-qX", "-v", "ON_ERROR_STOP=1", self.url]
        done = subprocess.run(command, input=statements, text=True, capture_output=True, check=False)
        if done.returncode:
            raise Failure(f"psql: {done.stderr[-1000:]}")


def text(value):
    return value.hex() if isinstance(value, bytes) else str(value)


def cursor(identifier):
    return base64.urlsafe_b64encode(identifier).decode().rstrip("=")


def instant(n):
    seconds, millis = divmod(BASE_MS + n, 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{millis:03}Z"


def lists(world):
    """Each list: its name, its field, its filter, the kind of its keys, and whether it goes both ways."""
    half = world.count // 2
    common, few = world.jobs
    links = [
        ("links", {}),
        ("links externalId", {"externalId": f"customer-{half // CUSTOMERS_EACH}"}),
        ("links jobId", {"jobId": common}),
        ("links jobId (few)", {"jobId": few}),
        ("links statuses", {"statuses": ["COMPLETED"]}),
        ("links statuses (few)", {"statuses": ["FAILED"]}),
        ("links statuses (none)", {"statuses": ["CREATED", "EXPIRED"]}),
        ("links jobId and statuses", {"jobId": few, "statuses": ["FAILED", "CREATED"]}),
        ("links createdAfter", {"createdAfter": instant(half)}),
        ("links createdBefore", {"createdBefore": instant(half)}),
        ("links created between", {"createdAfter": instant(half), "createdBefore": instant(half + PAGE)}),
    ]
    for name, wanted in links:
        yield name, "links", wanted, 2, True
    to = {"endpointId": world.endpoint}
    deliveries = [
        ("deliveries", {}, 4),
        ("deliveries endpointId", to, 3),
        ("deliveries linkId", {"linkId": "lnk_" + key(half, 2).hex()}, 4),
        ("deliveries statuses", {"statuses": ["DELIVERED"]}, 4),
        ("deliveries statuses (few)", {"statuses": ["EXHAUSTED"]}, 4),
        ("deliveries statuses (several)", {"statuses": DELIVERY_STATUSES}, 4),
        ("deliveries endpointId and statuses", {**to, "statuses": DELIVERY_STATUSES}, 3),
        ("deliveries eventTypes", {"eventTypes": ["link.created"]}, 4),
        ("deliveries eventTypes (few)", {"eventTypes": ["link.failed"]}, 4),
        ("deliveries eventTypes (none)", {"eventTypes": ["run.*"]}, 4),
        ("deliveries createdAfter", {"createdAfter": instant(half)}, 4),
        ("deliveries createdBefore", {"createdBefore": instant(half)}, 4),
    ]
    for name, wanted, kind in deliveries:
        yield name, "webhookDeliveries", wanted, kind, False


def pages(world, kind, both_ways):
    """The first page, one in the middle and the last; by name, as arguments."""
    middle, end = cursor(key(world.count // 2, kind)), cursor(key(PAGE, kind))
    yield "first", {"first": PAGE}
    yield "middle", {"first": PAGE, "after": middle}
    yield "last", {"first": PAGE, "after": end}
    if both_ways:
        yield "last, backwards", {"last": PAGE}
        yield "middle, backwards", {"last": PAGE, "before": middle}
        yield "first, backwards", {"last": PAGE, "before": cursor(key(world.count - PAGE, kind))}


def questions(world):
    """Every page of every list: what it is, and how it is asked for."""
    for name, field, wanted, kind, both_ways in lists(world):
        types = {"links": "LinkFilter", "webhookDeliveries": "DeliveryFilter"}
        more = ", $last: Int, $before: String" if both_ways else ""
        given = ", last: $last, before: $before" if both_ways else ""
        query = (f"query($filter: {types[field]}, $first: Int, $after: String{more}) {{ {field}(filter: $filter, "
                 f"first: $first, after: $after{given}) {{ nodes {{ id }} pageInfo {{ hasNextPage }} }} }}")
        for page, range_ in pages(world, kind, both_ways):
            yield (name, page), query, {"filter": wanted, **range_}
    log = ("query($first: Int, $types: [String!]) { events(first: $first, types: $types) { nodes { id } "
           "pageInfo { hasNextPage } } }")
    for name, types in (("events", []), ("events types", ["link.created"]), ("events types (few)", ["link.failed"]),
                        ("events types (none)", ["run.*"])):
        yield (name, "first"), log, {"first": PAGE, "types": types}


def measure(few, many):
    """The median times of each page in both databases, in milliseconds."""
    asked = [(what, (world, query, variables)) for world in (few, many) for what, query, variables in questions(world)]
    times = {what: ([], []) for what, _ in asked}
    for round_ in range(WARM_UP + CALLS):
        # In another order each time: what the machine does meanwhile is nobody's in particular.
        random.shuffle(asked)
        for what, (world, query, variables) in asked:
            began = time.perf_counter()
            try:
                world.server.api(query, **variables)
            except Failure as failure:
                raise Failure(f"{' '.join(what)}, {world.count} rows: {failure}") from failure
            if round_ >= WARM_UP:
                times[what][world is many].append((time.perf_counter() - began) * 1000)
    return {what: tuple(map(statistics.median, both)) for what, both in times.items()}
