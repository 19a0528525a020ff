import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import chromium from '@sparticuz/chromium';
import { type BrowserContext, chromium as playwright } from 'playwright-core';

export interface OpenBrowser {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

/** A real Chromium with a fresh profile, one window size and colour scheme; it asks nothing of the network by itself. */
export async function openBrowser(options: {
  readonly width: number;
  readonly height: number;
  readonly dark?: boolean;
}): Promise<OpenBrowser> {
  const profile = mkdtempSync(join(tmpdir(), 'waystage-browser-'));
  try {
    const context = await playwright.launchPersistentContext(profile, {
      executablePath: await chromium.executablePath(),
      headless: true,
      viewport: { width: options.width, height: options.height },
      colorScheme: options.dark === true ? 'dark' : 'light',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    });
    return {
      context,
      close: async () => {
        await context.close();
        rmSync(profile, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(profile, { recursive: true, force: true });
    throw error;
  }
}
