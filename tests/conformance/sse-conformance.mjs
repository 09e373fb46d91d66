// GraphQL over server-sent events ("distinct connections mode"), at byte level and with the npm client graphql-sse.
//
// usage: node sse-conformance.mjs --url URL --token KEY [options]
//   --query Q         a query                          ({ __typename })
//   --sub S           a subscription that ends         (subscription { count(to: 3) })
//   --sub-events N    how many results it has          (4)
//   --long L          a subscription that goes on, with at least one result
//   --silent S        a subscription that goes on and has nothing to say
//   --keepalive-ms N  how often the server breaks a silence

import { createClient } from 'graphql-sse';

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const url = option('url');
const token = option('token');
const query = option('query', '{ __typename }');
const ending = option('sub', 'subscription { count(to: 3) }');
const results = Number(option('sub-events', 4));
const long = option('long', 'subscription { count(to: 100000, delayMs: 50) }');
const silent = option('silent');
const keepAlive = Number(option('keepalive-ms', 15_000));
const authorization = `Bearer ${token}`;

const checks = {
  async 'a subscription by POST is 200 text/event-stream'() {
    const answer = await post(ending);
    await answer.text();
    equal(answer.status, 200, 'status');
    holds(answer.headers.get('content-type')?.startsWith('text/event-stream'), 'content-type');
    holds(/no-(cache|store)/.test(answer.headers.get('cache-control') ?? ''), 'cache-control');
  },
  async 'next for each result, then complete, then the end'() {
    const events = read(await (await post(ending)).text());
    equal(events.filter(({ event }) => event === 'next').length, results, 'results');
    equal(events.at(-1)?.event, 'complete', 'the last event');
    for (const { data } of events.slice(0, -1)) holds(JSON.parse(data).data, data);
  },
  async 'complete has a data line, which EventSource needs'() {
    holds(/event: ?complete\r?\ndata:/.test(await (await post(ending)).text()), 'a data line');
  },
  async 'a query is one next and one complete'() {
    const events = read(await (await post(query)).text());
    equal(events.map(({ event }) => event).join(), 'next,complete', 'events');
  },
  async 'a subscription by GET'() {
    const answer = await get(ending);
    equal(answer.status, 200, 'status');
    equal(read(await answer.text()).filter(({ event }) => event === 'next').length, results, 'results');
  },
  async 'a mutation by GET is refused'() {
    const answer = await get('mutation { __typename }');
    holds(answer.status !== 200 || (await answer.text()).includes('errors'), 'a refusal');
  },
  async 'a parse error is JSON with a status, or a next with errors'() {
    const answer = await post('{');
    const text = await answer.text();
    const said = answer.status >= 400 ? JSON.parse(text) : JSON.parse(read(text).find(({ event }) => event === 'next').data);
    holds(said.errors, text);
  },
  async 'results come one by one'() {
    const stop = new AbortController();
    const begun = Date.now();
    const answer = await post(long, {}, stop.signal);
    await answer.body.getReader().read();
    stop.abort();
    holds(Date.now() - begun < 1000, `the first after ${Date.now() - begun} ms`);
  },
  async 'a wrong key is 401'() {
    const answer = await post(ending, { authorization: 'Bearer wrong' });
    await answer.text();
    equal(answer.status, 401, 'status');
  },
  async 'a subscription that is asked for as JSON is refused'() {
    const answer = await post(ending, { accept: 'application/json' }, AbortSignal.timeout(3000));
    holds((await answer.text()).includes('errors'), 'a refusal');
  },
  async 'a silence is broken by a comment'() {
    const answer = await post(silent, {}, AbortSignal.timeout(keepAlive + 3000));
    let text = '';
    const pieces = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    while (!/^:/m.test(text)) text += (await pieces.read()).value;
    await pieces.cancel();
  },
  async 'the npm client graphql-sse: a query and a subscription'() {
    const client = createClient({ url, headers: { authorization }, retryAttempts: 0 });
    equal((await gather(client.iterate({ query }))).length, 1, 'results of the query');
    equal((await gather(client.iterate({ query: ending }))).length, results, 'results of the subscription');
    client.dispose();
  },
};

async function gather(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}

function post(text, headers = {}, signal = undefined) {
  const all = { 'content-type': 'application/json', accept: 'text/event-stream', authorization, ...headers };
  return fetch(url, { method: 'POST', headers: all, body: JSON.stringify({ query: text }), signal });
}

function get(text) {
  return fetch(`${url}?query=${encodeURIComponent(text)}`, { headers: { accept: 'text/event-stream', authorization } });
}

// The events of a whole stream.
function read(text) {
  const blocks = text.split(/\r?\n\r?\n/).filter((block) => block.trim() && !block.startsWith(':'));
  const field = (line) => [line.split(':', 1)[0], line.slice(line.indexOf(':') + 1).trim()];
  return blocks.map((block) => Object.fromEntries(block.split(/\r?\n/).map(field)));
}

function equal(found, wanted, what) {
  holds(found === wanted, `${what}: ${found} instead of ${wanted}`);
}

function holds(condition, what) {
  if (!condition) throw new Error(what);
}

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  const late = new Promise((_, reject) => setTimeout(reject, keepAlive + 8000, new Error('no end')).unref());
  const error = await Promise.race([check(), late]).then(() => null, (thrown) => thrown);
  failed += error ? 1 : 0;
  console.log(error ? `FAIL ${name} :: ${error.message}` : `PASS ${name}`);
}
const count = Object.keys(checks).length;
console.log(`PASS ${count - failed} FAIL ${failed} of ${count}`);
process.exit(failed ? 1 : 0);
