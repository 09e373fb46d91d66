// GraphiQL in a real browser: a query, a mutation and a subscription, with a key typed into the headers editor.
//
// Run by scripts/walk-graphiql: node graphiql.mjs BROWSER URL KEY PICTURE

import { writeFile } from 'node:fs/promises';
import { launch } from './browser.mjs';

const [browserPath, url, key, picture] = process.argv.slice(2);
const { origin } = new URL(url);

const browser = await launch(browserPath);

try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 760 }, locale: 'en-GB' });
  const wrong = [];
  page.on('request', (request) => {
    const { origin: to, protocol } = new URL(request.url());
    if (to !== origin && protocol !== 'data:') wrong.push(`a request to ${request.url()}`);
  });
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => {
    // The first look at the schema has no key yet.
    const expected = message.text().includes('401 (Unauthorized)');
    if (message.type() === 'error' && !expected) wrong.push(message.text());
  });

  await page.goto(url);
  await type(page.locator('.graphiql-editor-tool .graphiql-editor').last(), `{ "Authorization": "Bearer ${key}" }`);
  const schema = page.waitForResponse((answer) => answer.request().postData()?.includes('IntrospectionQuery') ?? false);
  await page.getByLabel('Re-fetch GraphQL schema').click();
  if ((await schema).status() !== 200) wrong.push('the schema is not to be had');

  await run('query { viewer { scopes name } }', '"LINKS_READ"');
  await run('mutation { createLink(input: { externalId: "graphiql", jobId: "none" }) { link { id } userErrors { code } } }', '"NOT_FOUND"');
  await run('subscription { events(types: ["link.*"]) { type sequence } }', null);
  const made = await ask(`{ jobs(first: 1) { nodes { id } } }`);
  const job = made.data.jobs.nodes[0].id;
  await ask(`mutation { createLink(input: { externalId: "graphiql", jobId: "${job}" }) { link { id } } }`);
  await shown('"link.created"');
  await writeFile(picture, await page.screenshot({ animations: 'disabled', caret: 'hide' }));
  await page.getByLabel('Stop query').click();

  if (wrong.length) throw new Error(`the browser saw what it should not:\n${wrong.join('\n')}`);
  console.log('a query, a mutation and a subscription; every file came from the server');

  async function run(query, expected) {
    await type(page.locator('.graphiql-query-editor .graphiql-editor'), query);
    const pressed = page.locator('.graphiql-execute-button').click();
    if (expected) await shown(expected);
    else await page.waitForResponse((answer) => answer.headers()['content-type'].startsWith('text/event-stream'));
    await pressed;
  }

  async function shown(text) {
    await page.locator('.result-window', { hasText: text }).waitFor();
    console.log(`shown: ${text}`);
  }
} finally {
  await browser.close();
}

// Replaces what is in an editor, without the help of its closing brackets.
async function type(editor, text) {
  await editor.locator('.CodeMirror').evaluate((element, value) => element.CodeMirror.setValue(value), text);
}

async function ask(query) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const answer = await fetch(`${origin}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
  return answer.json();
}
