import { replayTo } from '../../build/storage/replay.js';
import { bin, runNode } from './child.js';
import { env } from './env.js';
import { mustEqual, rounds } from './measure.js';
import { machine } from './queue-store.js';

/** A row about `walq queue enqueue` as a whole process, on a store that `jobsBefore` jobs are in. */
export async function startEnqueueRow({ size, roundCount }, dir, jobsBefore = 0) {
  let jobs = 0;
  const walq = async () => {
    let ms = 0;
    for (let at = 0; at < size.starts; at++) {
      ms += (await runNode([bin, 'queue', 'enqueue', '--store', dir, '--id', `job_${jobs++}`, '-d', '{"a":1}'])).ms;
    }
    return ms / size.starts;
  };
  const raw = async () => {
    let ms = 0;
    for (let at = 0; at < size.starts; at++) ms += (await runNode(['-e', '0'])).ms;
    return ms / size.starts;
  };
  const measured = await rounds(roundCount, walq, { raw });
  const { machine: queue, findings } = await replayTo(env, dir, machine);
  mustEqual(findings.length, 0, 'findings');
  mustEqual(queue.size, jobsBefore + jobs, 'jobs');
  for (let at = 0; at < jobs; at++) mustEqual(queue.get(`job_${at}`)?.id, `job_${at}`, 'an enqueued job');
  return { ...measured, exact: `all ${jobs} jobs are there, once each`, facts: { starts: size.starts * roundCount } };
}
