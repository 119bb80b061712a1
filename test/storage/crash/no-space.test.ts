import { expect, test } from 'vitest';
import { packed } from '../../../src/storage/wal/records.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill } from '../../support/sim-image.ts';
import type { OpRecord } from '../../support/sim-ops.ts';
import { tried } from '../../support/tried.ts';
import { explore } from './explore.ts';
import { type Outcome, openList } from './oracle.ts';
import { stepsTooEarly } from './ordering.ts';
import { item, Run } from './run.ts';
import { describeTrial, everyFault, inLog, inSnapshots, type Trial } from './trial.ts';
import { emptyStore, smallSegmentBytes } from './workloads.ts';

const exploration = {
  store: { segmentBytes: smallSegmentBytes },
  crash: { fills: ['zero'], subsetsUpTo: 4 },
  known: new Map<string, Outcome | Error>(),
} as const;

const needsSpace = ({ kind }: OpRecord): boolean => kind === 'write' || kind === 'create' || kind === 'rename';

test('a full disk rejects the batch, and once there is room again everything goes on', async (context) => {
  const store = await emptyStore();
  let trials = 0;
  for await (const trial of everyFault(store, (op) => inLog(op) && needsSpace(op), { errno: 'ENOSPC' })) {
    const what = describeTrial(trial);
    trials++;
    expect(
      trial.results.filter(({ poisoned }) => poisoned),
      what,
    ).toEqual([]);
    expect(['ok', 'E_NO_SPACE'], what).toContain(trial.during?.code);
    const refused = trial.results.filter(({ code }) => code !== 'ok');
    expect(refused.length, what).toBeLessThanOrEqual(1);
    expect(trial.run.acked, what).toBe(7);
    expect(stepsTooEarly(trial.run.fs.log), what).toEqual([]);
    expect((await explore(trial.points, exploration)).broken, what).toEqual([]);
  }
  expect(trials).toBeGreaterThan(15);
  tried(context, 'disk-full', { 'rejected, then goes on': trials });
});

test('a full disk stops a snapshot and nothing else: nothing is deleted, and the next one works', async (context) => {
  const store = await emptyStore();
  let trials = 0;
  for await (const trial of everyFault(store, (op) => inSnapshots(op) && needsSpace(op), { errno: 'ENOSPC' })) {
    const what = describeTrial(trial);
    trials++;
    expect(
      trial.results.filter(({ code }) => code !== 'ok'),
      what,
    ).toEqual([{ step: 'checkpoint', code: 'E_SNAPSHOT_WRITE', poisoned: false }]);
    expect(deletedDuring(trial.run.fs.log, trial.hit), what).toEqual([]);
    expect((await explore(trial.points, exploration)).broken, what).toEqual([]);
  }
  expect(trials).toBeGreaterThan(4);
  tried(context, 'disk-full', { 'snapshot refused, log goes on': trials });
});

test('a disk that stays full keeps rejecting, and what was acknowledged stays', async (context) => {
  const store = await emptyStore();
  let trials = 0;
  const match = (op: OpRecord): boolean => needsSpace(op) && !op.path.endsWith('/HEAD');
  for await (const trial of everyFault(store, match, { errno: 'ENOSPC', persistent: true })) {
    const what = describeTrial(trial);
    trials++;
    expect(
      trial.results.filter(({ poisoned }) => poisoned),
      what,
    ).toEqual([]);
    const codes = new Set(trial.results.map(({ code }) => code));
    for (const code of codes) expect(['ok', 'E_NO_SPACE', 'E_SNAPSHOT_WRITE'], what).toContain(code);
    expect((await explore(trial.points, exploration)).broken, what).toEqual([]);
  }
  expect(trials).toBeGreaterThan(20);
  tried(context, 'disk-full', { 'stays full, nothing lost': trials });
});

test('a write that stops half way on a full disk is cut off, and tried without zeros behind it', async (context) => {
  const store = await emptyStore();
  let rejected = 0;
  let triedAgain = 0;
  const match = (op: OpRecord): boolean => inLog(op) && op.kind === 'write';
  for await (const trial of everyFault(store, match, { short: 40 }, { errno: 'ENOSPC' })) {
    const what = describeTrial(trial);
    if (trial.during?.code === 'E_NO_SPACE') rejected++;
    else if (writtenAgain(trial, 40)) triedAgain++;
    expect(
      trial.results.filter(({ poisoned }) => poisoned),
      what,
    ).toEqual([]);
    expect(trial.run.acked, what).toBe(7);
    expect(stepsTooEarly(trial.run.fs.log), what).toEqual([]);
    expect((await explore(trial.points, exploration)).broken, what).toEqual([]);
  }
  expect(rejected).toBeGreaterThan(2);
  expect(triedAgain).toBeGreaterThan(2);
  tried(context, 'disk-full', { 'rejected, then goes on': rejected, 'written without zeros': triedAgain });
});

