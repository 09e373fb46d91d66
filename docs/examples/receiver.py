"""A receiver of Postern's webhooks in Python: pip install standardwebhooks

Run: WEBHOOK_SECRET=whsec_… PORT=8000 python receiver.py
"""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        # The signature is over the bytes as they came: verify first, parse after.
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = webhook.verify(body, dict(self.headers))
        except WebhookVerificationError as error:
            print("refused:", error, flush=True)
            self.send_response(400)
        else:
            # The same webhook-id may come again: handle each once.
            print("verified:", self.headers["webhook-id"], event["type"], flush=True)
            self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Receiver).serve_forever()
