import { serveQueue } from '../../build/queue/run/serve.js';
import { lockStore } from '../../build/storage/lock.js';
import { must, mustEqual } from './measure.js';

/**
 * A whole runner in this process, with socket, snapshots and all, until the queue is empty: milliseconds from the
 * moment it is ready until the last job is done.
 */
export async function drainWithRunner(env, dir, { jobs, workers, handler }) {
  const lock = await lockStore(env, dir, { create: false, note: { pid: process.pid, command: 'bench' } });
  must(lock !== undefined, 'the store is free');
  let started = 0;
  let ended = 0;
  let finished = 0;
  const summary = await serveQueue(env, dir, lock, {
    create: false,
    handler,
    workers,
    drain: true,
    timeoutMs: 0,
    killAfterMs: 5000,
    graceMs: 5000,
    haltAfterDead: Number.POSITIVE_INFINITY,
    orphans: 'kill',
    pid: process.pid,
    snapshotIntervalMs: 30_000,
    snapshotEvery: 100_000,
    onReady: () => {
      started = performance.now();
    },
    report: ({ kind }) => {
      if (kind === 'finished' && ++finished === jobs) ended = performance.now();
    },
  });
  mustEqual(summary.completed, jobs, 'jobs completed by the runner');
  return ended - started;
}
