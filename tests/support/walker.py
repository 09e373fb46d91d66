"""A customer who follows a list of acts on the hosted page, one for each question, without scripts."""

import threading
import time
from html.parser import HTMLParser

from customer import Browser, role_of, totp

# Where one question takes longer than this, something hangs.
PATIENCE = 150.0
PAUSE = 0.15


class Asked(HTMLParser):
    """What a page asks: its forms with the words of their buttons and radio buttons."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.forms, self._form, self._button, self._radio = [], None, None, None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self._form = {"action": attributes.get("action") or "", "controls": [], "buttons": [], "radios": []}
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "input" and attributes.get("type") == "radio":
            self._radio = {**attributes, "words": ""}
            self._form["radios"].append(self._radio)
        elif tag in ("input", "select"):
            self._form["controls"].append({**attributes, "type": attributes.get("type", tag)})
        elif tag == "button":
            self._button = {**attributes, "words": ""}
            self._form["buttons"].append(self._button)

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "button":
            self._button = None
        elif tag == "label":
            self._radio = None

    def handle_data(self, data):
        if self._button is not None:
            self._button["words"] += data
        elif self._radio is not None:
            self._radio["words"] += data

    def number(self):
        """The number of the prompt, if the page is one."""
        named = (c.get("value") for form in self.forms for c in form["controls"] if c.get("name") == "prompt")
        return next(named, None)


class Walker:
    """One customer on the way through one scenario."""

    def __init__(self, username, password, walk, secret=None, pause=PAUSE):
        self.username, self.password, self.walk, self.secret = username, password, list(walk), secret
        self.browser = Browser()
        self.texts = []
        self.passwords = self.codes = self.answers = 0
        self.trouble = None
        self.pause = pause

    def go(self, link_url):
        """Opens the link, clicks and answers until there is nothing to answer; returns the last page."""
        page = self.see(self.browser.open(link_url))
        page = self.see(self.browser.submit(page, page.forms[0]))
        return self.follow(page)

    def follow(self, page, done=None):
        """Answers from `page` on, until the login is over or `done` says so."""
        answered, end = None, time.monotonic() + PATIENCE
        while time.monotonic() < end and not (done and done()):
            asked = Asked(page.html)
            number = asked.number()
            if number is None and "data-events" not in page.html:
                return page
            if number is not None and number != answered:
                act = self.walk.pop(0) if self.walk else None
                if act is None:
                    self.trouble = f"asked once more: {page.text[:160]}"
                    return page
                answered, end = number, time.monotonic() + PATIENCE
                if act != "wait":
                    before = self.answers
                    page = self.see(self.act(page, asked, act))
                    if self.trouble or self.answers == before:
                        return page
                    continue
            time.sleep(self.pause)
            page = self.see(self.browser.open(page.url))
        if not (done and done()):
            self.trouble = f"nothing came for {PATIENCE:.0f} s: {page.text[:160]}"
        return page

    def see(self, page):
        """Keeps what was read."""
        if page.status >= 500:
            self.trouble = f"the page answered {page.status}: {page.text[:160]}"
        self.texts.append(page.text)
        return page

    def act(self, page, asked, act):
        """Carries out one act; the number of answers grows if it could be."""
        verb, _, rest = act.partition(" ")
        main = next(form for form in asked.forms if any(c.get("name") == "prompt" for c in form["controls"]))
        if verb == "press":
            return self.press(page, asked, lambda button: button.get("value") == rest, act)
        if verb == "other":
            return self.press(page, asked, lambda button: rest in button["words"] and button.get("name") == "choice", act)
        pairs = hidden(main)
        if verb == "choose":
            found = [radio for radio in main["radios"] if rest in radio["words"]]
            if not found:
                self.trouble = f"nothing to choose like {rest!r}: {page.text[:160]}"
                return page
            pairs.append((found[0]["name"], found[0]["value"]))
        else:
            fields = [c for c in main["controls"] if c["type"] != "hidden"]
            values = self.values(act, fields)
            if values is None:
                self.trouble = f"cannot {act!r} here: {page.text[:160]}"
                return page
            pairs += values
        return self.send(page, main, pairs + [button_pair(main["buttons"][0])])

    def values(self, act, fields):
        """What is typed into the fields; nothing if they ask for something else."""
        roles = [role_of(field) if field["type"] != "select" else "list" for field in fields]
        if act.startswith(("sign in", "wrong password")):
            if not set(roles) <= {"identifier", "password", "code"} or not {"identifier", "password"} & set(roles):
                return None
            wrong = act.startswith("wrong")
            typed = {"identifier": self.username, "password": ("not-" if wrong else "") + self.password,
                     "code": self.secret and totp(self.secret)}
            self.passwords += "password" in roles
            self.codes += "code" in roles
            return [(field["name"], typed[role]) for field, role in zip(fields, roles, strict=True)]
        if act.startswith("code "):
            if roles != ["code"]:
                return None
            code = act.removeprefix("code ")
            self.codes += 1
            return [(fields[0]["name"], totp(self.secret) if code == "$totp" else code)]
        if act.startswith("new password "):
            new = act.removeprefix("new password ")
            if set(roles) != {"password"}:
                return None
            self.passwords += 1
            tokens = [field.get("autocomplete") for field in fields]
            return [(field["name"], self.password if token == "current-password" else new)
                    for field, token in zip(fields, tokens, strict=True)]
        answers = act.removeprefix("answer ").split(" | ")
        if len(answers) != len(fields) or roles == ["code"]:
            return None
        return [(field["name"], answer) for field, answer in zip(fields, answers, strict=True)]

    def press(self, page, asked, fits, act):
        """Presses the first button that fits, in whatever form it is."""
        for form in asked.forms:
            for button in form["buttons"]:
                if fits(button):
                    return self.send(page, form, [*hidden(form), button_pair(button)])
        self.trouble = f"no button to {act!r}: {page.text[:160]}"
        return page

    def send(self, page, form, pairs):
        """Sends pairs as the form."""
        self.answers += 1
        return self.browser.send(page, form["action"], pairs)


def hidden(form):
    """What the page itself put into a form."""
    return [(c["name"], c.get("value") or "") for c in form["controls"] if c["type"] == "hidden"]


def button_pair(button):
    """What a button adds."""
    return (button.get("name"), button.get("value") or "")


def at_once(jobs, threads):
    """Runs jobs by so many threads; returns their results in order."""
    results, todo, lock = [None] * len(jobs), list(enumerate(jobs)), threading.Lock()

    def work():
        while True:
            with lock:
                if not todo:
                    return
                at, job = todo.pop(0)
            results[at] = job()

    workers = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return results
