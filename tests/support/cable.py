"""A cable between a program and a site, which can be cut: connections break and none comes through."""

import contextlib
import socket
import threading


class Cable:
    """Forwards from a loopback port to another one while it is whole."""

    def __init__(self, target_port):
        self._target = target_port
        self._whole, self._ends, self._lock = True, set(), threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """Breaks what is under way, and what comes."""
        with self._lock:
            self._whole = False
            ends, self._ends = self._ends, set()
        for end in ends:
            close(end)

    def mend(self):
        """Lets connections through again."""
        self._whole = True

    def stop(self):
        """The end."""
        self.cut()
        close(self._listener)

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target), timeout=5) if self._whole else None
            except OSError:
                far = None
            if far is None:
                close(near)
                continue
            far.settimeout(None)
            with self._lock:
                self._ends |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source, sink):
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                if not self._whole:
                    break
                sink.sendall(chunk)
        for end in (source, sink):
            close(end)
            with self._lock:
                self._ends.discard(end)


def close(end):
    """Lets go of a socket, whatever state it is in."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        end.close()
