import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { contents, makeStore } from './make-store.ts';
import { folderForAll, scratch, walq } from './run-walq.ts';

const base = folderForAll();
const whole = join(base, 'whole');
const snapshot = join(whole, 'snapshots', '00000000000000000012.snap');

beforeAll(async () => {
  await makeStore(whole, 12, { segmentBytes: 1500, snapshotAfter: 4 });
});

function copy(): string {
  const dir = join(scratch(), 'store');
  cpSync(whole, dir, { recursive: true });
  return dir;
}

const state = async (path: string, ...more: string[]) =>
  (await walq(['wal', 'replay', path, ...more, '-o', 'document'])).stdout;

describe('snapshot restore --to', () => {
  it.each([
    ['a file', [snapshot], 12],
    ['one of a store by its seq', [`${whole}@12`], 12],
    ['one of a store by a second word', [whole, '12'], 12],
    ['the newest of a store', [`${whole}@snap`], 36],
    ['the newest, unasked', [whole], 36],
  ])('makes a new store of %s', async (_, from, seq) => {
    const before = contents(whole);
    const to = join(scratch(), 'new');
    const ran = await walq(['snapshot', 'restore', ...from, '--to', to, '--json']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const answer = JSON.parse(ran.stdout);
    expect(answer).toMatchObject({ kind: 'snapshot.restore', seq, exit: 0 });
    expect(answer.storeId).not.toBe(answer.from.storeId);
    expect(await state(to)).toBe(await state(whole, '--until', String(seq)));
    expect(contents(whole)).toEqual(before);
    expect((await walq(['queue', 'enqueue', '--store', to, 'mail'])).code).toBe(0);
    expect((await walq(['wal', 'verify', to])).code).toBe(0);
  });

  it('makes one of a state that replay saved, of any point', async () => {
    const folder = scratch();
    const [file, to] = [join(folder, 'saved'), join(folder, 'new')];
    for (const until of ['17']) {
      await walq(['wal', 'replay', whole, '--until', until, '--save', file]);
      expect((await walq(['snapshot', 'restore', file, '--to', to])).code).toBe(0);
      expect(await state(to)).toBe(await state(whole, '--until', until));
    }
  });

  it('refuses what is no snapshot, what is not there, and a place that is taken', async () => {
    const to = join(scratch(), 'new');
    for (const [from, code, said] of [
      [[`${whole}@7`], 1, 'E_NO_SNAPSHOT'],
      [[join(whole, 'wal')], 2, 'E_WRONG_TARGET'],
      [[snapshot, '12'], 2, 'E_SELECTOR'],
      [['nowhere@snap'], 1, 'E_NO_TARGET'],
    ] as const) {
      const ran = await walq(['snapshot', 'restore', ...from, '--to', to]);
      expect({ from, code: ran.code, said: ran.stderr.includes(said) }).toEqual({ from, code, said: true });
      expect(existsSync(to)).toBe(false);
    }
    expect(await walq(['snapshot', 'restore', snapshot, '--to', whole])).toMatchObject({ code: 7 });
    expect(await walq(['snapshot', 'restore', snapshot])).toMatchObject({ code: 2 });
    expect(await walq(['snapshot', 'restore', snapshot, '--to', to, '--apply'])).toMatchObject({ code: 2 });
  });
});

describe('snapshot restore in place', () => {
  it('shows a plan, does it with --apply, and takes it back with --undo, or with the undo of repair', async () => {
    for (const undo of ['snapshot restore', 'wal repair']) {
      const dir = copy();
      const before = contents(dir);
      const plan = await walq(['snapshot', 'restore', dir, '12']);
      expect(plan.code).toBe(7);
      expect(plan.stdout).toContain('back to seq 12, 24 events (seq 13..36) dropped; nothing was changed');
      expect(contents(dir)).toEqual(before);
      const ran = await walq(['snapshot', 'restore', dir, '12', '--apply']);
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      expect(await state(dir)).toBe(await state(whole, '--until', '12'));
      expect((await walq(['snapshot', 'restore', dir, '12'])).code).toBe(0);
      const back = await walq([...undo.split(' '), dir, '--undo']);
      expect(back).toMatchObject({ code: 0, stderr: '' });
      const { '/LOCK': _, ...now } = contents(dir);
      expect(Object.keys(now).filter((file) => !file.startsWith('/quarantine/'))).toEqual(
        Object.keys(before).filter((file) => file !== '/LOCK'),
      );
      for (const file of Object.keys(before)) if (file !== '/LOCK') expect(now[file], file).toBe(before[file]);
      expect(readdirSync(join(dir, 'quarantine'))).toEqual(['repair-0001.json']);
    }
  });

  it('is for a store that nobody writes to', async () => {
    const dir = copy();
    expect((await walq(['snapshot', 'restore', dir, '12', '--apply', '--json'])).code).toBe(0);
    expect((await walq(['queue', 'enqueue', '--store', dir, 'mail'])).code).toBe(0);
    const ran = await walq(['snapshot', 'restore', dir, '--undo']);
    expect(ran.code).toBe(7);
    expect(ran.stderr).toContain('E_PLAN_STALE');
  });
});
