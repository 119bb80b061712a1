import { describe, expect, test } from 'vitest';
import { openStore, type Store } from '../../src/storage/store.ts';
import { LogTail } from '../../src/storage/tail.ts';
import { type SimEnv, simEnv } from '../support/env.ts';
import type { ListMachine } from './crash/list-machine.ts';
import { appendSome, bytesAt, dir, diskOf, fileOf, flipped, imageOf, make, textOf, withFile } from './damage/image.ts';

interface Bench {
  env: SimEnv;
  store: Store<ListMachine>;
  tail: LogTail;
  /** One look: how it went, and what it handed out. */
  look(): Promise<[string, ...string[]]>;
}

async function bench(): Promise<Bench> {
  const env = simEnv();
  const store = await openStore(env, dir, { machine: make, create: true });
  await appendSome(store, 1, 2);
  const tail = new LogTail(env, dir);
  expect(await tail.begin()).toBe(true);
  return { env, store, tail, look: () => lookWith(tail) };
}

async function lookWith(tail: LogTail): Promise<[string, ...string[]]> {
  const seen: string[] = [];
  const how = await tail.next((record, seq) => seen.push(`${seq} ${Buffer.from(record).toString()}`));
  return [how, ...seen];
}

const line = (n: number) => `${n} ${textOf(n)}`;

describe('a tail', () => {
  test('begins at the durable end, and hands out each record after it once', async () => {
    const { store, look } = await bench();
    expect(await look()).toEqual(['quiet']);
    await appendSome(store, 3, 4);
    expect(await look()).toEqual(['moved', line(3), line(4)]);
    expect(await look()).toEqual(['quiet']);
    await appendSome(store, 5, 5);
    expect(await look()).toEqual(['moved', line(5)]);
    await store.close();
  });

  test('goes over segments, however many came since the last look', async () => {
    const { store, look } = await bench();
    for (let n = 3; n <= 6; n++) {
      await appendSome(store, n, n);
      await store.rotate();
    }
    await appendSome(store, 7, 7);
    expect(await look()).toEqual(['moved', ...[3, 4, 5, 6, 7].map(line)]);
    await store.rotate();
    expect(await look()).toEqual(['quiet']);
    await appendSome(store, 8, 8);
    expect(await look()).toEqual(['moved', line(8)]);
    await store.close();
  });

  test('passes over frames that hold no records, and over the end of one writer and the begin of the next', async () => {
    const { env, store, look } = await bench();
    await store.checkpoint({ clean: false });
    await store.close();
    expect(await look()).toEqual(['quiet']);
    const next = await openStore(env, dir, { machine: make });
    await appendSome(next, 3, 3);
    expect(await look()).toEqual(['moved', line(3)]);
    await next.close();
  });

  test('is lost when cleaning was faster', async () => {
    const { store, look } = await bench();
    await store.rotate();
    await appendSome(store, 3, 3);
    await store.checkpoint({ keep: 1 });
    expect(await look()).toEqual(['lost']);
    await store.close();
  });

  test('is lost without HEAD, and does not begin', async () => {
    const { env, store, look, tail } = await bench();
    await store.close();
    await env.fs.unlink(`${dir}/HEAD`);
    expect(await look()).toEqual(['lost']);
    expect(await tail.begin()).toBe(false);
    expect(tail.follows).toBe(false);
  });

  test('is lost where a frame it has not seen is damaged, and hands out nothing of that frame', async () => {
    const { env, store } = await bench();
    await store.close();
    const before = imageOf(env.fs);
    const again = await openStore(env, dir, { machine: make });
    await appendSome(again, 3, 3);
    await again.close();
    const after = imageOf(env.fs);
    const path = fileOf(after, '/wal/');
    const wanted = Buffer.from(textOf(3));
    const at = Buffer.from(bytesAt(after, path)).indexOf(wanted);
    const lookAt = async (image: typeof after) => {
      const disk = await diskOf(before);
      const tail = new LogTail(disk, dir);
      expect(await tail.begin()).toBe(true);
      // The same reader, on the disk as it is later.
      disk.fs = (await diskOf(image)).fs;
      return await lookWith(tail);
    };
    expect(await lookAt(after)).toEqual(['moved', line(3)]);
    const bad = flipped(bytesAt(after, path), at * 8);
    expect(await lookAt(withFile(after, path, bad))).toEqual(['lost']);
  });

  test('takes a HEAD that is older than the last one for a write in progress, but not for ever', async () => {
    const { env, store } = await bench();
    const older = imageOf(env.fs);
    await appendSome(store, 3, 4);
    await store.close();
    const tail = new LogTail(env, dir);
    await tail.begin();
    env.fs = (await diskOf(older)).fs;
    expect([await lookWith(tail), await lookWith(tail), await lookWith(tail)]).toEqual([
      ['quiet'],
      ['quiet'],
      ['lost'],
    ]);
  });
});
