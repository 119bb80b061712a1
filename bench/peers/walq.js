import { openQueue } from '../../dist/js/index.cjs';
import { drainBySlots } from './slots.js';

/** walq through its library, as its users have it. */
export const walq = { open: (dir) => open(dir, drainByTaking) };

/** For draining: a worker in place of `take` and `ack`. */
export const walqWorker = {
  name: 'walq, `work()`',
  durability: 'on disk, always; a worker with a function in place of `take` and `ack`',
  open: (dir) => open(dir, drainByWorker),
};

async function open(dir, drain) {
  const queue = await openQueue(dir);
  return {
    enqueue: (job) => queue.enqueue('job', job),
    drain: (slots, done) => drain(queue, slots, done),
    jobs: () => queue.list({ state: ['pending', 'in_flight'] }).map(({ payload }) => payload),
    close: () => queue.close(),
  };
}

function drainByTaking(queue, slots, done) {
  const take = async () => {
    const [held] = await queue.take({ lease: '10m' });
    return held && { token: held.token, job: held.payload };
  };
  return drainBySlots(slots, { take, ack: ({ token }) => queue.ack(token) }, done);
}

async function drainByWorker(queue, slots, done) {
  await queue.work(({ payload }) => done(payload), { concurrency: slots }).drained();
}
