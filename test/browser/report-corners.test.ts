import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { enqueueDefaults } from '../../src/queue/events/event-types.ts';
import { segments } from '../cli/make-store.ts';
import { scratch } from '../cli/run-walq.ts';
import { browserWorks, openFile, orNotRun, pageOf } from './browser.ts';
import { storeOfEvents } from './stores.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

test.skipIf(!browserWorks)(`${orNotRun}a narrow page tells the time of the moment`, async () => {
  const viewport = { width: 400, height: 900 };
  const { page, close } = await openFile(await pageOf(`${fixtures}/clean`), '', { viewport });
  expect(await page.isVisible('.event time')).toBe(true);
  expect(await page.textContent('.event time')).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d/);
  const right = "document.querySelector('.event time').getBoundingClientRect().right";
  expect(await page.evaluate(right)).toBeLessThanOrEqual(400);
  await close();
});

test.skipIf(!browserWorks)(`${orNotRun}a narrow page cuts the details of the moment, not its job`, async () => {
  const viewport = { width: 400, height: 900 };
  const { page, close } = await openFile(await pageOf(`${fixtures}/missing-segment`), '', { viewport });
  expect(await page.textContent('.event')).toContain('behind a fault');
  const cut = (of: string): Promise<unknown> =>
    page.evaluate(`(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)(document.querySelector('${of}'))`);
  expect([await cut('.event .link'), await cut('.event .details')]).toEqual([false, true]);
  await close();
});

test.skipIf(!browserWorks)(
  `${orNotRun}what is lost before the first event is marked at the edge of the chart`,
  async () => {
    const dir = `${scratch()}/store`;
    cpSync(`${fixtures}/clean`, dir, { recursive: true });
    rmSync(`${dir}/snapshots`, { recursive: true });
    rmSync(segments(dir)[0] ?? '');
    const { page, close } = await openFile(await pageOf(dir), '#across=seq');
    const marked = (x: number): string => {
      const [r, g, b] = [0, 1, 2].map((at) => `data[${at}]`);
      return `(({ data }) => ${r} > 150 && ${g} < 80 && ${b} < 120)(
      document.querySelector('canvas.history').getContext('2d').getImageData(${x}, 206, 1, 1))`;
    };
    expect([await page.evaluate(marked(69)), await page.evaluate(marked(71))]).toEqual([false, true]);
    await close();
  },
);

test.skipIf(!browserWorks)(`${orNotRun}Escape closes the job from wherever the keys are`, async () => {
  const { page, close } = await openFile(await pageOf(`${fixtures}/clean`), '#job=job_2');
  expect(await page.textContent('.detail h2')).toBe('job_2');
  await page.keyboard.press('Escape');
  expect(await page.textContent('.detail')).toContain('Choose a job');
  await close();
});

test.skipIf(!browserWorks)(`${orNotRun}jobs are found by what is shown of their last event`, async () => {
  const { page, close } = await openFile(await pageOf(`${fixtures}/clean`));
  await page.fill('input[type=search]', 'dispatch attempt 1');
  await expect
    .poll(() => page.$$eval('.job-body .cell.job', (cells) => cells.map((cell) => cell.textContent)))
    .toEqual(['job_11']);
  await close();
});

test.skipIf(!browserWorks)(`${orNotRun}/ searches from every control in which nothing is written`, async () => {
  const { page, close } = await openFile(await pageOf(`${fixtures}/clean`));
  for (const control of ['.slider', 'input[type=radio]', '.map-scroller', '.job-scroller', '.steps button']) {
    await page.focus(control);
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.type'), control).toBe('search');
  }
  await page.keyboard.type('a/b');
  expect(await page.inputValue('input[type=search]')).toBe('a/b');
  await page.fill('input[type=search]', 'job_11');
  await page.keyboard.press('Enter');
  expect(await page.textContent('.detail h2')).toBe('job_11');
  await close();
});

/** What the charts write when they are drawn anew. */
async function drawnTexts(page: Page): Promise<string[]> {
  await page.evaluate(`(() => {
    window.drawn = [];
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
      window.drawn.push(text);
      fillText.call(this, text, ...place);
    };
  })()`);
  await page.setViewportSize({ width: 1000, height: 900 });
  await expect.poll(() => page.evaluate('window.drawn.length')).toBeGreaterThan(0);
  return (await page.evaluate('window.drawn')) as string[];
}

test.skipIf(!browserWorks)(`${orNotRun}a log that knew no time, and one without events, are not of 1970`, async () => {
  const timeless = `${scratch()}/store`;
  await storeOfEvents(timeless, () => [{ type: 'ENQUEUE', id: 'a', at: 0, ...enqueueDefaults, runAt: 0 }]);
  const empty = `${scratch()}/store`;
  await storeOfEvents(empty, () => []);
  for (const store of [timeless, empty]) {
    const { page, complaints, close } = await openFile(await pageOf(store));
    if (store === timeless) {
      await page.fill('.slider', '1');
      await page.click('.job-body .job-row');
    }
    expect(await page.textContent('main')).not.toContain('1970');
    expect(await page.$$('input[type=radio]')).toEqual([]);
    expect((await drawnTexts(page)).join(' ')).not.toMatch(/1970|01-01/);
    expect(page.url()).not.toContain('across');
    expect(complaints).toEqual([]);
    await close();
  }
});
