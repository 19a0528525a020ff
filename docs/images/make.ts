/**
 * Makes the picture of the README from a page that is being served:
 * `npm run -s demo` in one terminal, `npx node docs/images/make.ts http://127.0.0.1:4000` in another.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBrowser } from '../../test/helpers/browser.ts';

const url = process.argv[2] ?? 'http://127.0.0.1:4000';
const browser = await openBrowser({ width: 1120, height: 760 });
try {
  const page = await browser.context.newPage();
  await page.goto(url);
  await page.screenshot({
    path: join(dirname(fileURLToPath(import.meta.url)), 'status-page.png'),
    fullPage: true,
  });
} finally {
  await browser.close();
}
