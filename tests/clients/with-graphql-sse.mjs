// The errand over server-sent events, with the npm package graphql-sse: each operation a connection of its own.

import assert from 'node:assert/strict';
import { createClient } from 'graphql-sse';
import {
  Cable, CREATE, EARLIEST, EXPIRE, FOLLOW, GRAPHQL_URL, Heard, KEY, READ, READING_KEY, SHORT_KEY, WRONG, follow, newLink, one, revoke,
  soon,
} from './errand.mjs';

const cable = await Cable.to(GRAPHQL_URL);
const open = (key, more = {}) => createClient({
  url: cable.url,
  singleConnection: false,
  headers: { authorization: `Bearer ${key}` },
  retryAttempts: 0,
  ...more,
});

const client = open(KEY);
const made = (await one(client, CREATE, newLink('graphql-sse'))).data.createLink;
assert.equal(made.link.status, 'CREATED');
const { workspace } = (await one(client, EARLIEST)).data;

// Cut in the middle.
const following = open(KEY, { retryAttempts: 5, retry: async () => {} });
const { changes, ended } = follow(following, made.link.id, workspace.eventCursorEarliest);
await changes.until((all) => all.length === 1, 'the replay of CREATED');
await cable.cut();
assert.equal((await one(client, EXPIRE, { id: made.link.id })).data.expireLink.link.status, 'EXPIRED');
await soon(ended, 'the subscription to complete');
assert.deepEqual(changes.all.map(({ status, sequence }) => [status, sequence]), [['CREATED', 1], ['EXPIRED', 2]]);

// Errors: of the document, of a scope.
assert.equal((await one(client, WRONG)).errors[0].extensions.code, 'BAD_REQUEST');
const reading = open(READING_KEY);
assert.equal((await one(reading, CREATE, newLink('graphql-sse'))).errors[0].extensions.code, 'FORBIDDEN');
assert.equal((await one(reading, READ, { id: made.link.id })).data.link.externalId, 'graphql-sse');

// A key that is revoked while it follows hears so; afterwards it is refused with 401.
const living = (await one(client, CREATE, newLink('graphql-sse'))).data.createLink.link.id;
const last = new Heard();
const hear = (result) => last.add(result);
open(SHORT_KEY).subscribe({ query: FOLLOW, variables: { link: living } }, { next: hear, complete() {}, error: hear });
assert.equal((await one(open(SHORT_KEY), READ, { id: living })).data.link.id, living);
revoke();
await last.until((all) => all.length > 0, 'the revoked key to be refused');
assert.equal(last.all[0].errors?.[0].extensions.code, 'UNAUTHENTICATED');
await assert.rejects(one(open(SHORT_KEY), READ, { id: living }), (error) => error.response?.status === 401);

cable.stop();
console.log('graphql-sse: followed, cut and resumed after the last cursor, refused with codes, revoked with UNAUTHENTICATED');
process.exit(0);
