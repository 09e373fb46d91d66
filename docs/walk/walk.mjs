// The customer's way through the demo in a real browser, with a picture of each page.
//
// Run by scripts/walk: node walk.mjs BROWSER LINK PROGRAM FOLDER

import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import UPNG from 'upng-js';
import { launch } from './browser.mjs';

// A page has few colours; this many make a picture a third as large and look the same.
const COLOURS = 32;

const [browserPath, link, program, folder] = process.argv.slice(2);

const browser = await launch(browserPath);

try {
  const page = await browser.newPage({
    viewport: { width: 460, height: 340 },
    deviceScaleFactor: 1.5,
    locale: 'en-GB',
  });
  const wrong = watch(page, new URL(link).origin);

  await page.goto(link);
  await picture('1-landing');

  await page.getByRole('button', { name: 'Continue' }).click();
  await page.locator('input[type=password]').waitFor();
  await picture('2-sign-in');

  await page.locator('input[autocomplete=username]').fill('otp_app');
  await page.locator('input[type=password]').fill('not-my-password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await picture('3-wrong-password');

  await page.locator('input[autocomplete=username]').fill('otp_app');
  await page.locator('input[type=password]').fill('correct-horse-1');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('input[autocomplete=one-time-code]').waitFor();
  await picture('4-code');

  await page.locator('input[autocomplete=one-time-code]').fill(code());
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
  await picture('5-done');

  if (wrong.length > 0) throw new Error(`the browser complained:\n${wrong.join('\n')}`);

  async function picture(name) {
    const taken = await page.screenshot({ fullPage: true, animations: 'disabled', caret: 'hide' });
    const path = join(folder, `${name}.png`);
    await writeFile(path, smaller(taken));
    console.log(`${name}: ${await page.title()}`);
  }
} finally {
  await browser.close();
}

// The same picture with fewer colours.
function smaller(png) {
  const image = UPNG.decode(png.buffer.slice(png.byteOffset, png.byteOffset + png.length));
  return Buffer.from(UPNG.encode(UPNG.toRGBA8(image), image.width, image.height, COLOURS));
}

// Collects what should never happen: a request to anyone else, a script's error, a refused resource.
function watch(page, origin) {
  const wrong = [];
  page.on('request', (request) => {
    const { origin: to, protocol } = new URL(request.url());
    if (to !== origin && protocol !== 'data:') wrong.push(`a request to ${request.url()}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(String(error)));
  return wrong;
}

// What the customer's authenticator app shows.
function code() {
  return execFileSync(program, ['sandbox', '--code'], { encoding: 'utf8' }).trim();
}
