import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startStatus } from '../../src/app/web.ts';
import { STYLE, statusPage } from '../../src/http/page.ts';
import { type OpenBrowser, openBrowser } from '../helpers/browser.ts';
import { startCompany } from '../helpers/company.ts';
import { status } from '../http/kit.ts';

let browser: OpenBrowser;
let server: Server;
beforeAll(async () => {
  browser = await openBrowser({ width: 400, height: 800, dark: true });
  // Without the content security policy: escaping alone must hold.
  server = createServer((request, response) => {
    const css = request.url === '/style.css';
    response.setHeader('content-type', css ? 'text/css' : 'text/html; charset=utf-8');
    response.end(css ? STYLE : statusPage(status(), Date.UTC(2026, 10, 21), 'UTC'));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
}, 60_000);
afterAll(async () => {
  await browser.close();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

async function open(
  url: string,
): Promise<{ page: Awaited<ReturnType<OpenBrowser['context']['newPage']>>; complaints: string[] }> {
  const page = await browser.context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  return { page, complaints };
}

test('markup in names stays text in a real browser', async () => {
  const { port } = server.address() as { port: number };
  const { page, complaints } = await open(`http://127.0.0.1:${port}/`);
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.title()).toBe('Waystage');
  expect(await page.locator('main').textContent()).toContain('<img src=x onerror=');
  expect(complaints.filter((text) => !text.includes('favicon'))).toEqual([]);
  await page.close();
});

test('a synced company: connections, runs and bars, readable at 400 pixels and in the dark, nothing in the console', async () => {
  const company = await startCompany({ contacts: 40 });
  try {
    await company.sync();
    const web = await startStatus(company.app, { port: 0, orAnyFree: false });
    try {
      const { page, complaints } = await open(web.url);
      expect(await page.locator('h2').allTextContents()).toEqual([
        'Connections',
        expect.stringContaining('Account journey'),
        expect.stringContaining('Contact journey'),
        'Last runs',
      ]);
      expect(await page.getByRole('rowheader', { name: 'hubspot' }).isVisible()).toBe(true);
      const bars = page.locator('rect');
      expect(await bars.count()).toBeGreaterThan(15);
      const widths = await bars.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().width));
      expect(Math.max(...widths)).toBeGreaterThan(30);
      expect(await page.locator('.words').first().textContent()).toMatch(
        /^Read \d+ records\. \d+ stages changed, \d+ fields on \d+ records written\./,
      );
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400);
      const paper = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(paper).toBe('rgb(16, 22, 30)');
      expect(complaints).toEqual([]);
      await page.close();
    } finally {
      await web.close();
    }
  } finally {
    await company.close();
  }
}, 60_000);
