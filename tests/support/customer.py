"""A customer with a browser that runs no scripts.

Knows nothing of how the hosted page is made but what HTML says: forms, fields, buttons, alerts. What a
field asks for is read from its type and its autocomplete token, as a password manager does it.
"""

import base64
import hashlib
import hmac
import http.cookiejar
import re
import struct
import time
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser

from program import Failure

VOID_OR_UNSEEN = ("script", "style", "template", "title")


class Form:
    """A form of a page, and what a browser would send."""

    def __init__(self, attributes):
        self.action = attributes.get("action") or ""
        self.method = (attributes.get("method") or "get").lower()
        self.controls = []
        self.buttons = []

    def field(self, *roles):
        """The first visible field with one of the roles."""
        return next((control for control in self.controls if role_of(control) in roles), None)

    def hidden(self):
        """What the page itself put into the form: tells one question from the next."""
        return [(c.get("name"), c.get("value")) for c in self.controls if c.get("type") == "hidden"]

    def data(self, filled):
        """Name and value of everything that is sent with the first button."""
        pairs = []
        for control in self.controls:
            name, kind = control.get("name"), control.get("type", "text")
            if not name or "disabled" in control:
                continue
            if kind in ("radio", "checkbox") and "checked" not in control:
                continue
            pairs.append((name, filled.get(name, control.get("value") or ("on" if kind == "checkbox" else ""))))
        if self.buttons and self.buttons[0].get("name"):
            pairs.append((self.buttons[0]["name"], self.buttons[0].get("value") or ""))
        return pairs


def role_of(control):
    """What a field asks for: password, code, identifier, or nothing that is typed."""
    kind = (control.get("type") or "text").lower()
    tokens = (control.get("autocomplete") or "").lower().split()
    if kind == "password" and "one-time-code" not in tokens:
        return "password"
    if "one-time-code" in tokens or (kind != "hidden" and control.get("inputmode") == "numeric"):
        return "code"
    if kind in ("text", "email", "tel") and "readonly" not in control:
        return "identifier"
    return None


class Page(HTMLParser):
    """What the customer sees: the text, the alerts and the forms."""

    def __init__(self, url, status, html):
        super().__init__(convert_charrefs=True)
        self.url, self.status, self.html = url, status, html
        self.forms = []
        self._texts, self._alerts = [], []
        self._unseen, self._in_alert, self._form = 0, 0, None
        self.feed(html)
        self.text, self.alert = squeeze(self._texts), squeeze(self._alerts)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self._form = Form(attributes)
            self.forms.append(self._form)
        elif tag in ("input", "select", "textarea", "button") and self._form:
            self._control(tag, attributes)
        if tag in VOID_OR_UNSEEN:
            self._unseen += 1
        if tag in ("br", "input", "img", "meta", "link", "hr"):
            return
        if self._in_alert or attributes.get("role") == "alert":
            self._in_alert += 1

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        if tag in VOID_OR_UNSEEN and self._unseen:
            self._unseen -= 1
        if self._in_alert:
            self._in_alert -= 1

    def handle_data(self, data):
        if not self._unseen:
            self._texts.append(data)
            if self._in_alert:
                self._alerts.append(data)

    def _control(self, tag, attributes):
        kind = (attributes.get("type") or ("submit" if tag == "button" else "text")).lower()
        if tag == "button" or kind in ("submit", "image"):
            if kind in ("submit", "image"):
                self._form.buttons.append(attributes)
        else:
            self._form.controls.append({**attributes, "type": kind})

    def question(self):
        """The form that asks for something typed, if there is one."""
        return next((form for form in self.forms if form.field("password", "code", "identifier")), None)


def squeeze(texts):
    """Text as it is seen: runs of white space are one space."""
    return " ".join(" ".join(texts).split())


