import { expect, test } from 'vitest';
import { WalqError } from '../../../src/base/errors.ts';
import { openStore } from '../../../src/storage/store.ts';
import { bytesOf, putFile } from '../../support/sim-edit.ts';
import { tried } from '../../support/tried.ts';
import { appendSome, dir, diskOf, imageOf, make, sampleStore, textOf } from '../damage/image.ts';
import { type Beside, openBeside, replaceAll, started } from './beside.ts';
import { backup, copyDir, filesBelow, itemsOf } from './support.ts';

async function checkCopy({ env, store }: Beside): Promise<void> {
  const items = await itemsOf(filesBelow(imageOf(env.fs), copyDir));
  expect(items.length).toBeGreaterThanOrEqual(started);
  expect(items).toEqual(store.machine.items.slice(0, items.length));
}

test('a writer that replaces every file between two calls of a backup gets into no copy by halves', async (context) => {
  let whole = 0;
  for (let at = 1; ; at++) {
    const beside = await openBeside();
    let calls = 0;
    beside.before = async (call) => {
      calls = call;
      if (call === at) await replaceAll(beside.store);
    };
    await backup(beside.env);
    beside.before = undefined;
    await checkCopy(beside);
    await beside.store.close();
    if (calls < at) break;
    whole++;
  }
  expect(whole).toBeGreaterThan(100);
  tried(context, 'copy-under-load', { whole });
});

test('a writer at work between all calls of a backup: a prefix of what it wrote, or none is made', async (context) => {
  const outcomes: Record<string, number> = {};
  for (let every = 1; every <= 40; every++) {
    const beside = await openBeside();
    const { store } = beside;
    beside.before = async (call) => {
      if (call % every !== 0) return;
      const next = store.machine.items.length + 1;
      await appendSome(store, next, next);
      if (call % (3 * every) === 0) await store.checkpoint();
      if (call % (5 * every) === 0) await store.rotate();
    };
    const code = await backup(beside.env).then(
      () => 'whole',
      (error: unknown) => {
        if (error instanceof WalqError) return error.code;
        throw error;
      },
    );
    beside.before = undefined;
    outcomes[code] = (outcomes[code] ?? 0) + 1;
    if (code === 'whole') await checkCopy(beside);
    else expect([...imageOf(beside.env.fs).keys()].filter((path) => path.startsWith(copyDir))).toEqual([]);
    await store.close();
  }
  expect(Object.keys(outcomes).filter((code) => code !== 'whole' && code !== 'E_RACE')).toEqual([]);
  expect(outcomes.whole).toBeGreaterThan(20);
  tried(context, 'copy-under-load', outcomes);
});

test('what was answered is in the copy, although HEAD, which is not synced, is older', async () => {
  const env = await diskOf(await sampleStore({ closed: true }));
  const old = bytesOf(env.fs, `${dir}/HEAD`);
  const store = await openStore(env, dir, { machine: make });
  await appendSome(store, 13, 14);
  // As a power loss leaves it: the frames were synced, HEAD was not.
  const left = new Map(imageOf(env.fs)).set(`${dir}/HEAD`, old);
  for (const image of [left, new Map([...left].filter(([path]) => path !== `${dir}/HEAD`))]) {
    const rest = await diskOf(image);
    await backup(rest);
    expect((await itemsOf(filesBelow(imageOf(rest.fs), copyDir))).at(-1)).toBe(textOf(14));
  }
});

test('a write in flight beside a moving HEAD is not in the copy', async () => {
  const beside = await openBeside();
  const { env, store } = beside;
  await appendSome(store, 13, 13);
  const head = bytesOf(env.fs, `${dir}/HEAD`);
  await appendSome(store, 14, 14);
  const moved = bytesOf(env.fs, `${dir}/HEAD`);
  putFile(env.fs, `${dir}/HEAD`, head);
  let looks = 0;
  // The write of record 14 is seen, its HEAD comes when the copy waits for it.
  beside.before = async () => {
    looks = env.fs.log.filter(({ kind, path }) => kind === 'open' && path === `${dir}/HEAD`).length;
    if (env.clock.monotonic() > 0) putFile(env.fs, `${dir}/HEAD`, moved);
  };
  await backup(env);
  beside.before = undefined;
  expect(looks).toBeGreaterThan(1);
  const items = await itemsOf(filesBelow(imageOf(env.fs), copyDir));
  expect(items.length).toBe(13);
  await store.close();
});

test('a rotation that a crash interrupted is copied as it would be taken up again', async () => {
  const world = await diskOf(await sampleStore({ closed: false }));
  const opened = await openStore(world, dir, { machine: make });
  // The next segment is there with its name; the SEAL of this one was never written.
  world.fs.inject({ nth: 1, match: ({ kind, path }) => kind === 'rename' && path.endsWith('.tmp'), die: 'after' });
  await expect(opened.rotate()).rejects.toThrow();
  const rest = await diskOf(imageOf(world.fs));
  await backup(rest);
  const items = await itemsOf(filesBelow(imageOf(rest.fs), copyDir));
  expect(items).toEqual(Array.from({ length: 12 }, (_, index) => textOf(index + 1)));
});
