"""Fills a database with links, events and deliveries, directly and by the thousand.

One link that was made by the API, with its event and a delivery, is the pattern: every column that is not
written here is as it is there, so the copies stay like real rows when the tables grow.
"""

import csv
import io
import json
import os
import sqlite3
import time
import uuid

from bench import psql

CHUNK = 50_000
DAY_MS = 24 * 60 * 60 * 1000
# How old the oldest event is.
SPAN_MS = 60 * DAY_MS


def fill(store, endpoints, deliveries):
    """Adds that many deliveries, one for each endpoint per event.

    Of 200 events of the older half, 4 wait for a retry tomorrow at every endpoint and 2 were given up; all
    others have arrived with one attempt. Every 50th is about a run that failed, all others about a new link.
    """
    patterns = {table: store.pattern(table) for table in ("link", "event", "delivery", "attempt")}
    patterns["event"].pop("position")
    events = deliveries // len(endpoints)
    now = int(time.time() * 1000)
    rows = {table: [] for table in patterns}
    for number in range(events):
        at = now - SPAN_MS + SPAN_MS * number // events
        link, event = identifier(at), identifier(at)
        times = {"created_at": at, "updated_at": at, "occurred_at": at, "started_at": at}
        kind = "run.failed" if number % 50 == 7 else "link.created"
        own = {"link": {"id": link, "expires_at": now + 90 * DAY_MS},
               "event": {"id": event, "link_id": link, "type": kind}}
        for table, values in own.items():
            rows[table].append(copy(patterns[table], times | values))
        status, due = fate(number, events, now)
        for endpoint in endpoints:
            delivery = identifier(at)
            values = {"id": delivery, "endpoint_id": endpoint, "event_id": event, "link_id": link,
                      "status": status, "next_attempt_at": due, "claimed_by": None}
            rows["delivery"].append(copy(patterns["delivery"], times | values))
            rows["attempt"].append(copy(patterns["attempt"], times | {"delivery_id": delivery}))
        if len(rows["delivery"]) >= CHUNK or number == events - 1:
            store.insert(rows)
            rows = {table: [] for table in patterns}
    store.analyze()


def fate(number, events, now):
    """The status of an event's deliveries, and when they are due."""
    which = number % 200 if number < events // 2 else None
    if which in (0, 50, 100, 150):
        return "PENDING", now + DAY_MS
    return ("EXHAUSTED" if which in (75, 175) else "DELIVERED"), None


def identifier(at):
    """An id of that time, as the server makes them."""
    random = int.from_bytes(os.urandom(10))
    return uuid.UUID(int=(at << 80) | (7 << 76) | (random & ((1 << 76) - 1)) & ~(3 << 62) | (2 << 62))


def copy(pattern, values):
    """The pattern with the values of those columns that it has."""
    return [values.get(name, given) for name, given in pattern.items()]


class Sqlite:
    """The file of a running server."""

    def __init__(self, path):
        self.database = sqlite3.connect(path, timeout=60)
        # Only for this connection: what is filled in need not survive a power cut.
        self.database.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;")

    def pattern(self, table):
        """The last row of a table."""
        found = self.database.execute(f'SELECT * FROM "{table}" ORDER BY rowid DESC LIMIT 1')
        return dict(zip([column[0] for column in found.description], found.fetchone(), strict=True))

    def has_rows(self, table):
        """Whether there is any row in a table."""
        return bool(self.database.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone())

    def insert(self, rows):
        """Adds rows by table."""
        with self.database:
            for table, values in rows.items():
                names = [name for name in self.pattern(table) if (table, name) != ("event", "position")]
                places = ", ".join("?" * len(names))
                plain = ([value.bytes if isinstance(value, uuid.UUID) else value for value in row] for row in values)
                columns = ", ".join(f'"{name}"' for name in names)
                self.database.executemany(f'INSERT INTO "{table}" ({columns}) VALUES ({places})', plain)

    def analyze(self):
        """The server does not either."""

    def plan(self, statement):
        """How the database goes about a statement."""
        rows = self.database.execute("EXPLAIN QUERY PLAN " + statement).fetchall()
        return "\n".join(row[3] for row in rows)

    @staticmethod
    def literal(identifier):
        """An id in a statement."""
        return f"X'{identifier.hex}'"

    def close(self):
        """Lets the file go."""
        self.database.close()


class Postgres:
    """The database of a running server."""

    def __init__(self, url):
        self.url = url

    def pattern(self, table):
        """A row of a table."""
        return json.loads(psql(self.url, f'SELECT row_to_json(one) FROM "{table}" one LIMIT 1'))

    def has_rows(self, table):
        """Whether there is any row in a table."""
        return bool(psql(self.url, f'SELECT 1 FROM "{table}" LIMIT 1').strip())

    def insert(self, rows):
        """Adds rows by table."""
        text = io.StringIO()
        for table, values in rows.items():
            names = [name for name in self.pattern(table) if (table, name) != ("event", "position")]
            columns = ", ".join(f'"{name}"' for name in names)
            text.write(f'COPY "{table}" ({columns}) FROM STDIN (FORMAT csv);\n')
            lines = csv.writer(text, lineterminator="\n")
            plain = (json.dumps(value) if isinstance(value, (dict, list)) else value for row in values for value in row)
            lines.writerows(zip(*[plain] * len(names), strict=True))
            text.write("\\.\n")
        psql(self.url, text.getvalue())

    def analyze(self):
        """What autovacuum would do a minute later."""
        psql(self.url, "VACUUM ANALYZE")

    def plan(self, statement):
        """How the database goes about a statement."""
        return psql(self.url, "EXPLAIN (ANALYZE, BUFFERS) " + statement)

    @staticmethod
    def literal(identifier):
        """An id in a statement."""
        return f"'{identifier}'"

    def close(self):
        """Nothing is kept open."""
