import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { nodeFs } from '../../src/fs/node-fs.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { replayTo } from '../../src/storage/replay.ts';
import { walq } from '../cli/run-walq.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { browserWorks, openFile, orNotRun, pageOf } from './browser.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
/** Second looks at damage do not wait. */
const env = { fs: nodeFs, clock: new FakeClock({ auto: true }), random: seededRandom(1) };

/** What the page says about the moment: '?' for what is not known. */
async function countsOf(page: Page): Promise<Record<string, string>> {
  return await page.$$eval('.counts [data-count]', (nodes) =>
    Object.fromEntries(nodes.map((node) => [node.getAttribute('data-count'), node.textContent])),
  );
}

async function moveTo(page: Page, position: number): Promise<void> {
  await page.fill('.slider', String(position));
}

async function replayed(store: string, until: number): Promise<Record<string, string>> {
  const words = ['pending', 'in_flight', 'completed', 'dead'] as const;
  try {
    const { counts } = (await replayTo(env, store, () => new QueueMachine(), { until })).machine;
    return Object.fromEntries(words.map((word) => [word, String(counts[word])]));
  } catch {
    return Object.fromEntries(words.map((word) => [word, '?']));
  }
}

const stores = ['clean', 'torn', 'ambiguous', 'bit-flip', 'missing-segment', 'bad-snapshot'];

test.skipIf(!browserWorks).for(stores)(
  `${orNotRun}the page of %s opens from a file without an error, a warning or a request, and shows what replay gives at every event`,
  async (name) => {
    const store = `${fixtures}/${name}`;
    const { page, complaints, close } = await openFile(await pageOf(store));
    const last = Number(await page.getAttribute('.slider', 'max'));
    expect(last).toBeGreaterThan(20);
    for (let position = 1; position <= last; position++) {
      await moveTo(page, position);
      const seq = Number(await page.inputValue('input.seq'));
      expect(await countsOf(page), `${name}, seq ${seq}`).toEqual(await replayed(store, seq));
    }
    expect(complaints).toEqual([]);
    await close();
  },
);

test.skipIf(!browserWorks)(
  `${orNotRun}a seq that is typed, and arrows, show the totals of wal replay --until`,
  async () => {
    const store = `${fixtures}/clean`;
    const { page, close } = await openFile(await pageOf(store));
    for (const seq of [1, 13, 27, 38]) {
      await page.fill('input.seq', String(seq));
      await page.press('input.seq', 'Enter');
      const { stdout } = await walq(['wal', 'replay', store, '--until', String(seq), '--json']);
      const { counts } = JSON.parse(stdout);
      const shown = Object.fromEntries(
        Object.entries(await countsOf(page)).map(([state, jobs]) => [state, Number(jobs)]),
      );
      expect(shown).toEqual(counts);
    }
    await page.locator('h1').click();
    await page.keyboard.press('ArrowLeft');
    expect(await page.inputValue('input.seq')).toBe('37');
    await page.keyboard.press('ArrowRight');
    expect(await page.inputValue('input.seq')).toBe('38');
    await close();
  },
);

test.skipIf(!browserWorks)(`${orNotRun}the table finds, filters and sorts, as of the moment`, async () => {
  const { page, close } = await openFile(await pageOf(`${fixtures}/clean`));
  const jobs = (): Promise<string[]> =>
    page.$$eval('.job-body .cell.job', (cells) => cells.map((cell) => cell.textContent ?? ''));
  await expect.poll(async () => (await jobs()).length).toBe(12);
  await page.fill('input[type=search]', 'THUMB');
  await expect.poll(jobs).toEqual(['job_1', 'job_3', 'job_6', 'job_11']);
  await page.fill('input[type=search]', '');
  await page.click('[data-chip="4"]');
  await expect.poll(jobs).toEqual(['job_5']);
  await page.click('[data-chip="all"]');
  await page.click('.job-head .job .sort');
  await page.click('.job-head .job .sort');
  expect((await jobs()).slice(0, 3)).toEqual(['job_12', 'job_11', 'job_10']);
  expect(await page.getAttribute('.job-head .job', 'aria-sort')).toBe('descending');
  await moveTo(page, 2);
  await expect.poll(jobs).toEqual(['job_2', 'job_1']);
  await close();
});

