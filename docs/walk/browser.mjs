// The browser of the walks.

import { chromium } from 'playwright-core';

/** Starts the Chromium at that path. */
export function launch(executablePath) {
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox', // Chromium refuses its sandbox to root; the pages are our own.
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