class Browser:
    """Cookies, redirects, forms; no scripts."""

    def __init__(self):
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._web = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)

    def open(self, url):
        """Follows a link."""
        return self._fetch(urllib.request.Request(url))

    def submit(self, page, form, filled=None):
        """Sends a form as a click on its first button would."""
        target = urllib.parse.urljoin(page.url, form.action)
        data = urllib.parse.urlencode(form.data(filled or {})).encode()
        if form.method != "post":
            raise Failure(f"a form of {page.url} is sent by {form.method}")
        return self._post(page, target, data)

    def send(self, page, action, pairs):
        """Sends pairs of a form of the page to its target."""
        data = urllib.parse.urlencode([pair for pair in pairs if pair[0]]).encode()
        return self._post(page, urllib.parse.urljoin(page.url, action), data)

    def _post(self, page, target, data):
        origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(page.url))
        return self._fetch(urllib.request.Request(target, data, {"origin": origin, "referer": page.url}))

    def _fetch(self, request):
        request.add_header("accept", "text/html")
        try:
            response = self._web.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return Page(response.url, response.status, response.read().decode("utf-8", "replace"))


class Customer:
    """Someone with an identifier, a password and, perhaps, a second step."""

    def __init__(self, identifier, password, code=None):
        """`code` is called when the site asks for a code, and returns what to type."""
        self.identifier, self.password, self.code = identifier, password, code
        self.browser = Browser()
        self.passwords_sent = 0
        self.codes_sent = 0
        self.after_wrong = None

    def sign_in(self, link_url, ended, wrong_first=True, seconds=60):
        """Opens the link, clicks, and answers what is asked until `ended()` is true.

        The first password is a wrong one if `wrong_first`; the page that then asks again is kept as
        `after_wrong`. Returns the last page.
        """
        page = self.browser.open(link_url)
        if page.status != 200 or not page.forms:
            raise Failure(f"the link shows {page.status}: {page.text[:300]}")
        page = self.browser.submit(page, page.forms[0])
        end, answered = time.monotonic() + seconds, None
        while not ended():
            if time.monotonic() > end:
                raise Failure(f"after {seconds} s the page still says: {page.text[:300]}")
            form = page.question()
            if form and form.hidden() != answered:
                answered = form.hidden()
                page = self.answer(page, form, wrong_first)
            else:
                time.sleep(0.2)
                page = self.browser.open(page.url)
        return page

    def answer(self, page, form, wrong_first):
        """Fills in one form, whatever mixture of things it asks for, and sends it."""
        filled = {}
        if self.passwords_sent == 1 and wrong_first and self.after_wrong is None:
            self.after_wrong = page
        if field := form.field("identifier"):
            filled[field["name"]] = self.identifier
        if field := form.field("password"):
            wrong = wrong_first and self.passwords_sent == 0
            filled[field["name"]] = "not-" + self.password if wrong else self.password
            self.passwords_sent += 1
        if field := form.field("code"):
            if self.code is None:
                raise Failure(f"a code is asked for that this customer does not have: {page.text[:300]}")
            filled[field["name"]] = self.code()
            self.codes_sent += 1
        return self.browser.submit(page, form, filled)


def totp(secret, at=None):
    """The six digits of an authenticator app (RFC 6238: SHA-1, 30 s) for a base32 secret."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    counter = int((time.time() if at is None else at) // 30)
    digest = hmac.new(key, struct.pack(">Q", counter), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start:start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


class CodeFiles:
    """The files into which a site writes the codes that it would send by mail or SMS."""

    def __init__(self, folder, names, pattern):
        self.folder, self.names, self.pattern = folder, names, re.compile(pattern)
        self.before = len(self._codes())

    def __call__(self, seconds=20):
        """The code that came since this customer began."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            codes = self._codes()
            if len(codes) > self.before:
                return codes[-1]
            time.sleep(0.1)
        raise Failure(f"no code arrived in {self.names}")

    def _codes(self):
        files = sorted(self.folder.glob(self.names), key=lambda file: file.stat().st_mtime)
        return [code for file in files for code in self.pattern.findall(file.read_text(errors="replace"))]
