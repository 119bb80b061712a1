import { expect, test } from 'vitest';
import type { FileSystem } from '../../../src/fs/types.ts';
import { withOpen, withRead } from '../../../src/fs/wrapped.ts';
import { verifyStore } from '../../../src/storage/read.ts';
import { replayTo } from '../../../src/storage/replay.ts';
import { openStore } from '../../../src/storage/store.ts';
import type { StorageEnv } from '../../../src/storage/types.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import { tried } from '../../support/tried.ts';
import { bytesAt, dir, diskOf, type Image, imageOf, make, textOf, withFile } from '../damage/image.ts';
import { plan, salvage, seqMachine, to } from './salvage-support.ts';

/** A disk that does not give some pages: a salvage takes what they held for damaged, and reads the rest. */

const page = 4096;
const records = 300;
/** In the newest one. */
const inSnapshot = 252;

/** Three segments of four pages and snapshots between them. */
async function store({ closed } = { closed: true }): Promise<Image> {
  const env = simEnv();
  const log = await openStore(env, dir, { machine: make, create: true, segmentBytes: 16_384, keepSnapshots: 5 });
  for (let number = 1; number <= records; number += 2) {
    const pair = [number, number + 1].map((one) => Buffer.from(`${textOf(one)} `.padEnd(130, '.')));
    await log.append(packed(pair));
    if (number % 100 === 51) await log.checkpoint();
  }
  if (closed) await log.close();
  return new Map([...imageOf(env.fs)].filter(([path]) => !path.endsWith('LOCK')));
}

interface BadPages {
  path: string;
  offsets: readonly number[];
  /** The system gives what lies before them, as Linux does, or refuses the whole of a read. */
  gives: 'what lies before' | 'nothing';
  errno?: string;
}

const refusal = (code: string) => Object.assign(new Error(`${code}: read`), { code, errno: -5, syscall: 'read' });

/** How often a bad page was asked for is counted. */
function failing(env: StorageEnv, { path, offsets, gives, errno = 'EIO' }: BadPages): StorageEnv & { asked: number } {
  const failingEnv = { ...env, asked: 0 };
  const fs: FileSystem = withOpen(env.fs, async (name, mode, options) => {
    const file = await env.fs.open(name, mode, options);
    if (name !== path) return file;
    return withRead(file, async (buffer, position) => {
      const bad = offsets.filter((at) => at < position + buffer.length && at + page > position);
      const first = Math.min(...bad);
      if (bad.length === 0) return await file.read(buffer, position);
      if (gives === 'what lies before' && first > position) {
        return await file.read(buffer.subarray(0, first - position), position);
      }
      failingEnv.asked++;
      throw refusal(errno);
    });
  });
  return Object.assign(failingEnv, { fs });
}

/** The same pages, overwritten. */
function overwritten(image: Image, { path, offsets }: BadPages): Image {
  const bytes = bytesAt(image, path).slice();
  for (const at of offsets) bytes.fill(0xbd, at, at + page);
  return withFile(image, path, bytes);
}

function stretches({ path, offsets }: BadPages, size: number): { file: string; offset: number; bytes: number }[] {
  const [first = 0] = offsets;
  const end = Math.min(size, (offsets.at(-1) ?? 0) + page);
  return [{ file: path.slice(`${dir}/`.length), offset: first, bytes: end - first }];
}

const seqs = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, at) => first + at);

const lastSegment = (image: Image): string =>
  [...image.keys()]
    .filter((name) => name.endsWith('.wal'))
    .sort()
    .at(-1) ?? '';

const pagesOf = (bytes: Uint8Array): number[] =>
  Array.from({ length: Math.ceil(bytes.length / page) }, (_, at) => at * page);

test.for(['what lies before', 'nothing'] as const)(
  'every page that cannot be read, of every file, costs what it held: a disk that then gives %s',
  async (gives, context) => {
    const image = await store();
    const outcomes = { 'events lost': 0, 'nothing lost': 0 };
    for (const [path, bytes] of image) {
      for (const offset of pagesOf(bytes)) {
        const bad: BadPages = { path, offsets: [offset], gives };
        const env = failing(await diskOf(image), bad);
        const { unreadable, ...found } = await plan(env);
        expect(unreadable, `${path} ${offset}`).toEqual(stretches(bad, bytes.length));
        expect(found, `${path} ${offset}`).toEqual(await plan(await diskOf(overwritten(image, bad))));
        // The first look and then the page alone: a failing disk takes its time for each.
        expect(env.asked).toBeLessThanOrEqual(2);
        outcomes[found.lost.length > 0 ? 'events lost' : 'nothing lost']++;
      }
    }
    expect(outcomes['events lost']).toBeGreaterThan(5);
    expect(outcomes['nothing lost']).toBeGreaterThan(5);
    tried(context, 'salvage', {
      'page unreadable, events lost': outcomes['events lost'],
      'page unreadable, nothing lost': outcomes['nothing lost'],
    });
  },
);

test('the new store holds all that lies outside of them', async () => {
  const image = await store();
  const path =
    [...image.keys()]
      .filter((name) => name.endsWith('.wal'))
      .sort()
      .at(-1) ?? '';
  const bad: BadPages = { path, offsets: [page, 2 * page], gives: 'what lies before' };
  const disk = await diskOf(image);
  const { lost, unreadable } = await salvage(failing(disk, bad));
  expect(unreadable).toEqual(stretches(bad, bytesAt(image, path).length));
  const gone = lost.flatMap(({ seqFirst, seqLast }) => seqs(seqFirst, seqLast));
  expect(gone.length).toBeGreaterThan(20);
  expect((await verifyStore(disk, to)).verdict).toBe('clean');
  const { machine } = await replayTo(disk, to, seqMachine);
  expect(seqs(1, records).filter((seq) => !machine.items.has(seq))).toEqual(gone.filter((seq) => seq > inSnapshot));
  // The old one is as it was.
  for (const [name, bytes] of image) expect(imageOf(disk.fs).get(name)).toEqual(bytes);
});

test('the end of a log that cannot be read is no end that was reached', async () => {
  const image = new Map([...(await store({ closed: false }))].filter(([path]) => !path.endsWith('HEAD')));
  const path = lastSegment(image);
  const offsets = [pagesOf(bytesAt(image, path)).at(-1) ?? 0];
  const found = await plan(failing(await diskOf(image), { path, offsets, gives: 'nothing' }));
  expect(found).toMatchObject({ lostUnknown: true });
});

test('a file that nobody may read is no bad block', async () => {
  const image = await store();
  const [path = ''] = [...image.keys()].filter((name) => name.includes('/wal/0000000002-'));
  const env = failing(await diskOf(image), { path, offsets: [0], gives: 'nothing', errno: 'EACCES' });
  await expect(plan(env)).rejects.toMatchObject({ code: 'E_READ', exit: 74 });
});

test('a file that the disk does not even open is named, and is to be moved away', async () => {
  const disk = await diskOf(await store());
  const [name = ''] = await disk.fs.readdir(`${dir}/wal`);
  const fs = withOpen(disk.fs, (path, mode, options) => {
    return path.endsWith(name) ? Promise.reject(refusal('EIO')) : disk.fs.open(path, mode, options);
  });
  await expect(plan({ ...disk, fs })).rejects.toMatchObject({
    code: 'E_READ',
    exit: 74,
    next: `mv ${dir}/wal/${name} out of the store, then the same command`,
  });
});
