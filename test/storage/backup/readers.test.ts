import { expect, test } from 'vitest';
import { WalqError } from '../../../src/base/errors.ts';
import { isGone } from '../../../src/fs/gone.ts';
import { scanStore, verifyStore } from '../../../src/storage/read.ts';
import { replayTo } from '../../../src/storage/replay.ts';
import { planRestore } from '../../../src/storage/restore-in-place.ts';
import { surveySalvage } from '../../../src/storage/salvage-survey.ts';
import type { LogReport } from '../../../src/storage/types.ts';
import { tried } from '../../support/tried.ts';
import { dir, make } from '../damage/image.ts';
import { type Beside, openBeside, replaceAll, started } from './beside.ts';

/** `read` once for each `step`-th of its calls, with every file of the store replaced just before that call. */
async function atEachCall(read: (beside: Beside) => Promise<void>, step = 1): Promise<number> {
  for (let at = 1; ; at += step) {
    const beside = await openBeside();
    let calls = 0;
    beside.before = async (call) => {
      calls = call;
      if (call === at) await replaceAll(beside.store);
    };
    await read(beside).catch((error: unknown) => {
      throw new Error(`every file was replaced before call ${at}`, { cause: error });
    });
    beside.before = undefined;
    await beside.store.close();
    if (calls < at) return Math.ceil((at - 1) / step);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof WalqError) return error.code;
  throw error;
}

function expectWhole(report: LogReport): void {
  expect(report.findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
  expect(report.verdict).toBe('clean');
  expect(report.seqLast, 'what was answered before the look is seen').toBeGreaterThanOrEqual(started);
  expect(report.records, 'without a hole').toBe((report.seqLast ?? 0) - (report.seqFirst ?? 0) + 1);
}

test('a cleaning that takes every segment listed makes no log look empty, short or damaged', async (context) => {
  const whole = await atEachCall(async ({ env }) => expectWhole(await verifyStore(env, dir)));
  expect(whole).toBeGreaterThan(50);
  tried(context, 'live-reader', { whole });
});

test('events are handed out once each and without a hole, whatever is cleaned away meanwhile', async (context) => {
  const whole = await atEachCall(async ({ env }) => {
    const seqs: number[] = [];
    const report = await scanStore(env, dir, {
      record: ({ seq }) => {
        seqs.push(seq);
        return undefined;
      },
    });
    expectWhole(report);
    const first = seqs[0] ?? 0;
    expect(seqs).toEqual(Array.from({ length: report.records }, (_, index) => first + index));
  });
  tried(context, 'live-reader', { whole });
});

test('a replay gives what was answered before it began, whatever is cleaned away meanwhile', async (context) => {
  const whole = await atEachCall(async ({ env, store }) => {
    const { machine, findings, seq, seqMax } = await replayTo(env, dir, make);
    expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
    expect(machine.items.length).toBeGreaterThanOrEqual(started);
    expect(machine.items).toEqual(store.machine.items.slice(0, machine.items.length));
    expect([seq, seqMax]).toEqual([machine.items.length, machine.items.length]);
  });
  tried(context, 'live-reader', { whole });
});

/** Undefined where the cleaning was noticed: whoever asks looks again. */
const unlessGone = async <T>(look: Promise<T>): Promise<T | undefined> =>
  look.catch((error: unknown) => {
    if (isGone(error)) return undefined;
    throw error;
  });

test('a salvage sees the store before a cleaning or after it, never half of each', async (context) => {
  const whole = await atEachCall(async ({ env }) => {
    const source = await unlessGone(surveySalvage(env, dir, () => true));
    if (source === undefined) return;
    const { report, seqFirst, seqLast, snapshots, inputs } = source;
    expectWhole(report);
    expect(inputs.map(({ file }) => file)).toEqual(report.segments.map(({ file }) => file));
    expect(seqFirst).toBe(report.seqFirst);
    expect(seqLast).toBeGreaterThanOrEqual(started);
    if (seqFirst > 1) expect(snapshots[0]?.seq).toBe(seqFirst - 1);
  }, 3);
  tried(context, 'live-reader', { whole });
});

/** The last one there was, and the last one once all is replaced. */
test.for([started, 19])(
  'no store is called damaged because it is cleaned while a way back to %i is planned',
  async (seq, context) => {
    const whole = await atEachCall(async ({ env }) => {
      const plan = await unlessGone(planRestore(env, dir, { seq })).catch(codeOf);
      if (plan !== undefined && plan !== 'E_SEQ_RANGE') expect(plan).toMatchObject({ leaves: [], actions: [] });
    }, 3);
    tried(context, 'live-reader', { whole });
  },
);