test('what a rejected batch left behind never shows after a smaller one', async () => {
  const run = await new Run(await emptyStore()).open();
  await run.append(item(1));
  const isLogWrite = (op: OpRecord): boolean => inLog(op) && op.kind === 'write';
  run.fs.inject({ nth: 1, short: 1500, match: isLogWrite });
  run.fs.inject({ nth: 2, errno: 'ENOSPC', match: isLogWrite });
  const large = run.store.append(packed([Buffer.from(item(99, 3000))]));
  await expect(large).rejects.toMatchObject({ code: 'E_NO_SPACE' });
  await run.append(item(2));
  await run.append(item(3));
  const end = run.points.at(-1);
  const store = await openList(new SimFs(imageAfterKill(run.fs.root)), 9);
  expect(store.machine.items).toEqual([item(1), item(2), item(3)]);
  expect(store.recovery.findings).toEqual([]);
  expect((await explore(end ? [end] : [], exploration)).broken).toEqual([]);
});

test.each([20, 400, 1100])(
  'a power loss while %i bytes follow a rejected batch is no damage: its bytes were cut off for good',
  async (bytes) => {
    const run = await new Run(await emptyStore()).open();
    await run.append(item(1));
    const isLogWrite = (op: OpRecord): boolean => inLog(op) && op.kind === 'write';
    run.fs.inject({ nth: 1, short: 1500, match: isLogWrite });
    run.fs.inject({ nth: 2, errno: 'ENOSPC', match: isLogWrite });
    await expect(run.store.append(packed([Buffer.from(item(99, 3000))]))).rejects.toMatchObject({ code: 'E_NO_SPACE' });
    await run.append(item(2, bytes));
    expect((await explore(run.points, exploration)).broken).toEqual([]);
  },
);

/** What stopped after so many bytes was cut off and written at the same place again, without the zeros behind it. */
function writtenAgain({ hit, run }: Trial, after: number): boolean {
  if (hit === undefined) return false;
  const offset = (hit.offset ?? 0) - after;
  const next = run.fs.log.slice(run.fs.log.indexOf(hit) + 1).find(({ kind }) => kind === 'write');
  return next?.path === hit.path && next.offset === offset && (next.bytes?.length ?? 0) < (hit.bytes?.length ?? 0);
}

/** Snapshots and segments unlinked after the failed call, in the step that failed. */
function deletedDuring(log: readonly OpRecord[], hit: OpRecord | undefined): string[] {
  const from = hit === undefined ? 0 : log.indexOf(hit) + 1;
  const until = log.findIndex((op, index) => index > from && op.kind === 'create');
  return log
    .slice(from, until)
    .filter((op) => op.kind === 'unlink' && op.result === 'ok' && !op.path.endsWith('.tmp'))
    .map((op) => op.path);
}

test('a rotation that a full disk takes back stays taken back while the old segment goes on', async () => {
  const store = await emptyStore();
  const inSegment = ({ kind, path }: OpRecord): boolean => kind === 'write' && /^\/store\/wal\/.*\.wal$/.test(path);
  let takenBack = 0;
  for (let nth = 1; ; nth++) {
    const run = await new Run(new SimFs(imageAfterKill(store.root))).open({ segmentBytes: smallSegmentBytes });
    run.fs.inject({ nth, match: inSegment, errno: 'ENOSPC' });
    const outcomes: string[] = [];
    for (const number of [1, 2, 3]) {
      await run.append(item(number, 400)).then(
        () => outcomes.push('ok'),
        (error: { code: string }) => outcomes.push(error.code),
      );
    }
    const { log } = run.stop().fs;
    if (log.filter(inSegment).length < nth) break;
    const removed = log.find(({ kind, path }) => kind === 'unlink' && /^\/store\/wal\/.*\.wal$/.test(path));
    if (removed === undefined) continue;
    takenBack++;
    expect(outcomes).toEqual(['ok', 'ok', 'ok']);
    expect((await explore(run.points, exploration)).broken).toEqual([]);
  }
  expect(takenBack).toBe(1);
});
