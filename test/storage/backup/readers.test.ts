import { expect, test } from 'vitest';
import { scanStore, verifyStore } from '../../../src/storage/read.ts';
import { replayTo } from '../../../src/storage/replay.ts';
import type { LogReport } from '../../../src/storage/types.ts';
import { tried } from '../../support/tried.ts';
import { dir, make } from '../damage/image.ts';
import { type Beside, openBeside, replaceAll, started } from './beside.ts';

/** `read` once for each of its calls, with every file of the store replaced just before that call. */
async function atEachCall(read: (beside: Beside) => Promise<void>): Promise<number> {
  for (let at = 1; ; at++) {
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
    if (calls < at) return at - 1;
  }
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
