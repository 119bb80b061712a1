import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemClock, systemRandom } from '../../../src/base/node-clock.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import type { File, FileSystem } from '../../../src/fs/types.ts';
import { openQueue } from '../../../src/queue/open-queue.ts';
import { connectControl } from '../../../src/queue/process/socket-client.ts';
import { type AttemptPlace, execHandler } from '../../../src/queue/run/handler.ts';
import type { Runner } from '../../../src/queue/run/runner.ts';
import type { RunnerReport } from '../../../src/queue/run/runner-types.ts';
import { type ServeOptions, serveQueue } from '../../../src/queue/run/serve.ts';
import { takeLock } from '../../../src/storage/lock.ts';
import { scratch } from '../../cli/run-walq.ts';
import { tried } from '../../support/tried.ts';
import { plainRunner } from './plain-runner.ts';

/** A runner whose disk fills up or fails under it. */

type Disk = { state: 'good' | 'full' | 'broken' };

/** The real disk, but the log can neither grow (full) nor be synced (broken). */
function failingFs(disk: Disk): FileSystem {
  const failing: Partial<Record<keyof File, [Disk['state'], string]>> = {
    write: ['full', 'ENOSPC'],
    writeSync: ['full', 'ENOSPC'],
    datasync: ['broken', 'EIO'],
    datasyncSync: ['broken', 'EIO'],
  };
  const wrap = (file: File): File =>
    new Proxy(file, {
      get(target, name: keyof File) {
        const method: unknown = target[name];
        if (typeof method !== 'function') return method;
        const [state, code] = failing[name] ?? [];
        return (...args: unknown[]) => {
          if (disk.state !== state) return method.apply(target, args);
          const error = Object.assign(new Error(code), { code });
          if (name.endsWith('Sync')) throw error;
          return Promise.reject(error);
        };
      },
    });
  return {
    ...nodeFs,
    // What launchers see is another disk.
    real: false,
    async open(path, mode, options) {
      const file = await nodeFs.open(path, mode, options);
      return path.includes('/wal/') ? wrap(file) : file;
    },
  };
}

async function start(disk: Disk, store: string, changes: Partial<ServeOptions>) {
  // The full disk is tried again every second; here sooner.
  const clock = { ...systemClock, sleep: (ms: number) => systemClock.sleep(Math.min(ms, 10)) };
  const env = { fs: failingFs(disk), clock, random: systemRandom };
  const reports: RunnerReport['kind'][] = [];
  const { report, ...rest } = changes;
  const lock = await takeLock(env, store, { create: true });
  const ended = serveQueue(env, store, lock, {
    ...plainRunner,
    workers: 1,
    handler: (place) => execHandler(place, 'exit 0'),
    create: true,
    report: (event) => {
      reports.push(event.kind);
      report?.(event);
    },
    ...rest,
  });
  return { ended, reports };
}

async function enqueue(store: string, ids: readonly string[]): Promise<void> {
  await using queue = await openQueue(store);
  await queue.enqueueMany(ids.map((id) => ({ name: 'default', id })));
}

test('on a full disk an outcome waits for room, and says so; no handler runs a second time', async (context) => {
  const dir = scratch();
  const store = `${dir}/store`;
  await enqueue(store, ['a', 'b', 'c', 'd']);
  const disk: Disk = { state: 'good' };
  let told = 0;
  const { ended, reports } = await start(disk, store, {
    workers: 2,
    handler: (place) => execHandler(place, `sleep 0.05; echo $WALQ_JOB_ID >> ${dir}/done`),
    report: (event) => {
      if (event.kind === 'started' && told === 0) disk.state = 'full';
      if (event.kind !== 'disk-full') return;
      told++;
      setTimeout(() => {
        disk.state = 'good';
      }, 100);
    },
  });
  expect(await ended).toMatchObject({ completed: 4, retried: 0, dead: 0, unwritten: 0 });
  expect(reports).toContain('disk-full');
  const done = readFileSync(`${dir}/done`, 'utf8').trim().split('\n');
  expect(done.sort()).toEqual(['a', 'b', 'c', 'd']);
  tried(context, 'disk-full', { 'outcome kept, handler ran once': done.length });
});

test('a stop while the disk is full fails, and counts the jobs that will run again', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  await enqueue(store, ['a', 'b']);
  const disk: Disk = { state: 'good' };
  let runner: Runner | undefined;
  const { ended, reports } = await start(disk, store, {
    onReady: (_, started) => {
      runner = started;
    },
    report: (event) => {
      if (event.kind === 'started') disk.state = 'full';
      if (event.kind === 'disk-full') for (const _ of ['stop', 'at once']) runner?.stop();
    },
  });
  expect(await ended).toMatchObject({ completed: 0, unwritten: 1, failure: { code: 'E_NO_SPACE', exit: 74 } });
  expect(reports).toContain('failed');
  await using queue = await openQueue(store);
  expect(queue.status().counts).toMatchObject({ pending: 1, in_flight: 1 });
});

test('a runner at rest ends when the log fails in the hands of a client', async () => {
  const dir = scratch();
  const store = `${dir}/store`;
  const disk: Disk = { state: 'good' };
  let ready: () => void = () => {};
  const listening = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const handler = (place: AttemptPlace) => execHandler(place, `touch ${dir}/ran`);
  const { ended } = await start(disk, store, { drain: false, handler, onReady: () => ready() });
  await listening;
  disk.state = 'broken';
  const client = await connectControl({ storeDir: store, timeoutMs: 60_000, clock: systemClock });
  const asked = client?.request('enqueue', { jobs: [{ id: 'a' }] });
  await expect(asked).rejects.toMatchObject({ code: 'E_DURABILITY_UNKNOWN', exit: 74 });
  expect(await ended).toMatchObject({ failure: { code: 'E_POISONED' } });
  expect(existsSync(`${dir}/ran`)).toBe(false);
});
