import { unsyncedEnv } from './env.js';
import { flat, growth } from './growth.js';
import { inFlight } from './log-store.js';
import { mustEqual } from './measure.js';
import { enqueueJobs, openQueueStore, payloadOf } from './queue-store.js';

/**
 * A row about one operation, `operation` of enqueue, dispatch and ack, on queues that hold so many jobs already. No
 * syncs: the same wait for the disk at each size would hide what grows. Each round ends where it began.
 */
export function queueGrowth(operation, title) {
  return {
    name: `growth-${operation}`,
    title: `${title} an operation, most over least, with no job and with many queued, without syncs`,
    unit: 'x',
    lessIsBetter: true,
    ceilingTitle: 'the same at each size',
    targets: flat,
    sizes: {
      full: { queued: [0, 100_000, 1_000_000], operations: 20_000 },
      quick: { queued: [0, 10_000, 100_000], operations: 5000 },
    },
    run: (context) => run(context, operation),
  };
}

async function run({ folder, size: { queued, operations }, roundCount }, operation) {
  const queues = [];
  for (const jobs of queued) {
    const queue = await openQueueStore(unsyncedEnv, `${folder}/${jobs}`);
    await enqueueJobs(queue.engine, 0, jobs);
    queues.push({ ...queue, jobs });
  }
  const sizes = queues.map(({ store, engine, jobs }) => [
    `${jobs.toLocaleString('en-US')} queued`,
    async () => {
      const micros = await lives(engine, operations);
      mustEqual(await engine.prune({ keep: 0 }), operations, 'jobs done');
      mustEqual(store.machine.counts.pending, jobs, 'jobs queued');
      return micros[operation];
    },
  ]);
  const measured = await growth(roundCount, 'microseconds', sizes);
  for (const { store } of queues) await store.close();
  return {
    ...measured,
    exact: `${operations} jobs enqueued, begun once and completed in each round, the others still queued`,
    facts: { operations, inFlight },
  };
}

/** Microseconds per operation while so many jobs go in, and as many older ones are begun and completed. */
async function lives(engine, count) {
  const enqueue = await microsEach(count, (number) => engine.enqueue({ payload: payloadOf(number) }));
  const begun = [];
  const dispatch = await microsEach(count, async () => begun.push(await engine.dispatch()));
  mustEqual(new Set(begun.map(({ id }) => id)).size, count, 'jobs begun');
  const ack = await microsEach(count, (number) => engine.ack(begun[number], { durationMs: 0 }));
  return { enqueue, dispatch, ack };
}

async function microsEach(count, operation) {
  let next = 0;
  const worker = async () => {
    while (next < count) await operation(next++);
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  return ((performance.now() - started) * 1000) / count;
}
