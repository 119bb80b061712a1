import { payloadText } from '../../build/queue/state/job.js';
import { replayTo } from '../../build/storage/replay.js';
import { durableRow, inParallel } from './commit-rows.js';
import { env } from './env.js';
import { must, mustEqual } from './measure.js';
import { enqueuePlain } from './plain-queue.js';
import { machine, openQueueStore, payloadOf, stateHash } from './queue-store.js';

/** Jobs into the queue, `writers` at once, `batch` jobs per operation, each answered when it is on disk. */
export async function enqueueRow(context, writers, batch) {
  const operations = context.size.operations;
  const jobs = operations * batch;
  const specs = Array.from({ length: jobs }, (_, number) => ({ payload: payloadOf(number) }));
  const write = async (dir) => {
    const { store, engine } = await openQueueStore(env, dir);
    const { ms, answers } = await inParallel(writers, operations, (number) =>
      batch === 1
        ? engine.enqueue(specs[number])
        : engine.enqueueMany(specs.slice(number * batch, (number + 1) * batch)),
    );
    const { commits } = store.stats;
    mustHaveAll(store.machine, answers.flat(), specs);
    const hash = stateHash(store.machine);
    await engine.stop();
    await store.close();
    const disk = await replayTo(env, dir, machine);
    mustEqual(stateHash(disk.machine), hash, 'state hash of disk and memory');
    return { ms, commits, records: jobs };
  };
  const payloads = specs.map(({ payload }) => payload);
  const plain = async () => (jobs / (await enqueuePlain(context.folder, payloads, writers))) * 1000;
  const others = batch === 1 && writers > 1 ? { 'the least in JavaScript': plain } : {};
  const measured = await durableRow(context, jobs, write, others);
  return { ...measured, exact: `${jobs} jobs once each with their payloads, state hash of disk and memory alike` };
}

function mustHaveAll(queue, answers, specs) {
  mustEqual(queue.size, specs.length, 'jobs');
  mustEqual(new Set(answers.map((answer) => answer.id)).size, specs.length, 'ids answered');
  must(
    answers.every((answer) => answer.status === 'enqueued' && queue.get(answer.id)?.seq === answer.seq),
    'each answer names its job and seq',
  );
  const payloads = new Set([...queue.jobs()].map(payloadText));
  must(
    payloads.size === specs.length && specs.every((spec) => payloads.has(spec.payload)),
    'each payload is there once',
  );
}
