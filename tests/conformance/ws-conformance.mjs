// graphql-transport-ws conformance at frame level + the graphql-ws npm client + legacy subprotocol refusal.
// usage: node ws-conformance.mjs --url ws://127.0.0.1:8801/graphql/ws [--token T] [--query '{__typename}']
//   [--sub 'subscription{count(to:3)}' --sub-events 4] [--long 'subscription{count(to:100000,delayMs:50)}'] [--init-ms 3000] [--ping-ms 1500] [--skip a,b]
// Start the server with short timers for the test (init wait --init-ms, ping every --ping-ms). Prints PASS/FAIL lines and counts; exit 1 on FAIL.
import WebSocket from 'ws';
import { createClient } from 'graphql-ws';
const arg = (k, d) => { const i = process.argv.indexOf('--' + k); return i < 0 ? d : process.argv[i + 1]; };
const url = arg('url'), token = arg('token');
const QUERY = arg('query', '{__typename}'), SUB = arg('sub', 'subscription{count(to:3)}'), NEV = Number(arg('sub-events', 4));
const LONG = arg('long', 'subscription{count(to:100000,delayMs:50)}'), INIT = Number(arg('init-ms', 3000)), PING = Number(arg('ping-ms', 1500));
const skip = new Set(arg('skip', '').split(','));
const initPayload = token ? { authorization: 'Bearer ' + token } : undefined;
class C {
  static open(protos = ['graphql-transport-ws']) { return new Promise((res, rej) => { const c = new C(); c.msgs = []; c.wait = []; c.closed = null;
    c.ws = new WebSocket(url, protos);
    c.ws.on('open', () => res(c)); c.ws.on('error', (e) => { c.err = e; rej(e); });
    c.ws.on('message', (d) => { const t = d.toString(); let m; try { m = JSON.parse(t); } catch { m = { raw: t }; }
      if (m.type === 'ping') { c.pings = (c.pings ?? 0) + 1; if (!c.mute) c.send({ type: 'pong' }); }
      c.msgs.push(m); c.wait.splice(0).forEach((f) => f()); });
    c.ws.on('close', (code, r) => { c.closed = { code, reason: r.toString() }; c.wait.splice(0).forEach((f) => f()); }); }); }
  send(o) { this.ws.send(typeof o === 'string' ? o : JSON.stringify(o)); }
  async until(f, ms = 3000, what = 'message') { const end = Date.now() + ms; let i = 0;
    for (;;) { for (; i < this.msgs.length; i++) if (f(this.msgs[i])) return this.msgs[i];
      if (this.closed) throw new Error(`closed ${this.closed.code} ${this.closed.reason} while waiting for ${what}`);
      const left = end - Date.now(); if (left <= 0) throw new Error(`timeout waiting for ${what}; got ${JSON.stringify(this.msgs).slice(0, 200)}`);
      await new Promise((r) => { const t = setTimeout(r, left); this.wait.push(() => { clearTimeout(t); r(); }); }); } }
  async close(ms = 3000) { const end = Date.now() + ms; while (!this.closed) { const left = end - Date.now(); if (left <= 0) throw new Error('no close frame; got ' + JSON.stringify(this.msgs).slice(0, 200)); await new Promise((r) => { const t = setTimeout(r, left); this.wait.push(() => { clearTimeout(t); r(); }); }); } return this.closed; }
  async init() { this.send({ type: 'connection_init', payload: initPayload }); await this.until((m) => m.type === 'connection_ack', 3000, 'connection_ack'); return this; }
  end() { this.ws.terminate(); } }
