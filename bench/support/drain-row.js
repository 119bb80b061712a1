import { replayTo } from '../../build/storage/replay.js';
import { durableRow } from './commit-rows.js';
import { env } from './env.js';
import { mustEqual } from './measure.js';
import { enqueueJobs, machine, openQueueStore, stateHash } from './queue-store.js';

/** DISPATCH and ACK of jobs that wait, nothing done in between. `drain(engine)` ends when no job is left. */
export async function drainRow(context, drain) {
  const { jobs } = context.size;
  const measured = await durableRow(context, jobs, async (dir) => {
    // Of the frames: a busy log is longer than it is full.
    let bytes = 0;
    const observer = { committed: (commit) => (bytes += commit.bytes), snapshotWritten() {} };
    const { store, engine } = await openQueueStore(env, dir, { observer });
    await enqueueJobs(engine, 0, jobs);
    const commitsBefore = store.stats.commits;
    bytes = 0;
    const started = performance.now();
    await drain(engine);
    const ms = performance.now() - started;
    const commits = store.stats.commits - commitsBefore;
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
