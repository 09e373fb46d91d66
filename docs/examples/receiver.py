"""A receiver of Postern's webhooks in Python: pip install standardwebhooks

Run: WEBHOOK_SECRET=whsec_… PORT=8000 python receiver.py
"""

import logging
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue

from standardwebhooks import Webhook, WebhookVerificationError

LARGEST_BODY = 1 << 20

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
log = logging.getLogger("receiver")


class Inbox:
    """What has come in. In production: two tables, written in one transaction with the event itself."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seen = set()  # every webhook-id
        self.latest = {}  # link id: the highest sequence

    def take(self, webhook_id, event):
        """Tells a new event from one that was here before ("again") and one that is overtaken ("late")."""
        with self.lock:
            if webhook_id in self.seen:
                return "again"
            self.seen.add(webhook_id)
            link = event["data"].get("link")
            if link is None:
                return "new"
            if link["sequence"] < self.latest.get(link["id"], 0):
                return "late"
            self.latest[link["id"]] = link["sequence"]
            return "new"


def serve(verify):
    """Receives webhooks; `verify(body, headers)` returns the event or raises WebhookVerificationError."""
    inbox, work = Inbox(), SimpleQueue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers.get("content-length", 0))
            if length > LARGEST_BODY:
                return self.answer(413)
            # The signature is over the bytes as they came: verify first, parse after.
            body = self.rfile.read(length)
            try:
                event = verify(body, {name.lower(): value for name, value in self.headers.items()})
            except WebhookVerificationError as error:
                log.info("refused: %s", error)
                return self.answer(400)
            webhook_id = self.headers["webhook-id"]
            verdict = inbox.take(webhook_id, event)
            log.info("%s: %s %s", verdict, webhook_id, event["type"])
            if verdict == "new":
                work.put(event)
            # What is safe in the queue is answered at once; the work itself comes after.
            return self.answer(204)

        def answer(self, status):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    threading.Thread(target=work_off, args=[work], daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Receiver).serve_forever()


def work_off(work):
    """Does what the events ask for, one after another."""
    while event := work.get():
        log.info("handled: %s", event["type"])


if __name__ == "__main__":
    webhook = Webhook(os.environ["WEBHOOK_SECRET"])
    serve(webhook.verify)
