import { expect, test } from 'vitest';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill, imageAfterPowerLoss } from '../../support/sim-image.ts';
import type { OpRecord, SyncFailure } from '../../support/sim-ops.ts';
import { tried } from '../../support/tried.ts';
import { explore } from './explore.ts';
import { type Outcome, openList } from './oracle.ts';
import { stepsTooEarly } from './ordering.ts';
import { describeTrial, everyFault, inLog, inSnapshots } from './trial.ts';
import { emptyStore, smallSegmentBytes } from './workloads.ts';

const exploration = {
  store: { segmentBytes: smallSegmentBytes },
  crash: { fills: ['zero'], subsetsUpTo: 4 },
  known: new Map<string, Outcome | Error>(),
} as const;

const isLogStep = (op: OpRecord): boolean =>
  (inLog(op) || op.path.endsWith('/HEAD')) && ['write', 'datasync', 'rename', 'create'].includes(op.kind);

test('an I/O error on the log poisons the writer: operation unknown, nothing more is written', async (context) => {
  const store = await emptyStore();
  let poisonings = 0;
  for await (const trial of everyFault(store, isLogStep, { errno: 'EIO' })) {
    const what = describeTrial(trial);
    const step = trial.during?.step;
    if (step === 'open' || step === 'close') {
      expect(trial.during?.code, what).toBe('E_IO');
    } else {
      poisonings++;
      expect(trial.during, what).toMatchObject({ code: 'E_DURABILITY_UNKNOWN', poisoned: true });
      expect(trial.results.find((result) => result.step === 'append when poisoned')?.code, what).toBe('E_POISONED');
      expect(trial.afterPoison, what).toEqual([]);
    }
    expect(stepsTooEarly(trial.run.fs.log), what).toEqual([]);
    expect((await explore(trial.points, exploration)).broken, what).toEqual([]);
  }
  expect(poisonings).toBeGreaterThan(25);
  tried(context, 'write-error', { poisoned: poisonings });
});

test.for(['kept', 'dropped', 'reverted'] satisfies SyncFailure[])(
  'a failed sync whose pages are %s loses nothing that was acknowledged',
  async (sync, context) => {
    const store = await emptyStore();
    let trials = 0;
    const match = (op: OpRecord): boolean => op.kind === 'datasync' && !inSnapshots(op);
    for await (const trial of everyFault(store, match, { errno: 'EIO', sync })) {
      trials++;
      expect((await explore(trial.points, exploration)).broken, describeTrial(trial)).toEqual([]);
    }
    expect(trials).toBeGreaterThan(12);
    tried(context, 'sync-error', { [`pages ${sync}: nothing lost`]: trials });
  },
);

