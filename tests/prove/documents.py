"""Sends documents that are made to keep a server busy, and measures how long it needs to refuse each.

Nothing here is wrong for a parser in a hurry: fragments that double, thousands of aliases, names as long as the
text may be, millions of empty lists in the variables. Whatever a document is, its answer must begin within
100 ms; the best of several tries counts, as the machine may be busy with something else.
"""

import argparse
import http.client
import json
import time
import urllib.parse

from program import Failure, binary
from server import Server
from table import show

LONGEST = 256 * 1024
BODY = 4 * 1024 * 1024
ROOM = 200


def arguments(program):
    parser = argparse.ArgumentParser(program, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=5, help="how often each is sent (5)")
    parser.add_argument("--most", type=float, default=100.0, help="milliseconds that each may take (100)")
    parser.add_argument("--profile", default="release", help="the build that is measured (release)")
    return parser


def databases(_):
    return ["sqlite"]


def prove(database, wanted):
    """Every shape, one after the other, on one connection."""
    program = binary(wanted.profile)
    rows, slow = [["shape", "bytes", "answer", "ms"]], []
    with Server(database, {"POSTERN_API__RATE": "0"}, program=program) as server:
        client = Client(server.api)
        client.ask(json.dumps({"query": "{ viewer { id } }"}))
        for name, body in shapes():
            tries = [client.ask(body) for _ in range(wanted.tries)]
            best = min(took for took, _ in tries)
            rows.append([name, str(len(body)), tries[0][1], f"{best:.1f}"])
            if best > wanted.most:
                slow.append(name)
        peak = server.peak()
    show(rows)
    print(f"{len(rows) - 1} shapes; the server had {peak:.0f} MiB at most", flush=True)
    if slow:
        raise Failure(f"longer than {wanted.most:.0f} ms: {', '.join(slow)}")


class Client:
    """One connection to the API."""

    def __init__(self, api):
        self._address = urllib.parse.urlsplit(api.url)
        self._headers = {"authorization": f"Bearer {api.key}", "content-type": "application/json"}
        self._connection = http.client.HTTPConnection(self._address.netloc, timeout=60)

    def ask(self, body):
        """Milliseconds until the answer was there, and its first code."""
        begun = time.perf_counter()
        self._connection.request("POST", self._address.path, body.encode(), self._headers)
        answer = self._connection.getresponse().read()
        took = (time.perf_counter() - begun) * 1000
        errors = json.loads(answer).get("errors", [])
        return took, errors[0]["extensions"]["code"] if errors else "ok"


def shapes():
    """Names and bodies."""
    for name, query in texts():
        yield name, json.dumps({"query": query})
    yield from bodies()


def full(piece, before="", after=""):
    """As many pieces as a text may hold."""
    count = (LONGEST - len(before.encode()) - len(after.encode()) - ROOM) // len(piece.encode())
    return before + piece * count + after


def numbered(count, piece):
    """Pieces with their numbers."""
    return " ".join(piece.format(n=n) for n in range(count))


