"""What schemathesis is told of Postern's API, and what it must not see.

It makes documents from the introspected schema, right in their types, and knows nothing of what they mean. So
scalars get values of which many are valid, and most ids become ids of things that are there: otherwise hardly any
document would come further than the first check. Every answer is written down by its code; INTERNAL, and any
status from 500 on, is a failure.
"""

import json
import os
import random
import re

import schemathesis
from graphql import NameNode, ObjectFieldNode
from hypothesis import strategies as st
from schemathesis.graphql import nodes

IDS = json.loads(os.environ["FUZZ_IDS"])
SEEN = os.environ["FUZZ_SEEN"]

CHANCE = random.Random(0)
# How many of ten ids stay as they were made up.
MADE_UP = 2

TIMES = ["2026-11-22T12:00:00Z", "2026-11-22T12:00:00.000000001+14:00", "0001-01-01T00:00:00Z",
         "9999-12-31T23:59:59.999Z", "2026-02-30T00:00:00Z", "1969-12-31T23:59:60Z"]
DURATIONS = ["PT1M", "PT15M", "P7D", "P90D", "PT0S", "P1Y", "-PT1S", "PT0.5S", "P1DT1H1M1S", "PT99999999999999999999S",
             "P106751991167D", "PT"]
URLS = ["https://example.com/", "http://127.0.0.1:9/", "http://[::1]/", "https://user:secret@example.com/",
        "https://example.com:0/", "javascript:alert(1)", "nats:events/subject", "//example.com", "https://ex ample/"]
CURSORS = ["AQAAAAAAAAAA", "AQAAAAAAAAAB", "AX__________", "AP__________", "AQ", "", "====", "AYAAAAAAAAAA"]


def some(values):
    """One of the values, or any text."""
    return st.one_of(st.sampled_from(values), st.text(max_size=40)).map(nodes.String)


def json_objects():
    """Objects of any JSON, three deep."""
    leaves = st.one_of(st.text(max_size=10).map(nodes.String), st.integers(-2**31, 2**31 - 1).map(nodes.Int),
                       st.booleans().map(nodes.Boolean), st.floats(allow_nan=False, allow_infinity=False).map(nodes.Float))
    names = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,8}\Z")
    fields = lambda values: st.dictionaries(names, values, max_size=4).map(as_object)  # noqa: E731
    return fields(st.recursive(leaves, lambda inner: st.one_of(st.lists(inner, max_size=3).map(nodes.List), fields(inner)),
                               max_leaves=6))


def as_object(fields):
    """A literal of an object."""
    return nodes.Object([ObjectFieldNode(name=NameNode(value=name), value=value) for name, value in fields.items()])


schemathesis.graphql.scalar("DateTime", some(TIMES))
schemathesis.graphql.scalar("Duration", some(DURATIONS))
schemathesis.graphql.scalar("URL", some(URLS))
schemathesis.graphql.scalar("EventCursor", some(CURSORS))
schemathesis.graphql.scalar("JSONObject", json_objects())


@schemathesis.hook
def map_body(_context, body):
    """Most ids become ids of what is there."""
    if isinstance(body, str):
        return re.sub(r'\b(id|\w+Id|relogin): ""?[^"]*"', real_id, body)
    return body


def real_id(match):
    """An id that is there, often of the kind that is asked for."""
    name = match.group(1)
    if CHANCE.randrange(10) < MADE_UP:
        return match.group(0)
    kind = {"jobId": "job", "linkId": "lnk", "sourceSystemId": "src", "endpointId": "ep", "relogin": "run"}.get(name)
    known = [one for one in IDS if kind is None or one.startswith(kind + "_")] or IDS
    return f'{name}: "{CHANCE.choice(known)}"'


@schemathesis.check
def nothing_internal(_context, response, case):
    """Everything but our own mistakes is allowed."""
    told = codes(response)
    with open(SEEN, "a", encoding="utf-8") as seen:
        seen.write(json.dumps({"status": response.status_code, "codes": told}) + "\n")
    if response.status_code >= 500 or "INTERNAL" in told:
        raise AssertionError(f"{response.status_code} {told}: {response.text[:500]}")


def codes(response):
    """`extensions.code` of each error."""
    try:
        errors = response.json().get("errors") or []
    except ValueError:
        return ["not JSON"]
    return [error.get("extensions", {}).get("code", "none") for error in errors]
