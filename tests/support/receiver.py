"""A receiver of webhooks that verifies what comes, remembers it, and misbehaves on request."""

import base64
import collections
import hashlib
import hmac
import json
import socketserver
import threading
import time

TOLERANCE = 300

Arrival = collections.namedtuple("Arrival", "at id kind link sequence answered")


class Receiver:
    """Listens on loopback. `on_arrival` is called with each verified request before it is answered, and says
    the status (None = no answer at all); `on_answer` is called after. Each answer says `words`."""

    def __init__(self, address=("127.0.0.1", 0)):
        receiver = self
        self.secret, self.words = None, ""
        self.arrivals = []
        self.wrong = []
        self.on_arrival = self.on_answer = None
        self._changing = threading.Lock()

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                try:
                    receiver._one(self.rfile, self.wfile)
                except OSError:
                    pass

        class Listener(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 1024

        self._listener = Listener(address, Handler)
        self.url = f"http://127.0.0.1:{self._listener.server_address[1]}/hook"
        threading.Thread(target=self._listener.serve_forever, daemon=True).start()

    def register(self, api, **fields):
        """Registers itself as an endpoint; returns the endpoint's id."""
        made = api.mutate("createWebhookEndpoint", "endpoint { id } secret", url=self.url, **fields)
        self.secret = made["secret"]
        return made["endpoint"]["id"]

    def answered(self):
        """The ids of the events whose delivery got its answer."""
        with self._changing:
            return {arrival.id for arrival in self.arrivals if arrival.answered}

    def repeated(self):
        """How many requests brought an id that had come before."""
        with self._changing:
            return len(self.arrivals) - len({arrival.id for arrival in self.arrivals})

    def since(self, moment):
        """What has arrived since a moment of the monotonic clock."""
        with self._changing:
            return [arrival for arrival in self.arrivals if arrival.at >= moment]

    def behave(self):
        """Answers well from now on."""
        self.on_arrival = self.on_answer = None

    def stop(self):
        """Listens no more."""
        self._listener.shutdown()
        self._listener.server_close()

    def _one(self, reading, writing):
        """One request a connection."""
        headers, body = request(reading)
        if body is None:
            return
        if trouble := verified(self.secret, headers, body):
            self.wrong.append(trouble)
            return
        event = json.loads(body)
        link = event["data"].get("link", {})
        arrival = Arrival(time.monotonic(), headers["webhook-id"], event["type"],
                          link.get("id"), link.get("sequence"), False)
        on_arrival, on_answer = self.on_arrival, self.on_answer
        status = on_arrival(arrival) if on_arrival else 204
        with self._changing:
            self.arrivals.append(arrival._replace(answered=status == 204))
        if status:
            # An answer of 204 has no body.
            words, status = (self.words.encode(), 200) if self.words and status == 204 else (b"", status)
            head = f"HTTP/1.1 {status} Whatever\r\nconnection: close\r\ncontent-length: {len(words)}\r\n\r\n"
            writing.write(head.encode() + words)
            writing.flush()
        if on_answer:
            on_answer(arrival)


def request(reading):
    """Headers, their names in lower case, and body of one request; no body if it did not come whole."""
    reading.readline()
    headers = {}
    while (line := reading.readline().strip()):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers.get("content-length", -1))
    body = reading.read(length) if length >= 0 else b""
    return headers, body if len(body) == length else None


def verified(secret, headers, body):
    """What is wrong with a delivery, by Standard Webhooks v1; None if nothing is."""
    identity, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not seconds.isdigit() or abs(int(seconds) - time.time()) > TOLERANCE:
        return f"{identity}: the time {seconds!r}"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{identity}.{seconds}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    given = headers.get("webhook-signature", "").split()
    return None if any(hmac.compare_digest(wanted, one) for one in given) else f"{identity}: the signature"
