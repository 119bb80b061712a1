import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { escapeText } from '../../src/base/escape.ts';
import { scratch } from '../cli/run-walq.ts';
import { ack, dead, dispatch, enqueue, retry } from '../queue/support/machines.ts';
import { browserWorks, openFile, orNotRun, pageOf } from './browser.ts';
import { hostile, hostileEvents, manyEvents, storeOfEvents } from './stores.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
const sizes = [400, 1280, 2000];

async function hostilePage(...flags: string[]): Promise<string> {
  // Text of the folder's name gets into the page too.
  const dir = `${scratch()}/<img src=x onerror=alert(1)> & "store"`;
  await storeOfEvents(dir, hostileEvents);
  return await pageOf(dir, ...flags);
}

test.skipIf(!browserWorks)(
  `${orNotRun}texts of a log that would be markup or script are text, wherever they are shown`,
  async () => {
    const { page, complaints, close } = await openFile(await hostilePage('--with-payloads'));
    const shown = await page.$$eval('.job-body .cell.job', (cells) => cells.map((cell) => cell.textContent));
    expect(shown).toEqual(Object.values(hostile).map(escapeText));
    for (const [at, text] of Object.values(hostile).map(escapeText).entries()) {
      await page.click(`#job-row-${at}`);
      expect(await page.textContent('.detail h2')).toBe(text);
      expect(await page.textContent('.events')).toContain(text);
    }
    expect(await page.textContent('.store')).toContain('<img src=x onerror=alert(1)> & "store"');
    await page.fill('input[type=search]', '<img');
    await page.hover('canvas.history', { position: { x: 300, y: 50 } });
    await page.hover('canvas.map', { position: { x: 200, y: 30 } });
    expect(await page.evaluate('window.owned')).toBeUndefined();
    expect(await page.$$('img, iframe, object, embed, link, main script, [onload], [onerror], [onmouseover]')).toEqual(
      [],
    );
    expect(complaints).toEqual([]);
    await close();
  },
);

test.skipIf(!browserWorks)(`${orNotRun}payloads are in the page only when asked for`, async () => {
  const without = await openFile(await hostilePage());
  await without.page.click('#job-row-0');
  expect(await without.page.textContent('.events')).not.toContain('swordfish');
  expect(await without.page.textContent('.head')).not.toContain('payloads');
  await without.close();
  const withThem = await openFile(await hostilePage('--with-payloads'));
  await withThem.page.click('#job-row-0');
  expect(await withThem.page.textContent('.events')).toContain('swordfish');
  expect(await withThem.page.textContent('.head')).toContain('payloads, results and commands of jobs are in this page');
  await withThem.close();
});

test.skipIf(!browserWorks)(
  `${orNotRun}the policy of the page lets no other script run and no markup be made of text`,
  async () => {
    const { page, close } = await openFile(await pageOf(`${fixtures}/clean`));
    const tries = [
      "document.body.innerHTML = '<b>x</b>'",
      "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
      "document.head.append(Object.assign(document.createElement('script'), { textContent: 'window.owned = 1' }))",
    ];
    for (const attempt of tries) {
      const outcome = await page.evaluate(
        `(() => { try { ${attempt}; return 'let'; } catch { return 'refused'; } })()`,
      );
      expect(outcome, attempt).toBe('refused');
    }
    expect(await page.evaluate('window.owned')).toBeUndefined();
    expect(await page.evaluate("fetch('data:text/plain,x').then(() => 'let', () => 'refused')")).toBe('refused');
    await close();
  },
);

test.skipIf(!browserWorks)(`${orNotRun}a job that was called back began more often than it was to`, async () => {
  const dir = `${scratch()}/store`;
  await storeOfEvents(dir, () => [
    enqueue('j', { maxAttempts: 1 }),
    dispatch('j'),
    dead('j'),
    retry('j', { reason: 'redrive' }),
    dispatch('j', 2),
    ack('j'),
  ]);
  const { page, close } = await openFile(await pageOf(dir));
  await page.click('.job-body .job-row');
  expect(await page.textContent('.job-summary')).toBe('at seq 6: completed · 2 attempts (it had 1)');
  await page.fill('.slider', '3');
  expect(await page.textContent('.job-summary')).toBe('at seq 3: dead · 1 of 1 attempt');
  await close();
});

async function focused(page: Page): Promise<string> {
  const code = `(() => { const at = document.activeElement; return at.className + ' ' + at.tagName + ' ' + (at.textContent ?? '').slice(0, 20); })()`;
  return String(await page.evaluate(code));
}

test.skipIf(!browserWorks)(
  `${orNotRun}Tab comes to every control, shows where it is, and leaves the page again`,
  async () => {
    const { page, close } = await openFile(await pageOf(`${fixtures}/bit-flip`), '#job=job_2');
    const met: string[] = [];
    for (let step = 0; step < 60; step++) {
      await page.keyboard.press('Tab');
      const at = await focused(page);
      if (at.includes('BODY')) break;
      met.push(at);
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
      expect(outline, at).not.toBe('none');
    }
    const all = met.join('\n');
    for (const control of [
      'theme',
      'slider',
      'INPUT',
      'map-scroller',
      'chip',
      'sort',
      'job-scroller',
      'close',
      'link',
      'key',
    ])
      expect(all).toContain(control);
    expect(met.length).toBeLessThan(50);
    expect(await focused(page)).toContain('BODY');
    const controls = 'button, input, [role=slider], [role=grid], canvas:not([aria-hidden]), svg';
    const nameless = `[...document.querySelectorAll('${controls}')]
      .filter((each) => !(each.getAttribute('aria-label') || each.textContent.trim() || each.title)).length`;
    expect(await page.evaluate(nameless)).toBe(0);
    await close();
  },
);

