// The errand over WebSocket, with the npm package graphql-ws.

import assert from 'node:assert/strict';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import {
  Cable, CREATE, EARLIEST, EXPIRE, FOLLOW, Heard, KEY, READ, READING_KEY, SHORT_KEY, WRONG, WS_URL, follow, newLink, one, revoke,
  soon,
} from './errand.mjs';

const cable = await Cable.to(WS_URL);
const [connected, closed] = [new Heard(), new Heard()];
const open = (key, more = {}) => createClient({
  url: cable.url,
  webSocketImpl: WebSocket,
  connectionParams: { authorization: `Bearer ${key}` },
  on: { connected: () => connected.add(key), closed: (event) => closed.add(event.code) },
  ...more,
});

// Lazy: nothing is connected until something is asked, and not for longer.
const client = open(KEY, { shouldRetry: () => true, retryAttempts: 5, retryWait: async () => {} });
assert.equal(cable.connections, 0);
const made = (await one(client, CREATE, newLink('graphql-ws'))).data.createLink;
assert.equal(made.link.status, 'CREATED');
await closed.until((all) => all.includes(1000), 'a lazy client to close');
assert.equal(cable.connections, 1);

// Followed from the moment it was made, and cut in the middle.
const { workspace } = (await one(client, EARLIEST)).data;
const { changes, ended } = follow(client, made.link.id, workspace.eventCursorEarliest);
await changes.until((all) => all.length === 1, 'the replay of CREATED');
await cable.cut();
assert.equal((await one(client, EXPIRE, { id: made.link.id })).data.expireLink.link.status, 'EXPIRED');
await soon(ended, 'the subscription to complete');
assert.deepEqual(changes.all.map(({ status, sequence }) => [status, sequence]), [['CREATED', 1], ['EXPIRED', 2]]);

// Errors: of the document, of a scope, of an input.
await assert.rejects(one(client, WRONG), (errors) => errors[0].extensions.code === 'BAD_REQUEST');
const reading = open(READING_KEY);
const refused = await one(reading, CREATE, newLink('graphql-ws'));
assert.equal(refused.errors[0].extensions.code, 'FORBIDDEN');
assert.equal((await one(reading, READ, { id: made.link.id })).data.link.externalId, 'graphql-ws');
const invalid = await one(client, CREATE, newLink(''));
assert.deepEqual(invalid.data.createLink.userErrors.map(({ code, field }) => [code, field]), [['INVALID', ['externalId']]]);

// A key that is revoked while it follows: closed with 4403. The package would try again, as a client with a key of
// short life wants it; this one does not.
const short = open(SHORT_KEY, { retryAttempts: 0 });
const living = (await one(client, CREATE, newLink('graphql-ws'))).data.createLink.link.id;
const watching = new Promise((complete, error) => {
  short.subscribe({ query: FOLLOW, variables: { link: living } }, { next() {}, complete, error });
});
await connected.until((all) => all.includes(SHORT_KEY), 'the key to be let in');
revoke();
const isForbidden = (event) => event.code === 4403;
await assert.rejects(soon(watching, 'the revoked key to be refused'), isForbidden);
await assert.rejects(soon(one(short, READ, { id: living }), 'an answer'), isForbidden);

cable.stop();
console.log('graphql-ws: lazy, followed, cut and resumed after the last cursor, refused with codes, revoked with 4403');
process.exit(0);
