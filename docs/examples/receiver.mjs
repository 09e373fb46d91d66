// A receiver of Postern's webhooks in JavaScript: npm install standardwebhooks
//
// Run: WEBHOOK_SECRET=whsec_… PORT=8000 node receiver.mjs

import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';

const LARGEST_BODY = 1 << 20;

// In production: two tables, written in one transaction with the event itself.
const seen = new Set(); // every webhook-id
const latest = new Map(); // link id: the highest sequence

// Tells a new event from one that was here before ('again') and one that is overtaken ('late').
function take(webhookId, event) {
  if (seen.has(webhookId)) return 'again';
  seen.add(webhookId);
  const link = event.data.link;
  if (!link) return 'new';
  if (link.sequence < (latest.get(link.id) ?? 0)) return 'late';
  latest.set(link.id, link.sequence);
  return 'new';
}

// Receives webhooks; `verify(body, headers)` returns the event or throws a WebhookVerificationError.
export function serve(verify) {
  const server = createServer(async (request, response) => {
    const body = await read(request);
    if (!body) return response.writeHead(413).end();
    let event;
    try {
      // The signature is over the bytes as they came: verify first, parse after.
      event = verify(body, request.headers);
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
      console.log('refused:', error.message);
      return response.writeHead(400).end();
    }
    const webhookId = request.headers['webhook-id'];
    const verdict = take(webhookId, event);
    console.log(`${verdict}:`, webhookId, event.type);
    // What is safe in the queue is answered at once; the work itself comes after.
    if (verdict === 'new') setImmediate(work, event);
    return response.writeHead(204).end();
  });
  server.listen(Number(process.env.PORT ?? 8000), '127.0.0.1');
}

async function read(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LARGEST_BODY) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

// Does what an event asks for.
function work(event) {
  console.log('handled:', event.type);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const webhook = new Webhook(process.env.WEBHOOK_SECRET);
  serve((body, headers) => webhook.verify(body, headers));
}
