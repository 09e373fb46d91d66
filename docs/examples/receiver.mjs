// A receiver of Postern's webhooks in JavaScript: npm install standardwebhooks
//
// Run: WEBHOOK_SECRET=whsec_… PORT=8000 node receiver.mjs

import { createServer } from 'node:http';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';

const webhook = new Webhook(process.env.WEBHOOK_SECRET);

const server = createServer(async (request, response) => {
  // The signature is over the bytes as they came: verify first, parse after.
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    const event = webhook.verify(Buffer.concat(chunks), request.headers);
    // The same webhook-id may come again: handle each once.
    console.log('verified:', request.headers['webhook-id'], event.type);
    response.writeHead(204);
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    console.log('refused:', error.message);
    response.writeHead(400);
  }
  response.end();
});

server.listen(Number(process.env.PORT ?? 8000), '127.0.0.1');
