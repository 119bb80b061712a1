import { replayTo } from '../../dist/storage/replay.js';
import { bin, runNode } from '../support/child.js';
import { env } from '../support/env.js';
import { mustEqual, rounds } from '../support/measure.js';
import { machine } from '../support/queue-store.js';

export const row = {
  name: 'start-enqueue',
  title: '`walq queue enqueue`, a whole process: open, recover, write, sync, close',
  unit: 'ms',
  lessIsBetter: true,
  ceilingTitle: 'bare node start',
  sizes: { full: { starts: 10 }, quick: { starts: 3 } },

  async run({ folder, size, roundCount }) {
    const dir = `${folder}/store`;
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
    mustEqual(queue.counts.pending, jobs, 'jobs pending');
    for (let at = 0; at < jobs; at++) mustEqual(queue.get(`job_${at}`)?.state, 'pending', `state of job_${at}`);
    return { ...measured, exact: `all ${jobs} jobs are there, once each`, facts: { starts: size.starts * roundCount } };
  },
};