test.skipIf(!browserWorks)(`${orNotRun}light and dark follow the system, and the button says otherwise`, async () => {
  const file = await pageOf(`${fixtures}/clean`);
  const background = 'getComputedStyle(document.documentElement).backgroundColor';
  const { page, close } = await openFile(file, '', { colorScheme: 'dark' });
  const dark = await page.evaluate(background);
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await page.evaluate(background);
  expect(light).not.toBe(dark);
  await page.click('button.theme');
  expect([await page.textContent('button.theme'), await page.evaluate(background)]).toEqual(['theme: light', light]);
  await page.click('button.theme');
  expect([await page.textContent('button.theme'), await page.evaluate(background)]).toEqual(['theme: dark', dark]);
  // Charts are drawn in the colours of the theme, not only the text around them.
  const corner = `[...document.querySelector('canvas.history').getContext('2d').getImageData(600, 120, 1, 1).data].join()`;
  const drawnDark = await page.evaluate(corner);
  await page.click('button.theme');
  await page.click('button.theme');
  await expect.poll(() => page.evaluate(corner)).not.toBe(drawnDark);
  await close();
});

test.skipIf(!browserWorks)(
  `${orNotRun}nothing of the page lies beside the screen, from 400 to 2000 pixels`,
  async () => {
    const file = await hostilePage();
    for (const width of sizes) {
      const { page, close } = await openFile(file, '#job=__proto__', { viewport: { width, height: 900 } });
      expect(await page.evaluate('document.documentElement.scrollWidth'), `${width}`).toBeLessThanOrEqual(width);
      const drawn = `[...document.querySelectorAll('canvas, svg')].every((each) => each.getBoundingClientRect().width > 100)`;
      expect(await page.evaluate(drawn)).toBe(true);
      await close();
    }
  },
);

test.skipIf(!browserWorks)(`${orNotRun}without scripts the verdict, the facts and the faults can be read`, async () => {
  const { page, complaints, close } = await openFile(await pageOf(`${fixtures}/bit-flip`), '', {
    javaScriptEnabled: false,
  });
  const text = (await page.textContent('body')) ?? '';
  for (const part of [
    'CORRUPT',
    'lost: exactly 1 event (seq 3)',
    'payload checksum mismatch',
    'walq wal repair',
    'need JavaScript',
  ])
    expect(text).toContain(part);
  expect(complaints).toEqual([]);
  await close();
});

test.skipIf(!browserWorks)(`${orNotRun}paper is light, and has the jobs that a screen would scroll to`, async () => {
  const { page, close } = await openFile(await pageOf(`${fixtures}/clean`), '', { colorScheme: 'dark' });
  await page.evaluate("dispatchEvent(new Event('beforeprint'))");
  await page.emulateMedia({ media: 'print' });
  expect(await page.$$eval('.job-body .job-row', (rows) => rows.length)).toBe(12);
  expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('light');
  expect(await page.isVisible('.steps')).toBe(false);
  await page.emulateMedia({ media: 'screen', colorScheme: 'dark' });
  await page.evaluate("dispatchEvent(new Event('afterprint'))");
  expect(await page.evaluate('document.documentElement.dataset.theme')).toBeUndefined();
  await close();
});

test.skipIf(!browserWorks)(
  `${orNotRun}a hundred thousand events open at once, and the slider follows the hand`,
  async () => {
    const dir = `${scratch()}/store`;
    await storeOfEvents(dir, (epoch) => manyEvents(epoch, 100_000));
    const file = await pageOf(dir);
    const startedAt = performance.now();
    const { page, complaints, close } = await openFile(file);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(await page.textContent('.head')).not.toContain('sampled');
    const step = `(async () => {
    const slider = document.querySelector('.slider');
    const took = [];
    for (let at = 0; at < 40; at++) {
      const begun = performance.now();
      slider.value = String(Math.floor(Number(slider.max) * Math.abs(Math.sin(at))));
      slider.dispatchEvent(new Event('input'));
      took.push(performance.now() - begun);
      await new Promise((done) => requestAnimationFrame(done));
    }
    return took.sort((a, b) => a - b)[20];
  })()`;
    expect(await page.evaluate(step)).toBeLessThan(100);
    expect(await page.$$eval('.job-body .job-row', (rows) => rows.length)).toBeLessThan(60);
    await page.press('.slider', 'End');
    await page.fill('input[type=search]', 'job-031');
    await expect.poll(() => page.textContent('.found')).toMatch(/^2\d\d jobs$/);
    expect(complaints).toEqual([]);
    await close();
  },
);
