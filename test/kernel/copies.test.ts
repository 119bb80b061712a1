import { existsSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { undoAll } from '../storage/repair/support.ts';
import { tried } from '../support/tried.ts';
import { count, everyOther } from './calls.ts';
import { orNotRun, runPlain, straceWorks } from './child-run.ts';
import { env, filesOf, hit, inSnapshot, mustHold, records } from './stores.ts';

/**
 * The real kernel kills a process that copies a store, makes a new one of a snapshot, or takes one back to a snapshot,
 * at call after call, and refuses call after call of another.
 */

const copies = [
  ['backup', records],
  ['restore', inSnapshot],
] as const;
const calls = ['pwrite64', 'fdatasync', 'fsync', 'mkdir', 'rename'] as const;
const each = copies.flatMap(([work, held]) => calls.map((call) => [call, work, held] as const));

test.skipIf(!straceWorks).for(each)(
  `${orNotRun}SIGKILL at ${everyOther} %s of a %s leaves a whole new store under its name or none, and the old one as it was`,
  async ([call, work, held], context) => {
    const outcomes: Record<string, number> = {};
    const { cases, before } = await hit(work, { call, what: 'signal=KILL' });
    for await (const { run, dir, what } of cases) {
      expect(run.signal, what).toBe('SIGKILL');
      const made = existsSync(`${dir}.copy`);
      if (!made) {
        rmSync(`${dir}.copy.unfinished`, { recursive: true, force: true });
        expect((await runPlain(dir, work)).refusals, what).toEqual([]);
      }
      await mustHold(`${dir}.copy`, held, what);
      expect(filesOf(dir), what).toEqual(before);
      count(outcomes, made ? 'was made' : 'made by the next');
    }
    tried(context, 'kill-9', outcomes);
  },
);

test
  .skipIf(!straceWorks)
  .for(each.flatMap(([call, ...rest]) => [['EIO', call, ...rest] as const, ['ENOSPC', call, ...rest] as const]))(
  `${orNotRun}%s at ${everyOther} %s of a %s is said so, nothing is left, and the next one is made`,
  async ([errno, call, work, held], context) => {
    const outcomes: Record<string, number> = {};
    const { cases, before } = await hit(work, { call, what: `error=${errno}` });
    for await (const { run, dir, what } of cases) {
      expect(run.code, `${what}: ${run.output}`).toBe(0);
      const code = errno === 'EIO' ? /^E_(IO|SNAPSHOT_WRITE)$/ : /^E_(NO_SPACE|SNAPSHOT_WRITE)$/;
      for (const refusal of run.refusals) expect(refusal, what).toMatch(code);
      if (run.refusals.length > 0) {
        expect([existsSync(`${dir}.copy`), existsSync(`${dir}.copy.unfinished`)], what).toEqual([false, false]);
        expect((await runPlain(dir, work)).refusals, what).toEqual([]);
      }
      await mustHold(`${dir}.copy`, held, what);
      expect(filesOf(dir), what).toEqual(before);
      count(outcomes, run.refusals.length > 0 ? 'refused, made by the next' : 'goes on');
    }
    tried(context, errno === 'EIO' ? 'write-error' : 'disk-full', outcomes);
  },
);

const backwards = ['pwrite64', 'fdatasync', 'fsync', 'rename', 'unlink', 'mkdir'].flatMap((call) =>
  (['signal=KILL', 'error=EIO', 'error=ENOSPC'] as const).map((fault) => [fault, call] as const),
);

test.skipIf(!straceWorks).for(backwards.filter(([fault, call]) => fault !== 'error=ENOSPC' || call !== 'unlink'))(
  `${orNotRun}%s at ${everyOther} %s of going back to a snapshot: the next one finishes, and undo brings all of it back`,
  async ([fault, call], context) => {
    const outcomes: Record<string, number> = {};
    const { cases } = await hit('back', { call, what: fault });
    for await (const { run, dir, what } of cases) {
      const expected = fault === 'error=EIO' ? 'E_IO' : 'E_NO_SPACE';
      for (const refusal of run.refusals) expect(refusal, what).toBe(expected);
      const again = await runPlain(dir, 'back');
      expect(again.refusals, what).toEqual([]);
      await mustHold(dir, inSnapshot, what);
      await undoAll(env, dir);
      await mustHold(dir, records, what);
      count(outcomes, run.refusals.length + Number(run.signal !== null) > 0 ? 'finished by the next' : 'goes on');
    }
    const slug = { 'signal=KILL': 'kill-9', 'error=EIO': 'write-error', 'error=ENOSPC': 'disk-full' } as const;
    tried(context, slug[fault], outcomes);
  },
);
