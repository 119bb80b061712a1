import { spawnSync } from 'node:child_process';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, expect } from 'vitest';
import { scratch, walq } from '../cli/run-walq.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome'];
const found = names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
const path =
  found === undefined ? '' : spawnSync('sh', ['-c', `command -v ${found}`], { encoding: 'utf8' }).stdout.trim();

/** Is there a browser to look at pages with? */
export const browserWorks = path !== '';

/** For names of tests. */
export const orNotRun = browserWorks ? '' : 'NOT RUN, there is no chromium here: ';

let browser: Promise<Browser> | undefined;

async function start(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return await chromium.launch({ executablePath: path, args: ['--no-sandbox'] });
}

afterAll(async () => {
  await (await browser)?.close();
});

/** A page of a file, opened as by a double click, and all that it did which it must not do. */
export interface Opened {
  page: Page;
  /** Errors, warnings, dialogs, and whatever it asked any network for. */
  complaints: string[];
  close(): Promise<void>;
}

export async function openFile(file: string, hash = '', options: BrowserContextOptions = {}): Promise<Opened> {
  browser ??= start();
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== `file://${encodeURI(file)}`) complaints.push(`request: ${request.url()}`);
  });
  await page.goto(`file://${encodeURI(file)}${hash}`);
  if (options.javaScriptEnabled !== false) await page.waitForSelector('#page[aria-busy=false]');
  return { page, complaints, close: () => context.close() };
}

/** The page of a store, as the command makes it. */
export async function pageOf(store: string, ...flags: string[]): Promise<string> {
  const file = `${scratch()}/report.html`;
  const { stderr } = await walq(['report', store, '-o', file, ...flags]);
  expect(stderr).toBe('');
  return file;
}
