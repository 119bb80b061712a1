import { expect, test } from 'vitest';
import type { OpRecord } from '../../support/sim-ops.ts';
import { stepsTooEarly } from './ordering.ts';
import { Run } from './run.ts';
import { workloads } from './workloads.ts';

test.each(Object.entries(workloads))('%s: no step is taken before what it rests on is durable', async (_name, work) => {
  const run = await work();
  expect(stepsTooEarly(run.fs.log)).toEqual([]);
});

test('creating a store takes no step too early', async () => {
  const run = await new Run().open();
  await run.store.close();
  expect(stepsTooEarly(run.fs.log)).toEqual([]);
});

test.each([
  [
    'an answer before the sync',
    (op: OpRecord) => op.kind === 'datasync' && /\/wal\//.test(op.path),
    'answered before its frame',
  ],
  [
    'a rename before the sync',
    (op: OpRecord) => op.kind === 'datasync' && op.path.endsWith('.snap.tmp'),
    'renamed before',
  ],
  ['an answer before HEAD', (op: OpRecord) => op.kind === 'write' && op.path.endsWith('/HEAD'), 'answered before HEAD'],
  [
    'a segment removed too early',
    (op: OpRecord) => op.kind === 'syncDir' && op.path.endsWith('/snapshots'),
    'segment removed',
  ],
])('the check sees %s', async (_name, left, complaint) => {
  const run = await workloads['checkpoints that clean the log']();
  const without = run.fs.log.filter((op) => !left(op));
  expect(stepsTooEarly(without).some((line) => line.includes(complaint))).toBe(true);
});

test('the check sees HEAD ahead of the disk, and a write over durable bytes', async () => {
  const run = await workloads['three appends and a batch']();
  const log = [...run.fs.log];
  const sync = log.findLastIndex((op) => op.kind === 'datasync' && /\/wal\//.test(op.path));
  const head = log.findIndex((op, index) => index > sync && op.path.endsWith('/HEAD'));
  const swapped = log.toSpliced(sync, 1).toSpliced(head, 0, log[sync] as OpRecord);
  expect(stepsTooEarly(swapped).some((line) => line.includes('HEAD is ahead'))).toBe(true);
  const writes = log.filter((op) => op.kind === 'write' && /\/wal\//.test(op.path));
  const again = [...log, { ...(writes.at(-2) as OpRecord) }];
  expect(stepsTooEarly(again).some((line) => line.includes('overwrites durable bytes'))).toBe(true);
});

test('HEAD is written to its two slots in turn: a write that tears leaves the one before', async () => {
  const run = await workloads['three openings, one without a write']();
  const places = run.fs.log.filter((op) => op.kind === 'write' && op.path.endsWith('/HEAD')).map((op) => op.offset);
  expect(places.length).toBeGreaterThan(4);
  expect(places.filter((place, index) => place === places[index - 1])).toEqual([]);
});
