import { expect, test } from 'vitest';
import { scratch } from '../cli/run-walq.ts';
import { tried } from '../support/tried.ts';
import { holdAgainst } from './afterwards.ts';
import { count, everyChange } from './calls.ts';
import { orNotRun, runLimited, straceWorks } from './child-run.ts';

/**
 * The real kernel refuses call after call of a process that creates a store, appends, rotates, takes a snapshot,
 * compacts and closes, and that goes on as far as it is let. Afterwards the store is opened here.
 */

test.skipIf(!straceWorks).for(['pwrite64', 'fdatasync', 'fsync', 'rename', 'unlink'])(
  `${orNotRun}EIO at every %s is refused as what it is, and nothing acknowledged is lost`,
  async (call, context) => {
    const outcomes: Record<string, number> = {};
    for await (const { run, dir, what } of everyChange(scratch(), 'error=EIO', call)) {
      expect(run.code, `${what}: ${run.output}`).toBe(0);
      for (const code of run.refusals) {
        expect(code, what).toMatch(/^E_(IO|DURABILITY_UNKNOWN|POISONED|SNAPSHOT_WRITE|STORE_MISSING)$/);
      }
      const poisoned = run.refusals.some((code) => code === 'E_POISONED' || code === 'E_DURABILITY_UNKNOWN');
      // A sync of the log that fails is never passed over.
      if (call === 'fdatasync' && /\.wal>/.test(what)) expect(run.refusals.length, what).toBeGreaterThan(0);
      await holdAgainst(dir, run, what);
      count(outcomes, poisoned ? 'poisoned' : run.refusals.length > 0 ? 'one step refused' : 'goes on');
    }
    tried(context, 'write-error', outcomes);
  },
);

test.skipIf(!straceWorks).for([
  ['ENOSPC', 'pwrite64'],
  ['EDQUOT', 'pwrite64'],
  ['ENOSPC', 'rename'],
  ['ENOSPC', 'mkdir'],
  ['EDQUOT', 'mkdir'],
] as const)(
  `${orNotRun}%s at every %s rejects one step, the process goes on, and nothing acknowledged is lost`,
  async ([errno, call], context) => {
    const outcomes: Record<string, number> = {};
    for await (const { run, dir, what } of everyChange(scratch(), `error=${errno}`, call)) {
      expect(run.code, `${what}: ${run.output}`).toBe(0);
      for (const code of run.refusals) expect(code, what).toMatch(/^E_(NO_SPACE|SNAPSHOT_WRITE)$/);
      await holdAgainst(dir, run, what);
      count(outcomes, run.refusals.length > 0 ? 'one step refused' : 'goes on');
    }
    tried(context, 'disk-full', outcomes);
  },
);

test.skipIf(!straceWorks)(`${orNotRun}a write that writes nothing is an error, wherever it comes`, async (context) => {
  let refused = 0;
  for await (const { run, dir, what } of everyChange(scratch(), 'retval=0', 'pwrite64')) {
    expect(run.code, `${what}: ${run.output}`).toBe(0);
    await holdAgainst(dir, run, what);
    refused++;
  }
  tried(context, 'short-write', { 'nothing lost': refused });
});

test('a write that the kernel cuts short, and then refuses, loses nothing that was acknowledged', async (context) => {
  const outcomes: Record<string, number> = {};
  // Of the size of a file, in KiB: HEAD has to fit.
  for (let limit = 13; limit <= 30; limit++) {
    const dir = `${scratch()}/store`;
    const run = await runLimited(dir, 'fill', `ulimit -f ${limit}`);
    expect(run.code, run.output).toBe(0);
    expect(run.refusals, `${limit} KiB`).toEqual(['E_DURABILITY_UNKNOWN']);
    expect(run.acked).toBeGreaterThan(10);
    count(outcomes, await holdAgainst(dir, run, `files of ${limit} KiB`));
  }
  expect(outcomes.torn).toBeGreaterThan(0);
  tried(context, 'short-write', outcomes);
});
