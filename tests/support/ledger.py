"""What the server says of its events and deliveries, read through the API, and how it stands to what arrived."""

from program import Failure, wait_until

EVENTS = """query($after: EventCursor, $types: [String!]) { events(first: 100, after: $after, types: $types) {
  nodes { id type sequence link { id } } pageInfo { hasNextPage endCursor } } }"""
WAITING = "{ webhookDeliveries(first: 1, filter: {statuses: [PENDING]}) { nodes { id nextAttemptAt } } }"


class Ledger:
    """All link events of a workspace, read on from where the last reading ended."""

    def __init__(self, api):
        self.api = api
        self.events = {}
        self._cursor = api("{ workspace { eventCursor } }")["workspace"]["eventCursor"]

    def read(self):
        """Reads to the end of the log."""
        while True:
            page = self.api(EVENTS, after=self._cursor, types=["link.*"])["events"]
            for event in page["nodes"]:
                self.events[event["id"]] = (event["link"]["id"], event["type"], event["sequence"])
            self._cursor = page["pageInfo"]["endCursor"] or self._cursor
            if not page["pageInfo"]["hasNextPage"]:
                return

    def wait_for_quiet(self, seconds=60.0):
        """Returns once no delivery waits any more."""
        nothing_waits = lambda: not self.api(WAITING)["webhookDeliveries"]["nodes"]  # noqa: E731
        wait_until(nothing_waits, "all deliveries to be over", seconds, 0.05)

    def compare(self, acknowledged, receiver):
        """Fails unless what was acknowledged is in the log, and exactly what is in the log has arrived."""
        self.read()
        logged = {(link, kind) for link, kind, _ in self.events.values()}
        arrived = receiver.answered()
        wrong = {
            "acknowledged and not in the log": acknowledged - logged,
            "in the log and not delivered": self.events.keys() - arrived,
            "delivered and not in the log": arrived - self.events.keys(),
            "not verified": receiver.wrong,
            "not what the log says": [
                arrival for arrival in receiver.since(0)
                if (arrival.link, arrival.kind, arrival.sequence) != self.events.get(arrival.id)
            ],
        }
        if any(wrong.values()):
            told = (f"{what}: {len(found)}, such as {list(found)[:3]}" for what, found in wrong.items() if found)
            raise Failure("; ".join(told))
