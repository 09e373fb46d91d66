// The errand with @urql/core: queries and mutations over HTTP, subscriptions over graphql-ws.

import assert from 'node:assert/strict';
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import {
  CREATE, EXPIRE, FOLLOW, GRAPHQL_URL, Heard, KEY, READ, READING_KEY, SHORT_KEY, WRONG, WS_URL, newLink, revoke, soon,
} from './errand.mjs';

function open(key) {
  const authorization = `Bearer ${key}`;
  const socket = createClient({ url: WS_URL, webSocketImpl: WebSocket, connectionParams: { authorization }, retryAttempts: 0 });
  return new Client({
    url: GRAPHQL_URL,
    fetchOptions: { headers: { authorization } },
    exchanges: [
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
        }),
      }),
    ],
  });
}

const client = open(KEY);
const { workspace } = (await client.query('{ workspace { eventCursor } }', {}).toPromise()).data;
const made = await client.mutation(CREATE, newLink('urql')).toPromise();
assert.equal(made.error, undefined);
const { id } = made.data.createLink.link;

// Queries by POST, and by GET, which urql prefers where the URL is short enough.
for (const preferGetMethod of [false, 'force']) {
  const read = await client.query(READ, { id }, { preferGetMethod }).toPromise();
  assert.deepEqual([read.data.link.id, read.data.link.externalId], [id, 'urql']);
}

const changes = new Heard();
const ended = new Heard();
client.subscription(FOLLOW, { link: id, after: workspace.eventCursor }).subscribe(({ data, error, hasNext }) => {
  if (error) ended.add(error);
  if (data && changes.all.at(-1)?.sequence !== data.linkStatusChanged.sequence) changes.add(data.linkStatusChanged);
  if (hasNext === false) ended.add('complete');
});
await changes.until((all) => all.length === 1, 'CREATED');
assert.equal((await client.mutation(EXPIRE, { id }).toPromise()).data.expireLink.link.status, 'EXPIRED');
await changes.until((all) => all.length === 2, 'EXPIRED');
assert.deepEqual(changes.all.map(({ status }) => status), ['CREATED', 'EXPIRED']);

// Errors come as urql's CombinedError.
const code = (result) => result.error?.graphQLErrors[0]?.extensions.code;
assert.equal(code(await client.query(WRONG, {}).toPromise()), 'BAD_REQUEST');
const reading = open(READING_KEY);
assert.equal(code(await reading.mutation(CREATE, newLink('urql')).toPromise()), 'FORBIDDEN');
assert.equal((await reading.query(READ, { id }).toPromise()).data.link.status, 'EXPIRED');
const invalid = await client.mutation(CREATE, newLink('')).toPromise();
assert.equal(invalid.data.createLink.userErrors[0].code, 'INVALID');

// A key that is revoked while it follows.
const short = open(SHORT_KEY);
assert.equal((await short.query(READ, { id }).toPromise()).data.link.id, id);
const living = (await client.mutation(CREATE, newLink('urql')).toPromise()).data.createLink.link.id;
const last = new Heard();
short.subscription(FOLLOW, { link: living }).subscribe(({ error }) => error && last.add(error));
await new Promise((tick) => setTimeout(tick, 500));
revoke();
await last.until((all) => all.length > 0, 'the revoked key to be refused');
const after = await soon(short.query(READ, { id }, { requestPolicy: 'network-only' }).toPromise(), 'an answer');
assert.equal(after.error?.response?.status, 401);
assert.equal(code(after), 'UNAUTHENTICATED');

console.log('urql: query by POST and GET, mutation, subscription, refused with codes, revoked with 401');
process.exit(0);
