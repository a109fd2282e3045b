// Opens the playground in a real browser and uses it as a newcomer would: names a tenant, gives a token, looks at the
// documentation, runs a query. Passes when the answer shows what is expected, while no request left the server's origin
// and the page complained about nothing.

import { strictEqual } from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { takeArguments } from './common.mjs';

const usage = '[TENANT=domain] [TOKEN=…] [SELECTION={…}] [EXPECT=text] [CHROMIUM=path] node graphiql.mjs BASE_URL SCREENSHOT.png';
const [base, screenshot] = takeArguments(usage, 2);
const {
  TENANT: tenant = '',
  TENANT_HEADER: tenantHeader = 'X-Tenant-Domain',
  TOKEN: token = '',
  SELECTION: selection = '{ __typename }',
  EXPECT: expected = '"data"',
  CHROMIUM: executablePath = '/usr/bin/chromium',
} = process.env;

const origin = new URL(base).origin;
const browser = await chromium.launch({
  executablePath,
  // A sandbox is not to be had as root. The others keep the browser itself from calling home.
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const page = await browser.newPage({ viewport: { width: 1360, height: 820 } });
try {
  const seen = observe(page);

  await Promise.all([schemaAnswer(page), page.goto(`${origin}/graphiql`)]);
  await giveTenantAndToken(page);
  await readDocumentation(page);
  await run(page);

  strictEqual(seen.foreign.join('\n'), '', 'requests that left the origin');
  strictEqual(seen.complaints.join('\n'), '', 'complaints on the console');
  console.log(`ok ${seen.requests} requests, all to ${origin}`);
} catch (error) {
  console.log(`error ${error.message}`);
  process.exitCode = 1;
} finally {
  await page.screenshot({ path: screenshot });
  await browser.close();
}

function observe(page) {
  const seen = { requests: 0, foreign: [], complaints: [] };
  page.on('request', request => {
    seen.requests += 1;
    const address = new URL(request.url());
    const inPage = ['blob:', 'data:'].includes(address.protocol);
    if (!inPage && address.origin !== origin) {
      seen.foreign.push(request.url());
    }
  });
  page.on('console', message => {
    // That the API refuses, as it must while no tenant is named, is no fault of the page.
    const refused = message.location().url === `${origin}/graphql`;
    if (['error', 'warning'].includes(message.type()) && !refused) {
      seen.complaints.push(message.text());
    }
  });
  page.on('pageerror', error => seen.complaints.push(String(error)));
  return seen;
}

async function giveTenantAndToken(page) {
  if (tenant) {
    await fill(page, '#tenant', tenant, tenantHeader, tenant);
  }
  if (token) {
    await fill(page, '#token', token, 'Authorization', `Bearer ${token}`);
  }
}

/** Types into a field of the bar. The playground must then ask for the schema anew, with the header that this makes. */
async function fill(page, field, text, header, value) {
  const chosenAlready = (await page.inputValue(field)) === text; // As the first tenant on offer.
  const [answer] = await Promise.all([
    schemaAnswer(page),
    chosenAlready ? page.reload() : page.fill(field, text).then(() => page.press(field, 'Enter')),
  ]);
  strictEqual(await answer.request().headerValue(header), value, `header ${header} of the request for the schema`);
  strictEqual(answer.status(), 200, 'status of the answer to the request for the schema');
}

function schemaAnswer(page) {
  return page.waitForResponse(response => response.request().postData()?.includes('__schema') ?? false);
}

async function readDocumentation(page) {
  await page.click('[aria-label="Show Documentation Explorer"]');
  await page.locator('.graphiql-doc-explorer').getByText('Query', { exact: true }).first().waitFor();
  await page.click('[aria-label="Hide Documentation Explorer"]');
}

async function run(page) {
  await page.click('[aria-label="New tab"]');
  await page.click('.graphiql-query-editor .monaco-editor');
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(`query Probe ${selection}`);
  // GraphiQL reads what was typed a moment later, and until then would run the operation of the tab before.
  await page.getByRole('tab', { name: 'Probe' }).waitFor();
  await page.click('.graphiql-execute-button');
  // The editor that shows the answer writes other spaces than the ones that were sent.
  const shows = text => document.querySelector('.graphiql-response')?.innerText.replaceAll('\u00a0', ' ').includes(text);
  await page.waitForFunction(shows, expected, { timeout: 10_000 }).catch(() => {
    throw new Error(`the answer never showed ${expected}`);
  });
}
