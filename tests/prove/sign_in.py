"""Kills the server, the network or Chromium at a random step of a sign-in, and counts what the site received.

A customer without scripts signs in to the sandbox; at a random moment of a random step the server gets SIGKILL
and starts again, or the site's connections are cut for a while, or a Chromium process gets SIGKILL. The customer
loads the page again and goes on, or begins again where the page says so. Whatever happens: the site never
receives more passwords and codes than the customer sent, the customer is always shown a prompt or a sentence,
every link ends, and no process and no profile of a browser is left.
"""

import argparse
import json
import os
import random
import signal
import threading
import time
import urllib.request
from pathlib import Path

from cable import Cable
from program import DOWN, Failure, Process, answers, binary, free_port, tell, wait_until
from server import Server
from walker import Asked, Walker, button_pair, hidden

# With questions of every sort between the password and the account, none of which takes long by itself.
SCENARIOS = ("good", "two_pages", "otp_sms", "otp_app", "method_choice", "question", "approval", "account_choice",
             "terms", "captcha_image", "new_password", "resend_first")
LINK = "query($id: ID!) { link(id: $id) { status failure { code } logins { nodes { outcome } } } }"
NO_MORE = ("COMPLETED", "FAILED", "EXPIRED")
ENOUGH = 90.0
# A customer who is told to try again does so this often.
LOGINS = 4


def arguments(program):
    parser = argparse.ArgumentParser(program, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200, help="sign-ins with each driver (200)")
    parser.add_argument("--driver", choices=["http", "browser", "both"], default="http")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--seed", type=int, help="tells one course of events from another")
    return parser


def databases(wanted):
    return [wanted.database]


def prove(database, wanted):
    """All rounds; fails at the first that is not as promised."""
    seed = random.randrange(1 << 32) if wanted.seed is None else wanted.seed
    chance = random.Random(seed)
    for driver in ["http", "browser"] if wanted.driver == "both" else [wanted.driver]:
        violence = ["server", "network"] + (["chromium"] if driver == "browser" else [])
        sums = {"signed in": 0, "ended in words": 0, "logins": 0}
        with Scene(database) as scene:
            for number in range(wanted.rounds):
                what = violence[number % len(violence)]
                try:
                    told = Round(scene, driver, chance).play(what)
                except Failure as failure:
                    raise Failure(f"{driver}, round {number + 1}, {what} (seed {seed}): {failure}") from failure
                sums["signed in" if told.signed_in else "ended in words"] += 1
                sums["logins"] += told.logins
                print(f"{driver} {number + 1:3}  {what:8} {told.scenario['username']:16} {told.end:20} "
                      f"{told.logins} logins, {told.passwords} passwords and {told.codes} codes sent, "
                      f"{told.received['passwords']} and {told.received['codes']} received", flush=True)
            scene.leave_nothing()
        print(f"{driver}: {wanted.rounds} rounds, " + ", ".join(f"{count} {name}" for name, count in sums.items())
              + "; never more received than sent, no link without an end, no browser left (seed "
              + f"{seed})", flush=True)