def texts():
    """Documents."""
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(28))
    yield "fragments that double 28 times", f"{{ ...F0 }} {chain} fragment F28 on Query {{ viewer {{ id }} }}"
    yield "fragments in a circle", "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"
    yield "many fragments", "{ ...F0 } " + numbered(1_600, "fragment F{n} on Query {{ __typename }}")
    yield "many fragments, all spread", (
        "{ " + numbered(900, "...F{n}") + " } " + numbered(900, "fragment F{n} on Query {{ __typename }}"))
    yield "many operations", numbered(1_900, "query Q{n} {{ __typename }}")
    yield "many operations with variables", numbered(600, "query Q{n}($a: Int, $b: Int) {{ __typename }}")
    yield "many variables", "query(" + numbered(2_400, "$v{n}: Int") + ") { viewer { id } }"
    yield "aliases", "{ " + numbered(3_000, "a{n}: __typename") + " }"
    yield "aliases of pages", "{ " + numbered(199, "a{n}: links {{ nodes {{ id }} }}") + " }"
    yield "one field again and again", "{ viewer { " + "id " * 3_900 + "} }"
    yield "one field with arguments again", "{ " + 'links(first: 1, after: "x") { nodes { id } } ' * 49 + "}"
    yield "fields that overlap", "{ viewer { " + numbered(190, "a{n}: id a{n}: name ") + " } }"
    yield "unknown fields", "{ viewer { " + numbered(3_900, "unknownFieldNumber{n}") + " } }"
    long = "unknown" * 9
    yield "unknown fields with long names", "{ link(id: \"x\") { " + numbered(3_700, long + "{n}") + " } }"
    yield "unknown fields with long names, spread", (
        "{ link(id: \"x\") { ...F } } fragment F on Link { " + numbered(3_600, long + "{n}") + " }")
    yield "unknown types", numbered(1_200, "fragment F{n} on " + long + "{n} {{ __typename }}") + " { __typename }"
    yield "unknown arguments with long names", "{ links(" + numbered(3_200, long + "{n}: 1") + ") { nodes { id } } }"
    yield "unknown arguments", "{ links(" + numbered(3_200, "unknown{n}: 1") + ") { nodes { id } } }"
    yield "an argument again and again", "{ links(" + "first: 1 " * 3_200 + ") { nodes { id } } }"
    yield "directives on a field", "{ viewer { id " + "@include(if: true) " * 1_600 + "} }"
    yield "10,000 directives", "{ viewer { id " + "@a " * 10_000 + "} }"
    yield "unknown directives", "{ " + numbered(99, "a{n}: viewer {{ id @x @y }}") + " }"
    yield "lists inside lists", "{ links(first: " + "[" * 40_000 + "]" * 40_000 + ") { nodes { id } } }"
    yield "lists inside lists, allowed", "{ links(first: " + "[" * 44 + "]" * 44 + ") { nodes { id } } }"
    yield "objects inside objects", "{ links(filter: " + "{a: " * 40 + "1" + "}" * 40 + ") { nodes { id } } }"
    yield "a wide object", "{ links(filter: {" + numbered(3_200, "a{n}: 1") + "}) { nodes { id } } }"
    yield "a long list", "{ links(filter: {statuses: [" + "CREATED " * 9_900 + "]}) { nodes { id } } }"
    yield "fields inside fields", "{ " + "viewer { " * 5_000 + "id" + " }" * 5_001
    yield "inline fragments inside one another", "{ " + "... { " * 30 + "__typename" + " }" * 31
    yield "many inline fragments", "{ " + "... { __typename } " * 1_900 + "}"
    yield "introspection inside introspection", (
        "{ __schema { types " + "{ fields { type " * 6 + "{ name }" + "} }" * 6 + " } }")
    yield "introspection, all of it twenty times", "{ " + numbered(
        20, "a{n}: __schema {{ types {{ fields {{ args {{ type {{ name }} }} type {{ ofType {{ name }} }} }} }} }}") + " }"
    yield "a name as long as the text", full("n", "{ viewer { ", " } }")
    yield "a number as long as the text", full("9", "{ links(first: ", ") { nodes { id } } }")
    yield "an exponent", "{ links(first: 1e" + "9" * 200 + ") { nodes { id } } }"
    yield "a string as long as the text", full("x", '{ link(id: "', '") { id } }')
    yield "a string of escapes", full("\\u0041", '{ link(id: "', '") { id } }')
    yield "a string of letters beyond ASCII", full("𝒳", '{ link(id: "', '") { id } }')
    yield "a block string of lines", full(" \n", '{ link(id: """', '""") { id } }')
    yield "a block string of quotes", full('\\"""', '{ link(id: """', '""") { id } }')
    yield "a string without an end", full("x", '{ link(id: "')
    yield "quotes", full('"', "{ ")
    yield "comments", full("#\n", "{ viewer { id } } ")
    yield "one comment", full("x", "{ viewer { id } } #")
    yield "commas", full(",", "{ viewer { id } } ")
    yield "spaces", full(" ", "{ viewer { id } } ")
    yield "opening braces", full("{")
    yield "closing braces", full("}")
    yield "nothing but zeros", full("\0")
    yield "dots", full(".", "{ ")


def bodies():
    """Bodies whose variables are the trouble."""
    def sent(variables):
        return f'{{"query":"query($i: CreateLinkInput!) {{ viewer {{ id }} }}","variables":{{"i":{variables}}}}}'

    def filled(piece, before, after):
        return before + piece * ((BODY - len(sent(before + after)) - ROOM) // len(piece)) + after

    yield "4 MiB of empty lists", sent(filled("[],", "[", "1]"))
    yield "4 MiB of empty objects", sent(filled("{},", "[", "1]"))
    yield "4 MiB of numbers", sent(filled("1,", "[", "1]"))
    yield "4 MiB of one text", sent(filled("x", '"', '"'))
    yield "4 MiB of escapes", sent(filled("\\u0041", '"', '"'))
    yield "4 MiB of lists inside lists", sent(filled("[", "", ""))
    yield "4 MiB of digits", sent(filled("9", "", ""))
    yield "40,000 fields of an input", sent("{" + ",".join(f'"field{n}":{n}' for n in range(40_000)) + "}")
    yield "40,000 workflows", json.dumps({
        "query": "mutation($i: CreateJobInput!) { createJob(input: $i) { job { id } } }",
        "variables": {"i": {"sourceSystemId": "x", "name": "x", "workflows": [{"a": 1}] * 20_000}},
    })
    yield "4 MiB of spaces", sent(filled(" ", "", "1"))
