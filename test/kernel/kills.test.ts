import { appendFileSync, cpSync, readdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemClock, systemRandom } from '../../src/base/node-clock.ts';
import { nodeFs } from '../../src/fs/node-fs.ts';
import { verifyStore } from '../../src/storage/read.ts';
import { scratch } from '../cli/run-walq.ts';
import { repair, trimming } from '../storage/repair/support.ts';
import { tried } from '../support/tried.ts';
import { holdAgainst } from './afterwards.ts';
import { count, everyChange, everyOther, everyOtherCall } from './calls.ts';
import { orNotRun, runPlain, straceWorks } from './child-run.ts';

/**
 * The real kernel kills at call after call of a process that creates a store, appends, rotates, takes a snapshot,
 * compacts and closes; then of one that repairs. Afterwards the store is opened here.
 */

const changing = ['pwrite64', 'fdatasync', 'fsync', 'rename', 'unlink', 'mkdir'];

test.skipIf(!straceWorks).for(changing)(
  `${orNotRun}SIGKILL at every %s leaves a store that opens, with all that was acknowledged`,
  async (call, context) => {
    const outcomes: Record<string, number> = {};
    const during = new Set<string>();
    for await (const { run, dir, what } of everyChange(scratch(), 'signal=KILL', call)) {
      expect(run.signal, what).toBe('SIGKILL');
      during.add(run.during);
      count(outcomes, await holdAgainst(dir, run, what));
    }
    if (call !== 'mkdir') expect([...during]).toEqual(expect.arrayContaining(['init', 'compact']));
    tried(context, 'kill-9', outcomes);
  },
);

const env = { fs: nodeFs, clock: systemClock, random: systemRandom };

/** A last segment with garbage behind its end, and a STORE.json that is none: a repair of two actions. */
function damage(dir: string): void {
  const last = readdirSync(`${dir}/wal`).sort().at(-1) ?? '';
  appendFileSync(`${dir}/wal/${last}`, Buffer.alloc(700, 7));
  writeFileSync(`${dir}/STORE.json`, '{}');
}

test.skipIf(!straceWorks).for(['pwrite64', 'fdatasync', 'fsync', 'ftruncate', 'rename', 'mkdir'])(
  `${orNotRun}SIGKILL at ${everyOther} %s of a repair leaves what the next repair finishes`,
  async (call, context) => {
    const folder = scratch();
    const whole = `${folder}/whole`;
    const history = await runPlain(whole, 'history');
    expect(history).toMatchObject({ acked: 8, refusals: [] });
    damage(whole);
    const outcomes: Record<string, number> = {};
    const kills = everyOtherCall(folder, { call, what: 'signal=KILL', threads: 'all' }, 'repair', (dir) =>
      cpSync(whole, dir, { recursive: true }),
    );
    for await (const { run, dir, what } of kills) {
      expect(run.signal, what).toBe('SIGKILL');
      const { verdict } = await verifyStore(env, dir);
      await repair(env, trimming, dir);
      await holdAgainst(dir, history, what);
      count(outcomes, verdict === 'clean' ? 'was done' : 'done by the next');
    }
    tried(context, 'kill-9', outcomes);
  },
);

test.skipIf(!straceWorks).for([
  ['EIO', 'pwrite64'],
  ['EIO', 'fdatasync'],
  ['EIO', 'fsync'],
  ['EIO', 'ftruncate'],
  ['EIO', 'rename'],
  ['ENOSPC', 'pwrite64'],
  ['ENOSPC', 'rename'],
  ['ENOSPC', 'mkdir'],
] as const)(
  `${orNotRun}%s at ${everyOther} %s of a repair is said so, and the next repair finishes`,
  async ([errno, call], context) => {
    const folder = scratch();
    const whole = `${folder}/whole`;
    const history = await runPlain(whole, 'history');
    damage(whole);
    const outcomes: Record<string, number> = {};
    const refusals = everyOtherCall(folder, { call, what: `error=${errno}`, threads: 'all' }, 'repair', (dir) =>
      cpSync(whole, dir, { recursive: true }),
    );
    for await (const { run, dir, what } of refusals) {
      expect(run.code, `${what}: ${run.output}`).toBe(0);
      for (const code of run.refusals) expect(code, what).toBe(errno === 'EIO' ? 'E_IO' : 'E_NO_SPACE');
      await repair(env, trimming, dir);
      await holdAgainst(dir, history, what);
      count(outcomes, run.refusals.length > 0 ? 'refused, done by the next' : 'goes on');
    }
    tried(context, errno === 'EIO' ? 'write-error' : 'disk-full', outcomes);
  },
);