test.skipIf(!browserWorks)(
  `${orNotRun}a click, or Enter, opens the life of a job, and Escape goes back to where one was`,
  async () => {
    const { page, close } = await openFile(await pageOf(`${fixtures}/clean`));
    await page.click('.job-body .job-row:nth-child(2)');
    const types = await page.$$eval('.events [data-row] .type', (nodes) => nodes.map((node) => node.textContent));
    expect(types).toEqual(['ENQUEUE', 'DISPATCH', 'RETRY', 'DISPATCH', 'ACK']);
    const text = (await page.textContent('.events')) ?? '';
    for (const part of ['attempt 1', 'waited 375ms', 'took 375ms', 'again in 1s', 'exit=75', 'attempt 2'])
      expect(text).toContain(part);
    expect(await page.getAttribute('.job-chart svg', 'aria-label')).toMatch(
      /waiting 375ms; running 375ms, then RETRY; waiting 1s/,
    );
    await page.click('.events [data-row] button >> nth=2');
    expect(await page.inputValue('input.seq')).toBe('8');
    expect(await page.textContent('.job-summary')).toBe('at seq 8: pending · 1 of 3 attempts');
    await page.focus('.job-scroller');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    expect(await page.textContent('.detail h2')).toBe('job_3');
    await page.keyboard.press('Escape');
    expect(await page.evaluate('document.activeElement.className')).toBe('job-scroller');
    await close();
  },
);

test.skipIf(!browserWorks)(`${orNotRun}the address keeps moment, job, search, state, order and axis`, async () => {
  const file = await pageOf(`${fixtures}/clean`);
  const { page, close } = await openFile(file, '#seq=20&job=job_4&search=report&state=in+flight&sort=-job&across=seq');
  expect(await page.inputValue('input.seq')).toBe('20');
  expect(await page.textContent('.detail h2')).toBe('job_4');
  expect(await page.inputValue('input[type=search]')).toBe('report');
  expect(await page.getAttribute('[data-chip="2"]', 'aria-pressed')).toBe('true');
  expect(await page.isChecked('input[value=seq]')).toBe(true);
  await moveTo(page, 21);
  await expect.poll(() => page.url()).toContain('seq=21');
  await page.reload();
  await page.waitForSelector('#page[aria-busy=false]');
  expect(await page.inputValue('input.seq')).toBe('21');
  expect(await page.textContent('.detail h2')).toBe('job_4');
  await close();
  const other = await openFile(
    file,
    '#seq=99999999999999999999&job=%3Cb%3E&state=constructor&sort=__proto__&across=toString',
  );
  expect(await other.page.inputValue('input.seq')).toBe('38');
  expect(other.complaints).toEqual([]);
  await other.close();
});

test.skipIf(!browserWorks)(`${orNotRun}damage is marked where it lies, between the frames around it`, async () => {
  const { page, close } = await openFile(await pageOf(`${fixtures}/bit-flip`));
  expect(await page.textContent('h1')).toBe('CORRUPT lost: exactly 1 event (seq 3)');
  await page.click('[data-fault="0"] button');
  const text = (): Promise<string | null> => page.textContent('.readout');
  expect(await text()).toContain('payload checksum mismatch at offset 392 (seq 3)');
  await page.keyboard.press('ArrowLeft');
  expect(await text()).toMatch(/^DATA frame at offset \d+ · \d+ B · seq 2, 1 event$/);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  expect(await text()).toMatch(/^DATA frame at offset 504 · \d+ B · seq 4, 1 event · behind a fault$/);
  await page.keyboard.press('Enter');
  expect(await page.inputValue('input.seq')).toBe('4');
  await close();
  const missing = await openFile(await pageOf(`${fixtures}/missing-segment`));
  await missing.page.click('[data-fault="0"] button');
  expect(await missing.page.textContent('.readout')).toBe('segment 2 is missing: seq 14..29');
  await missing.close();
});
