// The other two signatures in JavaScript, with what Node.js brings along.
//
// Run: SIGNATURE=STANDARD_V1A WEBHOOK_PUBLIC_KEY=whpk_… node signatures.mjs
//  or: SIGNATURE=TIMESTAMPED_HEX WEBHOOK_SECRET=whsec_… node signatures.mjs

import { createHmac, createPublicKey, timingSafeEqual, verify as verifySignature } from 'node:crypto';
import { WebhookVerificationError } from 'standardwebhooks';
import { serve } from './receiver.mjs';

const TOLERANCE = 5 * 60;

// STANDARD_V1A: ed25519 with the endpoint's public key.
function verifyV1a(body, headers) {
  const raw = Buffer.from(process.env.WEBHOOK_PUBLIC_KEY.replace(/^whpk_/, ''), 'base64');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' });
  const timestamp = headers['webhook-timestamp'];
  fresh(timestamp);
  const signed = Buffer.concat([Buffer.from(`${headers['webhook-id']}.${timestamp}.`), body]);
  const given = (headers['webhook-signature'] ?? '').split(' ').map((one) => one.split(','));
  const isRight = ([version, signature]) =>
    version === 'v1a' && verifySignature(null, signed, key, Buffer.from(signature ?? '', 'base64'));
  if (given.some(isRight)) return JSON.parse(body);
  throw new WebhookVerificationError('No matching signature found');
}

// TIMESTAMPED_HEX: HMAC-SHA256 with the text of the secret, its prefix included.
function verifyHex(body, headers) {
  const parts = (headers['postern-signature'] ?? '').split(',').map((part) => part.split('='));
  const timestamp = parts.find(([name]) => name === 't')?.[1];
  fresh(timestamp);
  const right = createHmac('sha256', process.env.WEBHOOK_SECRET).update(`${timestamp}.`).update(body).digest();
  const isRight = ([name, value]) => {
    const given = Buffer.from(value ?? '', 'hex');
    return name === 'v1' && given.length === right.length && timingSafeEqual(given, right);
  };
  if (parts.some(isRight)) return JSON.parse(body);
  throw new WebhookVerificationError('No matching signature found');
}

// Refuses what was not signed within the last five minutes, give or take the clocks.
function fresh(timestamp) {
  const seconds = /^\d+$/.test(timestamp) ? Number(timestamp) : NaN;
  if (Math.abs(Date.now() / 1000 - seconds) <= TOLERANCE) return;
  throw new WebhookVerificationError('Timestamp outside of the tolerance');
}

serve({ STANDARD_V1A: verifyV1a, TIMESTAMPED_HEX: verifyHex }[process.env.SIGNATURE]);
