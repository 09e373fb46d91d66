"""Measures what a sign-in costs: our own part of its time, memory by http, and memory and time of browsers.

Customers without scripts sign in to the sandbox. Of the time of a sign-in by http, what the site needs for the same
requests by itself is taken away; a customer of this kind thinks for no time. Memory is what all processes of the
server have more of (proportional set size) while sign-ins wait for their customers.
"""

import argparse
import contextlib
import functools
import os
import statistics
import time
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

from customer import Page
from program import Failure, Process, answers, binary, free_port, wait_until
from server import Server
from walker import Asked, Walker, at_once

PASSWORD = "correct-horse-1"
# What is promised: milliseconds, MB a login by http, MB a browser context, seconds to the first question.
OWN_TIME, BY_HTTP, BY_BROWSER, FIRST_QUESTION = 100, 5, 80, 2.5
MB = 1_000_000


def arguments(program):
    parser = argparse.ArgumentParser(program, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", choices=["dev", "release"], default="release", help="how it is built (release)")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--timed", type=int, default=100, help="sign-ins by http whose time is taken (100)")
    parser.add_argument("--waiting", type=int, default=200, help="sign-ins by http that wait at once (200)")
    parser.add_argument("--contexts", type=int, default=8, help="sign-ins in a browser that wait at once (8)")
    return parser


def databases(wanted):
    return [wanted.database]


def prove(database, wanted):
    """Measures everything; fails if anything costs more than is promised."""
    os.environ["TEST_PROGRAM"] = str(binary(wanted.profile))
    with Scene(database, wanted.contexts + 1) as scene:
        told = [own_time(scene, wanted.timed), by_http(scene, wanted.waiting), *by_browser(scene, wanted.contexts)]
    print(f"{Path(os.environ['TEST_PROGRAM'])}, {database}")
    for what, value, unit, most in told:
        print(f"{what}: {value:.2f} {unit} (at most {most})", flush=True)
    if dear := [what for what, value, _, most in told if value > most]:
        raise Failure(f"more than promised: {'; '.join(dear)}")


class Scene:
    """The server and the site; a context manager."""

    def __init__(self, database, browsers):
        self.server = Server(database, {"POSTERN_BROWSER__LIMIT": str(browsers)})
        self.origin = f"http://127.0.0.1:{free_port()}"

    def __enter__(self):
        with contextlib.ExitStack() as running:
            site = Process([binary(), "sandbox", "--at", self.origin.removeprefix("http://")])
            running.callback(site.stop)
            wait_until(lambda: answers(self.origin), "the sandbox to answer", 30)
            running.enter_context(self.server)
            self.running = running.pop_all()
        self.jobs = {driver: self.job(driver) for driver in ("HTTP", "BROWSER")}
        return self

    def __exit__(self, *error):
        self.running.__exit__(*error)

    def job(self, driver):
        """A job at the site by that driver."""
        source = self.server.api.mutate("createSourceSystem", "sourceSystem { id }", name=driver, driver=driver,
                                        loginUrl=self.origin + "/login")["sourceSystem"]["id"]
        return self.server.api.mutate("createJob", "job { id }", name=driver, sourceSystemId=source)["job"]["id"]

    def link(self, driver, who):
        """The address of a new link."""
        made = self.server.api.mutate("createLink", "link { linkUrl }", externalId=who, jobId=self.jobs[driver])
        return made["link"]["linkUrl"]

    def memory(self):
        """What all processes of the server have now, in bytes."""
        return sum(proportional(process) for process in family(self.server.pid))


def family(root):
    """A process and all below it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [root]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found


def proportional(process):
    """The proportional set size of one process, in bytes."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def until_asked(scene, driver, who, pause=0.005):
    """A customer before the first question; returns it, its page, and the seconds from the click to there."""
    walker = Walker("good", PASSWORD, ["sign in"])
    landing = walker.browser.open(scene.link(driver, who))
    began = time.monotonic()
    page = walker.browser.submit(landing, landing.forms[0])
    while Asked(page.html).number() is None:
        if "data-events" not in page.html or time.monotonic() - began > 60:
            raise Failure(f"nothing was asked: {page.text[:160]}")
        time.sleep(pause)
        page = walker.browser.open(page.url)
    return walker, page, time.monotonic() - began


def own_time(scene, count):
    """The middle of the time from the click to the end, without the site's and the customer's."""
    totals = []
    for number in range(count):
        walker, page, seconds = until_asked(scene, "HTTP", f"timed-{number}")
        began = time.monotonic()
        walker.pause = 0.005
        last = walker.follow(page)
        totals.append(seconds + time.monotonic() - began)
        if walker.trouble or "You are signed in" not in last.text:
            raise Failure(f"no sign-in: {walker.trouble or last.text[:160]}")
    site = statistics.median(at_the_site(scene.origin) for _ in range(count))
    own = (statistics.median(totals) - site) * 1000
    return f"a sign-in by http, its middle of {count}, without the site's {site * 1000:.0f} ms", own, "ms", OWN_TIME


def at_the_site(origin):
    """Seconds that the same requests take at the site itself."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar()))
    began = time.monotonic()
    form = opener.open(origin + "/login").read().decode()
    token = next(c for f in Page(origin, 200, form).forms for c in f.controls if c.get("name") == "csrf")["value"]
    body = urllib.parse.urlencode({"username": "good", "password": PASSWORD, "csrf": token}).encode()
    opener.open(origin + "/login", body).read()
    return time.monotonic() - began


def by_http(scene, count):
    """What a sign-in by http has while it waits for its customer."""
    before = scene.memory()
    # Many at a time from one address: they ask no more often than the page allows.
    one = functools.partial(until_asked, scene, "HTTP", pause=0.2)
    waiting = at_once([functools.partial(one, f"http-{number}") for number in range(count)], 16)
    each = (scene.memory() - before) / count / MB
    finish(waiting)
    return f"a sign-in by http that waits, of {count}", each, "MB", BY_HTTP


def by_browser(scene, count):
    """What a sign-in in a browser has while it waits, and how soon it asks; the first one starts Chromium."""
    first = until_asked(scene, "BROWSER", "first")
    before = scene.memory()
    waiting = [until_asked(scene, "BROWSER", f"browser-{number}") for number in range(count)]
    each = (scene.memory() - before) / count / MB
    soon = statistics.median(seconds for _, _, seconds in waiting)
    finish([first, *waiting])
    return [(f"a sign-in in a browser that waits, of {count}", each, "MB", BY_BROWSER),
            (f"from the click to the first question in a Chromium that runs (the first took {first[2]:.1f} s)",
             soon, "s", FIRST_QUESTION)]


def finish(waiting):
    """They all sign in: what was measured was no dead weight."""
    for walker, page, _ in waiting:
        last = walker.follow(page)
        if walker.trouble or "You are signed in" not in last.text:
            raise Failure(f"no sign-in: {walker.trouble or last.text[:160]}")
