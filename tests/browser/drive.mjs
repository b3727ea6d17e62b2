// Drives the page in Chromium: `drive.mjs {"url", "key", "agent", "chromium", "part", "mark"}` plays one part and prints
// what was seen; it writes the file `mark` once the model may go on.
import { writeFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';
import { openSite } from './site.mjs';

const given = JSON.parse(process.argv[2]);
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];
const PATIENCE = 20_000;

const site = await openSite(given);
const browser = await chromium.launch({ executablePath: given.chromium, args: QUIET });
const context = await browser.newContext();
const faults = [];

async function open(chat) {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.goto(`${site.address}/${given.agent}/${chat}`);
  await page.waitForSelector('main');
  return page;
}

async function say(page, text) {
  await page.getByLabel('Say').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

const goOn = () => writeFile(given.mark, '');
const shows = (page, text) => page.locator('[data-role=assistant] [data-text]').getByText(text).last().waitFor();
const ready = (page) => page.waitForSelector('main[data-status=ready]');
const texts = (page) => page.locator('[data-text]').allTextContents();
const states = (page) => page.locator('code').evaluateAll((each) => each.map(({ dataset }) => dataset.state));
const known = (page) => page.evaluate(() => ({ ran: window.ran, errors: window.errors }));
const seen = async (page) => ({ texts: await texts(page), states: await states(page), ...(await known(page)) });

const parts = {
  /** A stream, watched while it comes, and a tool of the browser. */
  async talk() {
    const page = await open('talk');
    await say(page, 'Hello');
    await shows(page, 'Good ');
    const early = { texts: await texts(page), status: await page.getAttribute('main', 'data-status') };
    await goOn();
    await shows(page, 'Good morning!');
    await ready(page);
    await say(page, 'What time is it?');
    await shows(page, 'It is noon.');
    await ready(page);
    return { early, ...(await seen(page)) };
  },

  /** One call is allowed and one denied, after a reload in between. */
  async approval() {
    const page = await open('approval');
    await say(page, 'Rome and Oslo');
    await page.locator('[data-asked]').nth(1).waitFor();
    await ready(page);
    const asked = { cities: await page.locator('legend').allTextContents(), ...(await known(page)) };
    await page.locator('[data-asked]').nth(0).getByText('Allow').click();
    await page.reload();
    await page.locator('[data-asked]').nth(1).waitFor();
    await ready(page);
    await page.locator('[data-asked]').nth(0).getByText('Allow').click();
    await page.locator('[data-asked]').nth(0).getByText('Deny').click();
    await shows(page, 'Warm, and not.');
    await ready(page);
    return { asked, ...(await seen(page)) };
  },

  /** The page is reloaded while the answer streams; the rest of it comes to the new page. */
  async resume() {
    const page = await open('resume');
    await say(page, 'A long story');
    await shows(page, 'Once ');
    await page.reload();
    await page.waitForSelector('main[data-status=streaming]');
    await shows(page, 'Once ');
    await goOn();
    await shows(page, 'Once upon a time.');
    await ready(page);
    return seen(page);
  },

  /** The answer is stopped; another page of the same chat has the same half, and the talk goes on. */
  async stop() {
    const page = await open('stop');
    await say(page, 'A long story');
    await shows(page, 'Once ');
    await page.getByRole('button', { name: 'Stop' }).click();
    await ready(page);
    const stopped = await texts(page);
    const other = await open('stop');
    await shows(other, 'Once ');
    await say(page, 'The end?');
    await shows(page, 'The end.');
    await ready(page);
    return { stopped, other: await texts(other), ...(await seen(page)) };
  },
};

const result = await parts[given.part]();
await browser.close();
site.close();
process.stdout.write(JSON.stringify({ result, faults }));
