import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { contents, makeStore } from './make-store.ts';
import { folderForAll, scratch, walq } from './run-walq.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
const base = folderForAll();
const whole = join(base, 'whole');

beforeAll(async () => {
  await makeStore(whole, 12, { segmentBytes: 1500, snapshotAfter: 4 });
});

describe('backup', () => {
  it('makes a copy that is clean, has the same state and the same id, and writes nothing in the store', async () => {
    const dir = join(scratch(), 'copy');
    const before = contents(whole);
    const ran = await walq(['backup', whole, dir, '--json']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(contents(whole)).toEqual(before);
    expect(await walq(['wal', 'verify', dir])).toMatchObject({ code: 0 });
    const answer = JSON.parse(ran.stdout);
    expect(answer).toMatchObject({ walq: 1, kind: 'backup', seqLast: 36, verdict: 'clean', exit: 0 });
    const state = async (path: string) => (await walq(['wal', 'replay', path, '-o', 'document'])).stdout;
    expect(await state(dir)).toBe(await state(whole));
    const { stdout } = await walq(['snapshot', 'list', dir, '--json']);
    expect(JSON.parse(stdout).snapshots[0].summary).toMatchObject({
      stateHash: answer.stateHash,
      storeId: answer.storeId,
    });
  });

  it('asks for the new folder when only a store was named', async () => {
    const { code, stderr } = await walq(['backup', whole]);
    expect(code).toBe(2);
    expect(stderr).toContain(`${whole} is a store: name the new folder too [E_USAGE]`);
    expect(stderr).toContain(`walq backup ${whole} DIR`);
  });

  it('takes the store from --store, and says in one line what it made', async () => {
    const dir = join(scratch(), 'copy');
    const ran = await walq(['--store', whole, 'backup', dir]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(
      /copied to .*copy: seq 36, \d segments, 2 snapshots, [\d.]+ KiB\nverified; state [0-9a-f]{12}, store id/,
    );
  });

  it.each([
    ['torn', 4, 'TORN'],
    ['bad-snapshot', 3, 'DEGRADED'],
  ])('copies a store that is %s without what is bad, and says so', async (name, code, word) => {
    const dir = join(scratch(), 'copy');
    const ran = await walq(['backup', join(fixtures, name), dir]);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain(`${word}  of the store; the copy is whole`);
    expect(await walq(['wal', 'verify', dir])).toMatchObject({ code: 0 });
  });

  it.each([
    ['bit-flip', 'E_PAYLOAD'],
    ['missing-segment', 'E_MISSING_SEGMENT'],
    ['ambiguous', 'E_AMBIGUOUS_TAIL'],
  ])('makes nothing of a store with %s', async (name, code) => {
    const folder = scratch();
    const ran = await walq(['backup', join(fixtures, name), join(folder, 'copy')]);
    expect(ran).toMatchObject({ code: 3, stdout: '' });
    expect(ran.stderr).toContain(`[${code}]`);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses a place that is taken, a link, below the store, or nowhere', async () => {
    const folder = scratch();
    const full = join(folder, 'full');
    mkdirSync(join(full, 'x'), { recursive: true });
    symlinkSync(full, join(folder, 'link'));
    mkdirSync(join(folder, 'left.unfinished'));
    for (const [place, text] of [
      [full, 'it is not empty'],
      [join(folder, 'link'), 'something else is there'],
      [join(whole, 'below'), 'it lies in'],
      [join(whole, 'wal', 'below'), 'it lies in'],
      [join(folder, 'no', 'where'), 'there is no folder'],
      [whole, 'it is not empty'],
      [join(folder, 'left'), 'is in the way'],
    ] as const) {
      const ran = await walq(['backup', whole, place]);
      expect({ place, code: ran.code, said: ran.stderr.includes(text) }).toEqual({ place, code: 7, said: true });
    }
    expect(existsSync(join(whole, 'below'))).toBe(false);
    for (const args of [[], ['a', 'b', 'c']]) expect((await walq(['backup', ...args])).code).toBe(2);
  });

  it('fills an empty folder', async () => {
    const dir = scratch();
    expect((await walq(['backup', whole, dir])).code).toBe(0);
    expect(readdirSync(dir).sort()).toEqual(['HEAD', 'STORE.json', 'snapshots', 'wal']);
  });
});
