import { mkdirSync } from 'node:fs';
import { unsyncedEnv } from './env.js';
import { enqueueJobs, openQueueStore, runJobs } from './queue-store.js';

const workers = 64;

/** A queue in the middle of its work: `jobs` jobs, a quarter of them done. In memory only as far as syncs go. */
export async function busyQueue(dir, jobs) {
  const opened = await openQueueStore(unsyncedEnv, dir);
  await enqueueJobs(opened.engine, 0, jobs);
  await runJobs(opened.engine, jobs / 4, workers);
  return opened;
}

/** Made anew for each use of a name. */
export function newFolder(path) {
  mkdirSync(path);
  return path;
}

/** Where a snapshot of a bench belongs: nowhere in particular. */
export function pointAt(seq) {
  return { seq, ordinal: 1, offset: 96, link: 0, salt: 1 };
}