const eq = (a, b, what) => { if (a !== b) throw new Error(`${what}: want ${b}, got ${a}`); };
const tests = {
  'subprotocol graphql-transport-ws is echoed': async () => { const c = await C.open(); eq(c.ws.protocol, 'graphql-transport-ws', 'protocol'); c.end(); },
  'unknown subprotocol is refused (HTTP 4xx or close 4406)': async () => { let c; try { c = await C.open(['nope']); } catch (e) { return; } eq((await c.close()).code, 4406, 'close code'); },
  'legacy graphql-ws subprotocol (subscriptions-transport-ws) is refused': async () => { let c; try { c = await C.open(['graphql-ws']); } catch (e) { return; } if (c.ws.protocol === 'graphql-ws') { c.end(); throw new Error('server speaks the legacy protocol'); } await c.close(); },
  'connection_init is acked': async () => { const c = await (await C.open()).init(); c.end(); },
  'second connection_init closes 4429': async () => { const c = await (await C.open()).init(); c.send({ type: 'connection_init' }); eq((await c.close()).code, 4429, 'close code'); },
  'subscribe before ack closes 4401': async () => { const c = await C.open(); c.send({ id: '1', type: 'subscribe', payload: { query: QUERY } }); eq((await c.close()).code, 4401, 'close code'); },
  'no connection_init closes 4408 in time': async () => { const c = await C.open(); eq((await c.close(INIT + 2500)).code, 4408, 'close code'); },
  'wrong credentials close 4403 (or 4401)': async () => { if (!token) return 'SKIP no --token'; const c = await C.open(); c.send({ type: 'connection_init', payload: { authorization: 'Bearer wrong-' + token } }); const k = (await c.close()).code; if (![4401, 4403].includes(k)) throw new Error('close code ' + k); },
  'missing credentials close 4403 (or 4401)': async () => { if (!token) return 'SKIP no --token'; const c = await C.open(); c.send({ type: 'connection_init' }); const k = (await c.close()).code; if (![4401, 4403].includes(k)) throw new Error('close code ' + k); },
  'invalid JSON closes 4400': async () => { const c = await (await C.open()).init(); c.send('{nope'); eq((await c.close()).code, 4400, 'close code'); },
  'unknown message type closes 4400': async () => { const c = await (await C.open()).init(); c.send({ type: 'start', id: '1', payload: { query: QUERY } }); eq((await c.close()).code, 4400, 'close code'); },
  'subscribe without id closes 4400': async () => { const c = await (await C.open()).init(); c.send({ type: 'subscribe', payload: { query: QUERY } }); eq((await c.close()).code, 4400, 'close code'); },
  'subscribe without query closes 4400': async () => { const c = await (await C.open()).init(); c.send({ id: '1', type: 'subscribe', payload: {} }); eq((await c.close()).code, 4400, 'close code'); },
  'client ping gets pong with the same payload': async () => { const c = await (await C.open()).init(); c.send({ type: 'ping', payload: { x: 1 } }); const m = await c.until((m) => m.type === 'pong', 2000, 'pong'); eq(JSON.stringify(m.payload ?? null), '{"x":1}', 'pong payload'); c.end(); },
  'query: next then complete': async () => { const c = await (await C.open()).init(); c.send({ id: 'q', type: 'subscribe', payload: { query: QUERY } }); const m = await c.until((m) => m.type === 'next' && m.id === 'q', 3000, 'next'); if (!m.payload?.data) throw new Error(JSON.stringify(m)); await c.until((m) => m.type === 'complete' && m.id === 'q', 3000, 'complete'); c.end(); },
  'subscription: all events in order, then complete': async () => { const c = await (await C.open()).init(); c.send({ id: 's', type: 'subscribe', payload: { query: SUB } }); await c.until((m) => m.type === 'complete' && m.id === 's', 5000, 'complete'); eq(c.msgs.filter((m) => m.type === 'next').length, NEV, 'events'); c.end(); },
  'parse error: one error message (or close 4400/4500 as the reference does), no next': async () => { const c = await (await C.open()).init(); c.send({ id: 'e', type: 'subscribe', payload: { query: '{' } }); let m; try { m = await c.until((m) => m.id === 'e', 3000, 'error'); } catch (e) { if ([4400, 4500].includes(c.closed?.code)) return; throw e; } eq(m.type, 'error', 'type'); if (!Array.isArray(m.payload)) throw new Error('payload is not an array of errors'); await new Promise((r) => setTimeout(r, 200)); eq(c.msgs.filter((m) => m.id === 'e').length, 1, 'messages'); c.end(); },
  'validation error: error message': async () => { const c = await (await C.open()).init(); c.send({ id: 'e', type: 'subscribe', payload: { query: '{thisFieldDoesNotExist}' } }); const m = await c.until((m) => m.id === 'e', 3000, 'error'); eq(m.type, 'error', 'type'); c.end(); },
  'connection survives an operation error': async () => { const c = await (await C.open()).init(); c.send({ id: 'e', type: 'subscribe', payload: { query: '{nope}' } }); await c.until((m) => m.id === 'e'); c.send({ id: 'q', type: 'subscribe', payload: { query: QUERY } }); await c.until((m) => m.type === 'next' && m.id === 'q', 3000, 'next'); c.end(); },
  'same id while active closes 4409': async () => { const c = await (await C.open()).init(); c.send({ id: 'd', type: 'subscribe', payload: { query: LONG } }); await c.until((m) => m.type === 'next', 3000, 'first event'); c.send({ id: 'd', type: 'subscribe', payload: { query: LONG } }); eq((await c.close()).code, 4409, 'close code'); },
  'same id may be reused after complete': async () => { const c = await (await C.open()).init(); for (let i = 0; i < 2; i++) { const n = c.msgs.length; c.send({ id: 'r', type: 'subscribe', payload: { query: QUERY } }); await c.until((m) => m.type === 'complete' && c.msgs.indexOf(m) >= n, 3000, 'complete ' + i); } c.end(); },
  'client complete stops the stream and is not answered': async () => { const c = await (await C.open()).init(); c.send({ id: 'k', type: 'subscribe', payload: { query: LONG } }); await c.until((m) => m.type === 'next', 3000, 'first event'); c.send({ id: 'k', type: 'complete' }); await new Promise((r) => setTimeout(r, 300)); const n = c.msgs.length; await new Promise((r) => setTimeout(r, 500)); eq(c.msgs.filter((m, i) => i >= n && m.type !== 'ping').length, 0, 'messages after complete'); eq(c.msgs.filter((m) => m.type === 'complete').length, 0, 'complete echoes'); c.end(); },
  'complete of an unknown id is ignored': async () => { const c = await (await C.open()).init(); c.send({ id: 'zz', type: 'complete' }); c.send({ id: 'q', type: 'subscribe', payload: { query: QUERY } }); await c.until((m) => m.type === 'next', 3000, 'next'); c.end(); },
  '20 subscriptions on one connection': async () => { const c = await (await C.open()).init(); for (let i = 0; i < 20; i++) c.send({ id: 'm' + i, type: 'subscribe', payload: { query: SUB } }); for (let i = 0; i < 20; i++) await c.until((m) => m.type === 'complete' && m.id === 'm' + i, 8000, 'complete m' + i); c.end(); },
  'server pings (application or frame level)': async () => { const c = await (await C.open()).init(); let frame = 0; c.ws.on('ping', () => frame++); await new Promise((r) => setTimeout(r, PING * 2 + 700)); if (!(c.pings || frame)) throw new Error('no ping seen'); c.end(); },
  'dead peer is closed (no pong)': async () => { const c = await (await C.open()).init(); c.mute = true; c.ws._receiver && (c.ws.pong = () => {}); c.ws._autoPong = false; await c.close(PING * 4 + 2000); },
  'npm graphql-ws client: query and subscription': async () => { const cl = createClient({ url, webSocketImpl: WebSocket, connectionParams: initPayload, retryAttempts: 0, lazy: true }); const run = (query) => new Promise((res, rej) => { const out = []; cl.subscribe({ query }, { next: (v) => out.push(v), error: rej, complete: () => res(out) }); }); eq((await run(QUERY)).length, 1, 'query results'); eq((await run(SUB)).length, NEV, 'events'); await cl.dispose(); },
};
let p = 0, f = 0, s = 0; const all = Object.entries(tests);
const results = await Promise.all(all.map(async ([name, t]) => { if (skip.has(name)) return [name, 'SKIP asked']; try { const r = await Promise.race([t(), new Promise((_, j) => setTimeout(() => j(new Error('test timeout')), Math.max(20000, PING * 4 + 5000)))]); return [name, r ?? 'PASS']; } catch (e) { return [name, 'FAIL ' + (e.message || e)]; } }));
for (const [n, r] of results) { if (r === 'PASS') p++; else if (r.startsWith('SKIP')) s++; else f++; console.log(`${r.startsWith('FAIL') ? 'FAIL' : r.slice(0, 4)} ${n}${r.startsWith('FAIL') ? ' :: ' + r.slice(5) : ''}`); }
console.log(`PASS ${p} FAIL ${f} SKIP ${s} of ${all.length}`); process.exit(f ? 1 : 0);
