import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { replayTo } from '../../build/storage/replay.js';
import { env, unsyncedEnv } from '../support/env.js';
import { inFlight, segmentFiles, walBytes } from '../support/log-store.js';
import { must, mustEqual, rounds, timed } from '../support/measure.js';
import { enqueueJobs, machine, openQueueStore, runJobs, stateHash } from '../support/queue-store.js';

const eventsPerJob = 3;
const chunkBytes = 1024 * 1024;

/** A log of whole job lives into the state they leave. */
export const row = {
  name: 'replay',
  title: 'replay into the queue state: ENQUEUE, DISPATCH, ACK',
  unit: 'events/s',
  ceilingTitle: 'read + crc32, one id decoded and one object put into a Map per event',
  targets: [{ of: 'value', min: 1_000_000 }],
  sizes: { full: { jobs: 200_000 }, quick: { jobs: 20_000 } },

  /** In a process of its own: a replay does not run beside the heap of the writer. */
  async prepare({ folder, size }) {
    const { store, engine } = await openQueueStore(unsyncedEnv, `${folder}/replay`);
    // Half of the jobs come while others run, so that the kinds of events mix as in a queue at work.
    await enqueueJobs(engine, 0, size.jobs / 2);
    await Promise.all([enqueueJobs(engine, size.jobs / 2, size.jobs), runJobs(engine, size.jobs, inFlight)]);
    const hash = stateHash(store.machine);
    const events = store.seqLast;
    await store.close();
    mustEqual(events, size.jobs * eventsPerJob, 'events written');
    return { hash, events };
  },

  async run({ folder, size, roundCount, prepared: { hash, events } }) {
    const dir = `${folder}/replay`;
    const files = segmentFiles(dir);
    const ids = idOffsets(files, events);
    const cpu = [];
    const walq = async (round) => {
      const { ms, cpuMs, result } = await timed(() => replayTo(env, dir, machine));
      mustEqual(result.findings.length, 0, 'findings');
      mustEqual(result.replayed, events, 'events replayed');
      mustEqual(result.machine.counts.completed, size.jobs, 'jobs completed');
      mustEqual(stateHash(result.machine), hash, 'state hash');
      if (round >= 0) cpu.push((events / cpuMs) * 1000);
      return (events / ms) * 1000;
    };
    const raw = async () => {
      const { ms, result } = await timed(() => mapPerEvent(files, ids));
      mustEqual(result, size.jobs, 'ids seen raw');
      return (events / ms) * 1000;
    };
    return {
      ...(await rounds(roundCount, walq, { raw })),
      perCpu: cpu,
      exact: `${events} events once each, state hash as the writer had it`,
      facts: { jobs: size.jobs, bytesPerEvent: Math.round(walBytes(dir) / events) },
    };
  },
};

const idBytes = 36;
const idPattern = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;

/** Where the id of each event stands in each file. Found once, outside the measured part. */
function idOffsets(files, events) {
  const offsets = files.map((file) =>
    [...readFileSync(file, 'latin1').matchAll(idPattern)].map((match) => match.index),
  );
  mustEqual(
    offsets.reduce((sum, list) => sum + list.length, 0),
    events,
    'ids in the log',
  );
  return offsets;
}

/** The least that any replay into such a state does. */
function mapPerEvent(files, ids) {
  const jobs = new Map();
  let crc = 0;
  for (const [index, file] of files.entries()) {
    const bytes = readFileSync(file);
    for (let at = 0; at < bytes.length; at += chunkBytes) crc = crc32(bytes.subarray(at, at + chunkBytes), crc);
    for (const at of ids[index]) {
      const id = bytes.latin1Slice(at, at + idBytes);
      const before = jobs.get(id);
      jobs.set(id, { id, seq: at, state: 'pending', attempt: before?.attempt ?? 0, at, runAt: at, endSeq: 0 });
    }
  }
  must(Number.isInteger(crc), 'a checksum');
  return jobs.size;
}
