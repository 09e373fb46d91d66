"""The other two signatures in Python: pip install standardwebhooks cryptography

Run: SIGNATURE=STANDARD_V1A WEBHOOK_PUBLIC_KEY=whpk_… python signatures.py
 or: SIGNATURE=TIMESTAMPED_HEX WEBHOOK_SECRET=whsec_… python signatures.py
"""

import base64
import hashlib
import hmac
import json
import os
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from receiver import serve
from standardwebhooks import WebhookVerificationError

TOLERANCE = 5 * 60


def verify_v1a(body, headers):
    """STANDARD_V1A: ed25519 with the endpoint's public key."""
    key = Ed25519PublicKey.from_public_bytes(
        base64.b64decode(os.environ["WEBHOOK_PUBLIC_KEY"].removeprefix("whpk_"))
    )
    timestamp = headers.get("webhook-timestamp", "")
    fresh(timestamp)
    signed = f"{headers.get('webhook-id')}.{timestamp}.".encode() + body
    for given in headers.get("webhook-signature", "").split():
        version, _, signature = given.partition(",")
        if version == "v1a" and is_right(key, signature, signed):
            return json.loads(body)
    raise WebhookVerificationError("No matching signature found")


def is_right(key, signature, signed):
    """Whether a base64 signature is the key's."""
    try:
        key.verify(base64.b64decode(signature), signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def verify_hex(body, headers):
    """TIMESTAMPED_HEX: HMAC-SHA256 with the text of the secret, its prefix included."""
    parts = [part.partition("=") for part in headers.get("postern-signature", "").split(",")]
    timestamp = next((value for name, _, value in parts if name == "t"), "")
    fresh(timestamp)
    signed = timestamp.encode() + b"." + body
    right = hmac.new(os.environ["WEBHOOK_SECRET"].encode(), signed, hashlib.sha256).hexdigest()
    given = [value for name, _, value in parts if name == "v1"]
    if any(hmac.compare_digest(value.encode(), right.encode()) for value in given):
        return json.loads(body)
    raise WebhookVerificationError("No matching signature found")


def fresh(timestamp):
    """Refuses what was not signed within the last five minutes, give or take the clocks."""
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > TOLERANCE:
        raise WebhookVerificationError("Timestamp outside of the tolerance")


if __name__ == "__main__":
    serve({"STANDARD_V1A": verify_v1a, "TIMESTAMPED_HEX": verify_hex}[os.environ["SIGNATURE"]])
