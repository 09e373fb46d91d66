// createLink and link(id) by mercurius (compiled by its jit) over tables like Postern's: the peer of scripts/load-api.
//
// DATABASE_URL, PORT and TOKEN come by the environment. It does what such a service must, and less than Postern
// does: a key that is compared, prepared statements, a pool, one transaction with a link and its event, a signed
// URL. It has no customers, no scopes, no log that others follow, and one workspace.

import { createHmac, randomUUID } from 'node:crypto';
import Fastify from 'fastify';
import mercurius from 'mercurius';
import pg from 'pg';

const SIGNING_KEY = 'k'.repeat(32);
const POOL = 10;
const WEEK_SECONDS = 7 * 24 * 3600;

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: POOL });

await pool.query(`
  CREATE TABLE link (
    id uuid PRIMARY KEY, external_id text NOT NULL, job_id text, status text NOT NULL, link_url text NOT NULL,
    metadata jsonb, expires_at timestamptz NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
  CREATE UNIQUE INDEX link_external_id ON link (external_id);
  CREATE TABLE event (
    position bigserial PRIMARY KEY, link_id uuid NOT NULL REFERENCES link (id), type text NOT NULL,
    facts jsonb NOT NULL, occurred_at timestamptz NOT NULL DEFAULT now());
  CREATE INDEX event_link ON event (link_id, position);`);

const schema = `
  scalar JSONObject
  enum LinkStatus { CREATED ACCESSED AUTHENTICATING IN_PROGRESS COMPLETED FAILED EXPIRED }
  type Link { id: ID! linkUrl: String! status: LinkStatus! expiresAt: String! }
  input CreateLinkInput { externalId: String! jobId: ID! expiresIn: String! = "P7D" metadata: JSONObject }
  type UserError { code: String! field: [String!] message: String! }
  type CreateLinkPayload { link: Link userErrors: [UserError!]! }
  type Query { link(id: ID!): Link }
  type Mutation { createLink(input: CreateLinkInput!): CreateLinkPayload! }`;

const shown = (row) => ({ id: row.id, linkUrl: row.link_url, status: row.status, expiresAt: row.expires_at.toISOString() });

async function link(_, { id }) {
  const text = 'SELECT id, link_url, status, expires_at FROM link WHERE id = $1';
  const { rows } = await pool.query({ name: 'link', text, values: [id] });
  return rows[0] ? shown(rows[0]) : null;
}

const ADD_LINK = {
  name: 'new-link',
  text: `INSERT INTO link (id, external_id, job_id, status, link_url, metadata, expires_at)
         VALUES ($1, $2, $3, 'CREATED', $4, $5, to_timestamp($6)) RETURNING id, link_url, status, expires_at`,
};
const ADD_EVENT = { name: 'new-event', text: "INSERT INTO event (link_id, type, facts) VALUES ($1, 'link.created', $2)" };

async function createLink(_, { input }) {
  const id = randomUUID();
  const expires = Math.floor(Date.now() / 1000) + WEEK_SECONDS;
  const signature = createHmac('sha256', SIGNING_KEY).update(`${id}.${expires}`).digest('base64url');
  const url = `https://peer.example/l/${id}?exp=${expires}&sig=${signature}`;
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const values = [id, input.externalId, input.jobId, url, input.metadata ?? null, expires];
    const { rows } = await client.query({ ...ADD_LINK, values });
    await client.query({ ...ADD_EVENT, values: [id, { externalId: input.externalId }] });
    await client.query('COMMIT');
    return { link: shown(rows[0]), userErrors: [] };
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

const app = Fastify();
app.addHook('onRequest', async (request, reply) => {
  if (request.headers.authorization !== `Bearer ${process.env.TOKEN}`) {
    return reply.code(401).send({ errors: [{ message: 'Unauthorized' }] });
  }
});
// jit: 1 compiles a document when it comes the first time.
app.register(mercurius, { schema, resolvers: { Query: { link }, Mutation: { createLink } }, jit: 1 });
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
