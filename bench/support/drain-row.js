import { replayTo } from '../../dist/storage/replay.js';
import { durableRow } from './commit-rows.js';
import { env } from './env.js';
import { walBytes } from './log-store.js';
import { mustEqual } from './measure.js';
import { enqueueJobs, machine, openQueueStore, stateHash } from './queue-store.js';

/** DISPATCH and ACK of jobs that wait, nothing done in between. `drain(engine)` ends when no job is left. */
export async function drainRow(context, drain) {
  const { jobs } = context.size;
  const measured = await durableRow(context, jobs, async (dir) => {
    const { store, engine } = await openQueueStore(env, dir);
    await enqueueJobs(engine, 0, jobs);
    const before = { commits: store.stats.commits, bytes: walBytes(dir) };
    const started = performance.now();
    await drain(engine);
    const ms = performance.now() - started;
    const commits = store.stats.commits - before.commits;
    const bytes = walBytes(dir) - before.bytes;
    mustBeDone(store.machine, jobs);
    const hash = stateHash(store.machine);
    await engine.stop();
    await store.close();
    mustEqual(stateHash((await replayTo(env, dir, machine)).machine), hash, 'state hash of disk and memory');
    return { ms, commits, records: jobs * eventsPerJob, bytes };
  });
  return { ...measured, exact: `${jobs} jobs begun once, completed once, state hash of disk and memory alike` };
}

/** ENQUEUE, DISPATCH, ACK. */
const eventsPerJob = 3;

/** Each job has run to its end, at the first attempt. */
export function mustBeDone(queue, jobs) {
  mustEqual(queue.counts.completed, jobs, 'jobs completed');
  mustEqual(queue.totals.dispatched, jobs, 'attempts');
  for (const job of queue.jobs()) mustEqual(job.attempt, 1, `attempts of ${job.id}`);
}
