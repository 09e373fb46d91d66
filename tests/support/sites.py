"""The real sites of tests/sites: what is known of them, and starting them."""

import json
import shutil
import tempfile
from pathlib import Path

from customer import CodeFiles, Customer, totp
from program import ROOT, Failure, Process, answers, free_port, wait_until

FOLDER = ROOT / "tests" / "sites"
# The first start installs the site; on a slow, busy machine that takes minutes.
START_SECONDS = 600


def known():
    """All sites by name."""
    found = [json.loads(file.read_text()) for file in sorted(FOLDER.glob("*/about.json"))]
    return {about["name"]: about for about in found}


class Site:
    """One site on a loopback port with a throwaway data folder; a context manager."""

    def __init__(self, about):
        self.about = about
        self.folder = Path(tempfile.mkdtemp(prefix=f"{about['name']}-"))
        self.data = self.folder / "data"
        self.origin = f"http://127.0.0.1:{free_port()}"
        start = FOLDER / about["name"] / "start.sh"
        port = self.origin.rsplit(":", 1)[1]
        self.process = Process([start, port, self.data], log=self.folder / "log")

    @property
    def login_url(self):
        return self.origin + self.about["login_path"]

    def ready(self):
        """Waits until the site answers."""

        def up():
            if not self.process.running():
                raise Failure(f"{self.about['name']} did not start:\n{(self.folder / 'log').read_text()[-2000:]}")
            return answers(self.login_url)

        wait_until(up, f"{self.about['name']} to answer", START_SECONDS, 0.3)
        return self

    def customer(self, user):
        """Someone who knows what this user knows."""
        step = user.get("second_step")
        if step is None:
            return Customer(user["username"], user["password"])
        if "secret" in step:
            return Customer(user["username"], user["password"], lambda: totp(step["secret"]))
        codes = CodeFiles(self.data, step["files"], step["pattern"])
        return Customer(user["username"], user["password"], codes)

    def stop(self):
        """Ends the site and removes its data."""
        self.process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
