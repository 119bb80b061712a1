import { rmSync } from 'node:fs';
import { verifyStore } from '../../build/storage/read.js';
import { inParallel } from '../support/commit-rows.js';
import { env } from '../support/env.js';
import { inFlight, walBytes } from '../support/log-store.js';
import { mustEqual, rounds } from '../support/measure.js';
import { openQueueStore, payloadOf } from '../support/queue-store.js';

const eventsPerJob = 3;

/** Bytes of log for the whole life of a job, headers of frames and segments included, while 64 others live theirs. */
export const row = {
  name: 'disk-life',
  title: 'bytes of log for the life of a job (ENQUEUE, DISPATCH, ACK), 64 in flight',
  unit: 'bytes',
  lessIsBetter: true,
  ceilingTitle: 'payload + 3 x id',
  targets: [{ of: 'beyond that', max: 60 }],
  sizes: { full: { jobs: 9600 }, quick: { jobs: 1920 } },

  async run({ folder, size: { jobs }, roundCount }) {
    const dir = `${folder}/store`;
    const payloads = Array.from({ length: jobs }, (_, number) => payloadOf(number));
    let idBytes = 0;
    const walq = async () => {
      const { store, engine } = await openQueueStore(env, dir);
      await inParallel(inFlight, jobs, async (number) => {
        await engine.enqueue({ payload: payloads[number] });
        const job = await engine.dispatch();
        await engine.ack(job, { durationMs: 0 });
      });
      mustEqual(store.machine.counts.completed, jobs, 'jobs completed');
      idBytes = store.machine.list().reduce((sum, { id }) => sum + Buffer.byteLength(id), 0);
      await engine.stop();
      await store.close();
      const { verdict, records } = await verifyStore(env, dir);
      mustEqual(verdict, 'clean', 'verdict');
      mustEqual(records, jobs * eventsPerJob, 'events in the log');
      const bytes = walBytes(dir);
      rmSync(dir, { recursive: true });
      return bytes / jobs;
    };
    const payloadBytes = payloads.reduce((sum, payload) => sum + Buffer.byteLength(payload), 0);
    const raw = async () => (payloadBytes + 3 * idBytes) / jobs;
    const measured = await rounds(roundCount, walq, { raw });
    const beyond = measured.walq.map((value, round) => value - measured.raw[round]);
    return {
      ...measured,
      also: { 'beyond that': { unit: 'bytes', values: beyond } },
      exact: `${jobs} jobs completed, ${jobs * eventsPerJob} events in a clean log`,
      facts: { jobs, bytesOfPayload: Math.round(payloadBytes / jobs), bytesOfId: Math.round(idBytes / jobs) },
    };
  },
};
