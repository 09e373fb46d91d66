"""The errand with gql from PyPI: queries and mutations over HTTP, the subscription over websockets."""

import json
import os
import subprocess
import sys

from gql import Client, gql
from gql.transport.exceptions import TransportClosed, TransportError, TransportQueryError, TransportServerError
from gql.transport.requests import RequestsHTTPTransport
from gql.transport.websockets import WebsocketsTransport

URL, WS_URL, JOB = (os.environ[name] for name in ("GRAPHQL_URL", "WS_URL", "JOB"))

CREATE = gql("""mutation($input: CreateLinkInput!) {
  createLink(input: $input) { link { id status } eventCursor userErrors { code field message } } }""")
EXPIRE = gql("mutation($id: ID!) { expireLink(input: {id: $id}) { link { status } userErrors { code } } }")
READ = gql("query($id: ID!) { link(id: $id) { id status externalId } }")
HERE = gql("{ workspace { eventCursor } }")
FOLLOW = gql("""subscription($link: ID!, $after: EventCursor) {
  linkStatusChanged(linkId: $link, after: $after) { cursor status sequence } }""")


def over_http(key, **more):
    """A client for queries and mutations."""
    transport = RequestsHTTPTransport(URL, headers={"Authorization": f"Bearer {key}"})
    return Client(transport=transport, **more)


def over_websocket(key):
    """A client for subscriptions."""
    transport = WebsocketsTransport(WS_URL, init_payload={"authorization": f"Bearer {key}"},
                                    subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL])
    return Client(transport=transport)


def run(client, document, **variables):
    """One operation."""
    document.variable_values = variables
    return client.execute(document)


def new_link(external_id):
    """The input of a new link."""
    return {"externalId": external_id, "jobId": JOB}


def main():
    # The schema is fetched by introspection, and every document is checked against it before it is sent.
    client = over_http(os.environ["KEY"], fetch_schema_from_transport=True)
    start = run(client, HERE)["workspace"]["eventCursor"]
    made = run(client, CREATE, input=new_link("gql"))["createLink"]["link"]
    assert made["status"] == "CREATED", made

    # Each connection reads one change and goes; the next one begins after its cursor.
    first = next(follow(made["id"], start))
    assert run(client, EXPIRE, id=made["id"])["expireLink"]["link"]["status"] == "EXPIRED"
    rest = list(follow(made["id"], first["cursor"]))
    assert [one["status"] for one in (first, *rest)] == ["CREATED", "EXPIRED"], (first, rest)

    unchecked = over_http(os.environ["KEY"])
    assert code_of(unchecked, gql('{ link(id: "x") { nothingOfThatName } }')) == "BAD_REQUEST"
    reading = over_http(os.environ["READING_KEY"])
    assert code_of(reading, CREATE, input=new_link("gql")) == "FORBIDDEN"
    assert run(reading, READ, id=made["id"])["link"]["externalId"] == "gql"
    invalid = run(client, CREATE, input=new_link(""))["createLink"]
    assert invalid["userErrors"][0]["field"] == ["externalId"], invalid

    living = run(client, CREATE, input=new_link("gql"))["createLink"]["link"]["id"]
    short = os.environ["SHORT_KEY"]
    assert run(over_http(short), READ, id=living)["link"]["id"] == living
    closed = None
    try:
        for number, _ in enumerate(follow(living, start, short)):
            if number == 0:
                subprocess.run(json.loads(os.environ["REVOKE"]), check=True, stdout=subprocess.DEVNULL)
    except TransportError as error:
        closed = error
    assert isinstance(closed, TransportClosed | TransportError), closed
    try:
        run(over_http(short), READ, id=living)
        refused = None
    except (TransportServerError, TransportQueryError) as error:
        refused = error
    assert refused is not None, "the revoked key was not refused"
    assert getattr(refused, "code", None) == 401 or "UNAUTHENTICATED" in str(refused), refused
    print("gql: schema by introspection, query, mutation, subscription resumed after its cursor, refused with codes, "
          "revoked")


def follow(link, after, key=os.environ["KEY"]):
    """The changes of a link after a cursor, until the subscription completes or is left."""
    FOLLOW.variable_values = {"link": link, "after": after}
    for result in over_websocket(key).subscribe(FOLLOW):
        yield result["linkStatusChanged"]


def code_of(client, document, **variables):
    """`extensions.code` of what the server refuses."""
    try:
        run(client, document, **variables)
    except TransportQueryError as error:
        return error.errors[0]["extensions"]["code"]
    return None


if __name__ == "__main__":
    sys.exit(main())
