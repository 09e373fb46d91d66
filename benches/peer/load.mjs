// Sends one operation as fast as it is answered, for a while, and prints one line of JSON.
//
// usage: node load.mjs --url URL --token KEY --job ID --operation link|createLink [--seconds N] [--connections N]
// Loopback only.

import { parseArgs } from 'node:util';
import autocannon from 'autocannon';

const text = { type: 'string' };
const { values: wanted } = parseArgs({
  options: {
    url: text, token: text, job: text, operation: text,
    seconds: { ...text, default: '10' }, connections: { ...text, default: '32' },
  },
});
if (new URL(wanted.url).hostname !== '127.0.0.1') throw new Error('loopback only');

const CREATE = `mutation($input: CreateLinkInput!) {
  createLink(input: $input) { link { id linkUrl expiresAt status } userErrors { code message } } }`;
const READ = 'query($id: ID!) { link(id: $id) { id linkUrl expiresAt status } }';
const headers = {
  'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${wanted.token}`,
};

const run = `${wanted.operation}-${Date.now()}`;
let made = 0;
function create() {
  const externalId = `${run}-${made++}`;
  const input = { externalId, jobId: wanted.job, expiresIn: 'P7D', metadata: { order: 'A-17' } };
  return JSON.stringify({ query: CREATE, variables: { input } });
}

const first = await (await fetch(wanted.url, { method: 'POST', headers, body: create() })).json();
const id = first.data?.createLink?.link?.id;
if (!id) throw new Error(JSON.stringify(first));

const request = wanted.operation === 'link'
  ? { body: JSON.stringify({ query: READ, variables: { id } }) }
  : { setupRequest: (request) => ({ ...request, body: create() }) };
const right = '"link":{"id"';
let wrong = 0;
const load = autocannon({
  url: wanted.url, method: 'POST', headers, requests: [request],
  connections: Number(wanted.connections), duration: Number(wanted.seconds),
  verifyBody: (body) => body.includes(right) || (wrong += 1, false),
});
const { requests, latency, errors, non2xx, mismatches, duration } = await load;
console.log(JSON.stringify({
  requests: requests.total, seconds: duration, p50: latency.p50, p99: latency.p99, wrong: errors + non2xx + mismatches,
}));
