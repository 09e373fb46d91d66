"""WebSocket frames of a client, as RFC 6455 has them, and one subscription over graphql-transport-ws.

Only what a server of ours sends: frames that are whole, text, pings.
"""

import base64
import json
import os
import socket
import struct

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


def upgrade(host, path="/graphql", protocol="graphql-transport-ws"):
    """The request that turns a connection into a WebSocket."""
    key = base64.b64encode(os.urandom(16)).decode()
    head = [f"GET {path} HTTP/1.1", f"host: {host}", "connection: Upgrade", "upgrade: websocket",
            "sec-websocket-version: 13", f"sec-websocket-key: {key}", f"sec-websocket-protocol: {protocol}"]
    return "\r\n".join([*head, "", ""]).encode()


def frame(kind, payload=b""):
    """One frame. It is masked, as a client's must be; by zeros, which change nothing."""
    length = len(payload)
    if length < 126:
        head = struct.pack("!BB", 0x80 | kind, 0x80 | length)
    else:
        head = struct.pack("!BBH", 0x80 | kind, 0x80 | 126, length)
    return head + bytes(4) + payload


def message(**fields):
    """One message of graphql-transport-ws."""
    return frame(TEXT, json.dumps(fields).encode())


def subscribe(key, query, variables):
    """What a client says first: who it is, and what it wants to follow."""
    init = message(type="connection_init", payload={"authorization": f"Bearer {key}"})
    return init + message(type="subscribe", id="1", payload={"query": query, "variables": variables})


class Frames:
    """Cuts what a server sends into frames; the answer to the upgrade comes first."""

    def __init__(self):
        self.is_open = False
        self._rest = bytearray()

    def feed(self, chunk):
        """The frames that are whole now: pairs of kind and payload."""
        self._rest += chunk
        if not self.is_open:
            end = self._rest.find(b"\r\n\r\n")
            if end < 0:
                return []
            status = bytes(self._rest[:12])
            if status != b"HTTP/1.1 101":
                raise ConnectionError(f"no WebSocket: {status.decode(errors='replace')}")
            del self._rest[:end + 4]
            self.is_open = True
        whole = []
        while one := self._one():
            whole.append(one)
        return whole

    def _one(self):
        if len(self._rest) < 2:
            return None
        kind, length, start = self._rest[0] & 15, self._rest[1] & 127, 2
        if length >= 126:
            size = 2 if length == 126 else 8
            start += size
            if len(self._rest) < start:
                return None
            length = int.from_bytes(self._rest[2:start])
        if len(self._rest) < start + length:
            return None
        payload = bytes(self._rest[start:start + length])
        del self._rest[:start + length]
        return kind, payload


class Subscription:
    """One subscription on a connection of its own; iterating gives its results until something ends it."""

    def __init__(self, address, key, query, variables, timeout):
        self._frames = Frames()
        self._line = socket.create_connection(address, timeout)
        try:
            self._line.sendall(upgrade(f"{address[0]}:{address[1]}"))
            self._early = []
            while not self._frames.is_open:
                self._early += self._frames.feed(self._received())
            self._line.sendall(subscribe(key, query, variables))
        except BaseException:
            self.close()
            raise

    def __iter__(self):
        frames, self._early = self._early, []
        while True:
            for kind, payload in frames:
                if kind == PING:
                    self._line.sendall(frame(PONG, payload))
                elif kind == CLOSE:
                    raise ConnectionError(f"closed: {payload[2:].decode(errors='replace')}")
                elif kind == TEXT:
                    said = json.loads(payload)
                    if said["type"] == "next":
                        yield said["payload"]
                    elif said["type"] in ("error", "complete"):
                        raise ConnectionError(f"{said['type']}: {json.dumps(said.get('payload'))}")
            frames = self._frames.feed(self._received())

    def _received(self):
        chunk = self._line.recv(65536)
        if not chunk:
            raise ConnectionError("the connection ended")
        return chunk

    def close(self):
        """Lets go, without a word."""
        self._line.close()
