// What the errands share: where to go, a cable that can be cut, and a few documents.

import { execFileSync } from 'node:child_process';
import net from 'node:net';

export const { GRAPHQL_URL, WS_URL, JOB, KEY, READING_KEY, SHORT_KEY } = process.env;

export const CREATE = `mutation($input: CreateLinkInput!) {
  createLink(input: $input) { link { id status } eventCursor userErrors { code field message } } }`;
export const EXPIRE = 'mutation($id: ID!) { expireLink(input: {id: $id}) { link { status } userErrors { code } } }';
export const READ = 'query($id: ID!) { link(id: $id) { id status externalId job { name } } }';
export const FOLLOW = `subscription($link: ID!, $after: EventCursor) {
  linkStatusChanged(linkId: $link, after: $after) { cursor status sequence } }`;
export const EARLIEST = '{ workspace { eventCursorEarliest } }';
export const WRONG = '{ link(id: "x") { nothingOfThatName } }';

export const newLink = (externalId) => ({ input: { externalId, jobId: JOB } });

/** The operator ends the key that was made for that. */
export function revoke() {
  const [program, ...rest] = JSON.parse(process.env.REVOKE);
  execFileSync(program, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** A promise of something that must happen within ten seconds. */
export function soon(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited too long for ${what}`)), 10_000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A list that can be waited for, filled by callbacks. */
export class Heard {
  all = [];
  #waiting = [];

  add(one) {
    this.all.push(one);
    this.#waiting = this.#waiting.filter(({ enough, done }) => !enough(this.all) || done(this.all));
  }

  until(enough, what) {
    if (enough(this.all)) return Promise.resolve(this.all);
    return soon(new Promise((done) => this.#waiting.push({ enough, done: (all) => void done(all) })), what);
  }
}

/**
 * Follows `link` from `after` on. What a client sends again after a break is `variables` as they are then, so the last
 * cursor in them is all that it takes to resume.
 */
export function follow(client, link, after) {
  const variables = { link, after };
  const changes = new Heard();
  const ended = new Promise((complete, error) => {
    client.subscribe({ query: FOLLOW, variables }, {
      next: ({ data }) => {
        changes.add(data.linkStatusChanged);
        variables.after = data.linkStatusChanged.cursor;
      },
      complete,
      error,
    });
  });
  return { changes, ended };
}

/** The one result of a query or mutation. */
export async function one(client, query, variables) {
  for await (const result of client.iterate({ query, variables })) return result;
}

/** Stands between a client and the server: counts connections, and breaks them on request. */
export class Cable {
  connections = 0;
  #ends = new Set();

  static async to(url) {
    const cable = new Cable();
    const { port } = new URL(url);
    cable.listener = net.createServer((near) => {
      cable.connections += 1;
      const far = net.connect(port, '127.0.0.1');
      for (const end of [near, far]) {
        cable.#ends.add(end);
        end.on('error', () => {}).on('close', () => {
          cable.#ends.delete(end);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
    await new Promise((done) => cable.listener.listen(0, '127.0.0.1', done));
    cable.url = Object.assign(new URL(url), { port: cable.listener.address().port }).href;
    return cable;
  }

  /** Breaks every connection, and returns when the client has come back. */
  async cut() {
    const back = new Promise((done) => this.listener.once('connection', done));
    this.#breakAll();
    await soon(back, 'the client to come back');
  }

  stop() {
    this.listener.close();
    this.#breakAll();
  }

  #breakAll() {
    for (const end of this.#ends) end.destroy();
  }
}