test('a sync that fails late loses nothing to a kill, and shows as a prefix or as damage', async (context) => {
  const store = await emptyStore();
  const outcomes: Record<string, number> = {};
  const match = (op: OpRecord): boolean => op.kind === 'datasync' && !inSnapshots(op);
  for await (const trial of everyFault(store, match, { errno: 'EIO', sync: 'late' })) {
    for (const { fs, issued, acked } of trial.points) {
      const what = `${describeTrial(trial)} of ${trial.results.length} steps`;
      const killed = await openList(new SimFs(imageAfterKill(fs.root)), 9, exploration.store);
      expect(killed.machine.items.length, what).toBeGreaterThanOrEqual(acked);
      expect(killed.machine.items, what).toEqual(issued.slice(0, killed.machine.items.length));
      await killed.close();
      // What was believed is not on the disk: nobody can give it back, but a hole in the middle must be seen.
      const lost = await openList(new SimFs(imageAfterPowerLoss(fs.root, () => true)), 9, exploration.store).then(
        ({ machine }) => machine.items,
        (error: { exit: number }) => error.exit,
      );
      if (typeof lost === 'number') expect(lost, what).toBe(3);
      else expect(lost, what).toEqual(issued.slice(0, lost.length));
      const outcome = typeof lost === 'number' ? 'seen as damage' : lost.length >= acked ? 'opens' : 'opens, shorter';
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  }
  expect(outcomes.opens).toBeGreaterThan(5);
  tried(context, 'sync-error', outcomes);
});

test('a sync of the log folder that fails poisons a rotation', async () => {
  const store = await emptyStore();
  let poisonings = 0;
  for await (const trial of everyFault(store, (op) => op.kind === 'syncDir' && inLog(op), {
    errno: 'EIO',
    sync: 'dropped',
  })) {
    const what = describeTrial(trial);
    if (trial.during?.step === 'append') {
      poisonings++;
      expect(trial.during, what).toMatchObject({ code: 'E_DURABILITY_UNKNOWN', poisoned: true });
      expect(trial.afterPoison, what).toEqual([]);
    }
    expect((await explore(trial.points, exploration)).broken, what).toEqual([]);
  }
  expect(poisonings).toBe(2);
});

test('an I/O error at a snapshot ends nothing: the log goes on, no segment goes, the next works', async (context) => {
  const store = await emptyStore();
  const match = (op: OpRecord): boolean =>
    inSnapshots(op) && ['write', 'datasync', 'create', 'rename', 'syncDir'].includes(op.kind);
  let trials = 0;
  for await (const trial of everyFault(store, match, { errno: 'EIO', sync: 'dropped' })) {
    const what = describeTrial(trial);
    if (trial.during?.step === 'open') continue;
    trials++;
    expect(
      trial.results.filter(({ code }) => code !== 'ok'),
      what,
    ).toEqual([{ step: 'checkpoint', code: 'E_SNAPSHOT_WRITE', poisoned: false }]);
    expect(trial.run.acked, what).toBe(7);
    expect(stepsTooEarly(trial.run.fs.log), what).toEqual([]);
    expect((await explore(trial.points, exploration)).broken, what).toEqual([]);
  }
  expect(trials).toBeGreaterThan(6);
  tried(context, 'write-error', { 'snapshot refused, log goes on': trials });
});

test('a segment that cannot be removed stays, and the checkpoint counts', async () => {
  const store = await emptyStore();
  let trials = 0;
  for await (const trial of everyFault(store, (op) => op.kind === 'unlink' && op.path.endsWith('.wal'), {
    errno: 'EIO',
  })) {
    trials++;
    expect(
      trial.results.filter(({ code }) => code !== 'ok'),
      describeTrial(trial),
    ).toEqual([]);
    expect((await explore(trial.points, exploration)).broken, describeTrial(trial)).toEqual([]);
  }
  expect(trials).toBe(1);
});

test.for([1, 13, 50, 400])('a write cut short to %i bytes is written on, without a hole', async (short, context) => {
  const store = await emptyStore();
  let trials = 0;
  for await (const trial of everyFault(store, (op) => inLog(op) && op.kind === 'write', { short })) {
    trials++;
    expect(
      trial.results.filter(({ code }) => code !== 'ok'),
      describeTrial(trial),
    ).toEqual([]);
    expect(trial.run.acked).toBe(7);
    expect((await explore(trial.points, exploration)).broken, describeTrial(trial)).toEqual([]);
  }
  tried(context, 'short-write', { 'written on': trials });
});

test('a write that writes nothing poisons instead of turning in circles', async () => {
  const store = await emptyStore();
  const match = (op: OpRecord): boolean => inLog(op) && op.kind === 'write';
  for await (const trial of everyFault(store, match, { short: 0, persistent: true })) {
    if (trial.nth === 1)
      expect(trial.results[1], describeTrial(trial)).toMatchObject({ code: 'E_DURABILITY_UNKNOWN', poisoned: true });
    expect((await explore(trial.points, exploration)).broken, describeTrial(trial)).toEqual([]);
  }
});
