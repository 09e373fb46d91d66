"""A partner's program under load: links are made, and some of them expired; what was acknowledged is kept, and
every other answer is counted."""

import collections
import http.client
import itertools
import json
import threading
import time

THREADS = 4
PATIENCE = 20.0


class Partner:
    """Asks at a steady rate while it is let."""

    def __init__(self, api, origin, job, rate, expires_each=10, threads=THREADS):
        self.acknowledged = set()
        self.refusals = collections.Counter()
        self.on_acknowledgement = None
        self._origin, self._key, self._job = origin.removeprefix("http://"), api.key, job
        self._pause, self._expires_each = threads / rate, expires_each
        self._numbers = itertools.count()
        self._may_ask, self._over = threading.Event(), threading.Event()
        self._idle = [threading.Event() for _ in range(threads)]
        for idle in self._idle:
            threading.Thread(target=self._work, args=(idle,), daemon=True).start()

    def ask(self):
        """Begins to ask."""
        self._may_ask.set()

    def rest(self):
        """Asks no more, and returns when nothing is under way."""
        self._may_ask.clear()
        for idle in self._idle:
            idle.wait(PATIENCE)

    def stop(self):
        """Ends for good."""
        self._over.set()
        self._may_ask.set()

    def _work(self, idle):
        line, own = None, []
        while True:
            if not self._may_ask.is_set():
                idle.set()
                self._may_ask.wait()
                idle.clear()
            if self._over.is_set():
                return
            try:
                line = line or http.client.HTTPConnection(self._origin, timeout=PATIENCE)
                self._one(line, own)
            except (OSError, http.client.HTTPException) as error:
                # Killed, or not there yet: what was asked may have happened or not.
                self.refusals[f"no answer: {type(error).__name__}"] += 1
                line = line and line.close()
            time.sleep(self._pause)

    def _one(self, line, own):
        number = next(self._numbers)
        if number % self._expires_each == self._expires_each - 1 and own:
            link = own.pop()
            if self._mutate(line, "expireLink", {"id": link}, "link { id }"):
                self._keep((link, "link.expired"))
            return
        new = {"externalId": f"customer-{number}", "jobId": self._job}
        if made := self._mutate(line, "createLink", new, "link { id }"):
            own.append(made["link"]["id"])
            self._keep((made["link"]["id"], "link.created"))

    def _keep(self, fact):
        self.acknowledged.add(fact)
        if self.on_acknowledgement:
            self.on_acknowledgement()

    def _mutate(self, line, name, fields, wanted):
        kind = name[0].upper() + name[1:] + "Input"
        query = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {wanted} userErrors {{ message }} }} }}"
        body = json.dumps({"query": query, "variables": {"input": fields}})
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        line.request("POST", "/graphql", body, headers)
        reply = json.loads(line.getresponse().read())
        if errors := reply.get("errors"):
            self.refusals[errors[0].get("extensions", {}).get("code") or errors[0]["message"]] += 1
            return None
        payload = reply["data"][name]
        if payload["userErrors"]:
            self.refusals[f"{name}: {payload['userErrors'][0]['message']}"] += 1
            return None
        return payload


def job(api):
    """A job for links that nobody opens."""
    nowhere = "http://127.0.0.1:9/login"
    source = api.mutate("createSourceSystem", "sourceSystem { id }", name="Nowhere", loginUrl=nowhere)["sourceSystem"]
    return api.mutate("createJob", "job { id }", name="Nothing", sourceSystemId=source["id"])["job"]["id"]
