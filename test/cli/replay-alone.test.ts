import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeStore, segments } from './make-store.ts';
import { folderForAll, scratch, walq } from './run-walq.ts';

const base = folderForAll();
const [own, other] = [join(base, 'own'), join(base, 'other')];

/** Away from its store, so that nothing around it tells anything. */
function aloneOf(store: string, index: number): string {
  const from = segments(store)[index] ?? '';
  const to = join(scratch(), from.slice(from.lastIndexOf('/') + 1));
  cpSync(from, to);
  return to;
}

/** The state of a store right before this segment, as a file. */
async function stateBefore(store: string, segment: string): Promise<string> {
  const file = join(scratch(), 'before.snap');
  const until = String(Number(/-(\d+)\.wal$/.exec(segment)?.[1]) - 1);
  expect((await walq(['wal', 'replay', store, '--until', until, '--save', file])).code).toBe(0);
  return file;
}

beforeAll(async () => {
  for (const dir of [own, other]) await makeStore(dir, 12, { segmentBytes: 1500 });
});

describe('a segment by itself', () => {
  it('is replayed from its first event, or from a snapshot of its store that reaches it', async () => {
    const [first, last] = [aloneOf(own, 0), aloneOf(own, segments(own).length - 1)];
    expect(await walq(['wal', 'replay', first])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('last seq'),
    });
    const snapshot = await stateBefore(own, last);
    const { stdout } = await walq(['wal', 'replay', own, '-o', 'document']);
    expect(await walq(['wal', 'replay', last, '--snapshot', snapshot, '-o', 'document'])).toMatchObject({
      code: 0,
      stdout,
    });
    const ran = await walq(['wal', 'replay', last]);
    expect(ran).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('[E_NO_BASE]') });
  });

  it('is not replayed on the state of another store, though every event would fit it', async () => {
    const last = aloneOf(own, segments(own).length - 1);
    const ran = await walq(['wal', 'replay', last, '--snapshot', await stateBefore(other, last)]);
    expect(ran).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('[E_SNAPSHOT_STORE]') });
  });
});