class Scene:
    """The server, the site and the cable between them; a context manager."""

    def __init__(self, database):
        self.server = Server(database)
        port = free_port()
        self.origin = f"http://127.0.0.1:{port}"
        self.site = Process([binary(), "sandbox", "--at", f"127.0.0.1:{port}"])
        self.cable = Cable(port)
        self.scenarios = {s["username"]: s for s in json.loads(tell(binary(), {}, "sandbox", "--list", "--json"))}

    def __enter__(self):
        try:
            wait_until(lambda: answers(self.origin), "the sandbox to answer", 30)
            self.server.__enter__()
        except BaseException:
            self.cable.stop()
            self.site.stop()
            raise
        return self

    def __exit__(self, *error):
        self.server.__exit__(*error)
        self.cable.stop()
        self.site.stop()

    def counts(self, username):
        """What the site received under a user name, asked for beside the cable."""
        with urllib.request.urlopen(self.origin + "/_counts", timeout=30) as response:
            return json.load(response)[username]

    def browsers(self):
        """The processes of browsers of this server: their command lines name its folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if str(self.server.directory).encode() in command and b"--type=" not in command \
                    and b"user-data-dir" in command:
                found.append(int(process.name))
        return found

    def leave_nothing(self):
        """The server stops; fails if a browser or its profile is left."""
        self.server.kill()
        wait_until(lambda: not self.browsers(), "the browsers of a killed server to go", 20)
        self.server.start()
        self.server.kill()
        profiles = self.server.directory / "browser"
        left = list(profiles.iterdir()) if profiles.exists() else []
        if left:
            raise Failure(f"profiles are left: {[path.name for path in left]}")


class Round:
    """One customer, one link, one blow."""

    def __init__(self, scene, driver, chance):
        self.scene, self.driver, self.chance = scene, driver, chance
        self.scenario = scene.scenarios[chance.choice(SCENARIOS)]
        self.before = scene.counts(self.scenario["username"])
        self.customer = Walker(self.scenario["username"], self.scenario["password"], [],
                               self.scenario["authenticator_secret"])
        self.logins, self.acts, self.end, self.signed_in, self.received = 0, 0, "", False, {}
        self.blow_at, self.delay = chance.randrange(4), chance.uniform(0.0, 0.5)
        self.over = threading.Event()
        self.blown = False

    passwords = property(lambda self: self.customer.passwords)
    codes = property(lambda self: self.customer.codes)

    def play(self, what):
        """Signs in; fails if anything is not as promised."""
        link = self.link()
        self.url = link["linkUrl"]
        self.strike_later = lambda: threading.Thread(target=self.strike, args=(what,), daemon=True).start()
        self.follow()
        if self.blown:
            self.over.wait(60)
        self.up()
        ended = lambda: self.state(link)["status"] in NO_MORE  # noqa: E731
        try:
            wait_until(ended, "the link to end", 60)
        except Failure as failure:
            raise Failure(f"{failure}: it is {json.dumps(self.state(link))}") from failure
        told = self.state(link)
        self.end = told["status"] if told["status"] == "COMPLETED" else (told["failure"] or {}).get("code", "?")
        self.signed_in = told["status"] == "COMPLETED"
        after = self.scene.counts(self.scenario["username"])
        self.received = {name: after[name] - self.before[name] for name in after}
        for name, sent in (("passwords", self.passwords), ("codes", self.codes)):
            if self.received[name] > sent:
                raise Failure(f"{self.received[name]} {name} received, {sent} sent")
        return self

    def link(self):
        """A link of a source system of its own, so that budgets of earlier rounds do not count."""
        api, site = self.scene.server.api, f"http://127.0.0.1:{self.scene.cable.port}"
        name = self.scenario["username"]
        source = api.mutate("createSourceSystem", "sourceSystem { id }", name=name, driver=self.driver.upper(),
                            loginUrl=site + self.scenario["login_path"])["sourceSystem"]
        job = api.mutate("createJob", "job { id }", name=name, sourceSystemId=source["id"])["job"]
        return api.mutate("createLink", "link { id linkUrl }", externalId=name, jobId=job["id"])["link"]

    def state(self, link):
        """The link as the partner sees it."""
        return self.scene.server.api(LINK, id=link["id"])["link"]

    def strike(self, what):
        """The blow."""
        time.sleep(self.delay)
        scene = self.scene
        if what == "server":
            scene.server.kill()
            time.sleep(self.delay)
            scene.server.start()
        elif what == "network":
            scene.cable.cut()
            time.sleep(self.delay * 4)
            scene.cable.mend()
        else:
            for process in scene.browsers():
                os.kill(process, signal.SIGKILL)
        self.over.set()

    def up(self):
        """Waits until the server answers."""
        wait_until(lambda: answers(self.scene.server.origin + "/health/live"), "the server to be back", 60, 0.05)

    def step(self):
        """One more step of the customer; one of them is the one with the blow."""
        if self.acts == self.blow_at and not self.blown:
            self.blown = True
            self.strike_later()
        self.acts += 1

    def begin(self):
        """Opens the link and clicks."""
        self.logins += 1
        page = self.load(self.url)
        self.step()
        return self.ask(lambda: self.customer.browser.submit(page, page.forms[0])) if page.forms else page

    def follow(self):
        """Answers until the login is over, and begins again where the page says so."""
        end, page, answered = time.monotonic() + ENOUGH, self.begin(), None
        while time.monotonic() < end:
            self.look_at(page)
            asked = Asked(page.html)
            number = asked.number()
            if number is not None and (page.url, number) != answered:
                answered = (page.url, number)
                self.step()
                page = self.answer(page, asked)
                continue
            if number is None and "data-events" not in page.html:
                # A click that got no answer may never have arrived: then the landing page is as it was.
                goes_on = "Try again" in page.text or (page.url == self.url and page.forms)
                if not goes_on or self.logins >= LOGINS:
                    return
                page, answered = self.begin(), None
                continue
            time.sleep(0.2)
            page = self.load(page.url)
        raise Failure(f"after {ENOUGH:.0f} s the page still says: {page.text[:200]}")

    def look_at(self, page):
        """A page says something, and is none of an error's."""
        if not page.text.strip() or page.status >= 500:
            raise Failure(f"the page answered {page.status}: {page.text[:200]!r}")

    def load(self, url):
        """Loads a page as soon as the server answers."""
        return self.ask(lambda: self.customer.browser.open(url), url)

    def ask(self, send, again=None):
        """Sends something; a customer who gets no answer loads the last page again."""
        try:
            return send()
        except DOWN:
            self.up()
            return self.load(again or self.customer_page())

    def customer_page(self):
        """Where the customer is: the login's page if there is one, else the link."""
        return self.last if getattr(self, "last", None) else self.url

    def answer(self, page, asked):
        """Answers a prompt by what it asks for."""
        self.last = page.url
        main = next(form for form in asked.forms if any(c.get("name") == "prompt" for c in form["controls"]))
        fields = [c for c in main["controls"] if c["type"] != "hidden"]
        buttons = {button.get("value"): button for button in main["buttons"]}
        if "done" in buttons and not fields:
            time.sleep(0.2)
            return self.load(page.url)
        pairs = hidden(main) + self.values(main, fields)
        button = buttons.get("accept") or main["buttons"][0]
        return self.ask(lambda: self.customer.browser.send(page, main["action"], [*pairs, button_pair(button)]))

    def values(self, main, fields):
        """What this customer types or chooses here."""
        if main["radios"]:
            wanted = [act.removeprefix("choose ") for act in self.scenario["walk"] if act.startswith("choose ")]
            found = next((r for r in main["radios"] if wanted and wanted[0] in r["words"]), main["radios"][0])
            return [(found["name"], found["value"])]
        # A form to sign in with is known by what the browser would fill in.
        signs_in = {"username", "current-password"} & {field.get("autocomplete") for field in fields}
        later = [act for act in reversed(self.scenario["walk"]) if not act.startswith(("sign in", "wrong password"))]
        new = any(field.get("autocomplete") == "new-password" for field in fields)
        for act in ["sign in"] if signs_in and not new else later:
            if fields and (typed := self.customer.values(act, fields)) is not None:
                return typed
        return []
