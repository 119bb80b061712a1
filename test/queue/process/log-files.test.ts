import { cpSync, mkdirSync, readdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemClock, systemRandom } from '../../../src/base/node-clock.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import { openQueue } from '../../../src/queue/open-queue.ts';
import { LogCleaner, logFilesOf, logName } from '../../../src/queue/process/log-files.ts';
import { withQueue } from '../../../src/queue/run/access.ts';
import { scratch } from '../../cli/run-walq.ts';
import { tempFolder } from './helpers.ts';

/** A store folder with these logs: job, seq of the dispatch, attempt. */
function folderWith(...logs: readonly (readonly [string, number, number])[]): string {
  const dir = tempFolder();
  mkdirSync(`${dir}/logs`);
  for (const [id, seq, attempt] of logs) writeFileSync(`${dir}/logs/${logName(id, seq, attempt)}`, id);
  return dir;
}

const inPlace = () => Promise.resolve();

test('the name begins with a hash of the id, so that any id makes a name', () => {
  expect(logName('a', 12, 3)).toBe('ca978112ca1bbdca-12-3.log');
  expect(logName('../../etc/passwd', 1, 1)).toMatch(/^[0-9a-f]{16}-1-1\.log$/);
});

test('the logs of a job are found by its id, first attempt first', async () => {
  const dir = folderWith(['a', 100, 2], ['a', 9, 1], ['b', 10, 1]);
  writeFileSync(`${dir}/logs/12-1.log`, 'of nobody');
  expect(await logFilesOf(nodeFs, dir, 'a')).toEqual([
    { path: `${dir}/logs/${logName('a', 9, 1)}`, dispatchSeq: 9, attempt: 1, bytes: 1 },
    { path: `${dir}/logs/${logName('a', 100, 2)}`, dispatchSeq: 100, attempt: 2, bytes: 1 },
  ]);
  expect(await logFilesOf(nodeFs, dir, 'c')).toEqual([]);
  expect(await logFilesOf(nodeFs, tempFolder(), 'a')).toEqual([]);
});

test('logs of forgotten jobs go; those of others, and of a later job with the same id, stay', async () => {
  const dir = folderWith(['a', 1, 1], ['a', 5, 2], ['b', 3, 1], ['a', 20, 1]);
  const cleaner = new LogCleaner(nodeFs, dir, inPlace);
  cleaner.forget(['a', 'c'], 10);
  await cleaner.settled();
  expect(readdirSync(`${dir}/logs`).sort()).toEqual([logName('a', 20, 1), logName('b', 3, 1)].sort());
});

test('a folder that is not there, or holds what cannot be removed, hurts nobody', async () => {
  const cleaner = new LogCleaner(nodeFs, '/no/such/store', inPlace);
  cleaner.forget(['a'], 1);
  await cleaner.settled();
  const dir = folderWith(['b', 1, 1]);
  mkdirSync(`${dir}/logs/${logName('a', 1, 1)}`);
  const other = new LogCleaner(nodeFs, dir, inPlace);
  other.forget(['a'], 2);
  await other.settled();
  expect(readdirSync(`${dir}/logs`)).toHaveLength(2);
});

test('a log that is gone by itself keeps none of the others', async () => {
  const dir = folderWith(['a', 1, 1], ['b', 2, 1], ['c', 3, 1]);
  const gone = `${dir}/logs/${logName('a', 1, 1)}`;
  const unlink = async (path: string) => {
    if (path === gone) unlinkSync(path);
    await nodeFs.unlink(path);
  };
  const cleaner = new LogCleaner({ ...nodeFs, unlink }, dir, inPlace);
  cleaner.forget(['a', 'b', 'c'], 10);
  await cleaner.settled();
  expect(readdirSync(`${dir}/logs`)).toEqual([]);
});

test('a mistake in the cleaning is told, also once it is over', async () => {
  const readdir = () => Promise.reject(new TypeError('no list of names'));
  const cleaner = new LogCleaner({ ...nodeFs, readdir }, folderWith(['a', 1, 1]), inPlace);
  cleaner.forget(['a'], 10);
  await expect(cleaner.settled()).rejects.toThrow('no list of names');
  await expect(cleaner.settled()).rejects.toThrow('no list of names');
});

test('pruned by number, removed, or replaced: a job takes its logs along', async () => {
  const store = `${scratch()}/store`;
  const env = { fs: nodeFs, clock: systemClock, random: systemRandom };
  await withQueue(env, store, { create: true, lockTimeoutMs: 1000, pid: 1, command: 'test' }, async (ops) => {
    const job = (id: string) => ops.call('enqueue', { jobs: [{ id, key: id, keyMode: 'replace' }] });
    for (const id of ['done', 'removed', 'replaced', 'stays']) await job(id);
    const token = 'a-token-of-some-length';
    await ops.call('take', { tokens: [token], leaseMs: 60_000 });
    await ops.call('ack', { token });
    mkdirSync(`${store}/logs`);
    for (const id of ['done', 'removed', 'replaced', 'stays']) writeFileSync(`${store}/logs/${logName(id, 5, 1)}`, id);
    await ops.call('prune', { keep: 0 });
    await ops.call('remove', { id: 'removed' });
    await ops.call('enqueue', { jobs: [{ id: 'new', key: 'replaced', keyMode: 'replace' }] });
  });
  expect(readdirSync(`${store}/logs`)).toEqual([logName('stays', 5, 1)]);
});

test('of a store that was moved away no logs go, and none of the store that stands there now', async () => {
  const [store, moved] = [`${scratch()}/store`, `${scratch()}/moved`];
  const queue = await openQueue(store, { socket: false });
  await queue.enqueue('x', undefined, { id: 'a' });
  mkdirSync(`${store}/logs`);
  writeFileSync(`${store}/logs/${logName('a', 1, 1)}`, 'a');
  renameSync(store, moved);
  cpSync(moved, store, { recursive: true });
  await queue.remove('a');
  await queue.close().catch(() => undefined);
  for (const dir of [store, moved]) expect(readdirSync(`${dir}/logs`)).toEqual([logName('a', 1, 1)]);
});
