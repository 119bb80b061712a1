import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { execHandler } from '../../build/queue/run/handler.js';
import { replayTo } from '../../build/storage/replay.js';
import { mustBeDone } from '../support/drain-row.js';
import { env, unsyncedEnv } from '../support/env.js';
import { must, mustEqual, rounds } from '../support/measure.js';
import { enqueueJobs, machine, openQueueStore, payloadOf } from '../support/queue-store.js';
import { drainWithRunner } from '../support/runner.js';

const workers = 4;

/** A child process per job. The shell line writes the id of its job down: each must be there once. */
export const row = {
  name: 'drain-exec',
  title: '`--exec` drain, a shell for each job, 4 at a time',
  unit: 'jobs/s',
  ceilingTitle: 'bare spawn of the same shell line with the same pipes, 4 at a time',
  targets: [{ of: 'share', min: 0.9 }],
  sizes: { full: { jobs: 1000 }, quick: { jobs: 100 } },

  async run({ folder, size: { jobs }, roundCount }) {
    const seen = `${folder}/seen`;
    const line = `echo $WALQ_JOB_ID >>${seen}`;
    const dir = `${folder}/store`;
    const walq = async () => {
      const { store, engine } = await openQueueStore(unsyncedEnv, dir);
      await enqueueJobs(engine, 0, jobs);
      const ids = store.machine.list().map((job) => job.id);
      await store.close();
      const ms = await drainWithRunner(env, dir, { jobs, workers, handler: (place) => execHandler(place, line) });
      mustBeDone((await replayTo(env, dir, machine)).machine, jobs);
      mustHaveSeen(seen, ids);
      rmSync(dir, { recursive: true });
      return (jobs / ms) * 1000;
    };
    const bare = (stdio) => async () => {
      const ids = Array.from({ length: jobs }, (_, number) => `job_${number}`);
      let next = 0;
      const slot = async () => {
        while (next < jobs) await spawnBare(line, ids[next++], stdio);
      };
      const started = performance.now();
      await Promise.all(Array.from({ length: workers }, slot));
      const ms = performance.now() - started;
      mustHaveSeen(seen, ids);
      return (jobs / ms) * 1000;
    };
    const pipes = ['pipe', 'pipe', 'pipe', 'pipe'];
    const measured = await rounds(roundCount, walq, { raw: bare(pipes), 'bare spawn without pipes': bare('ignore') });
    return { ...measured, exact: `${jobs} ids written down once each, each job completed once`, facts: { jobs } };
  },
};

function mustHaveSeen(file, ids) {
  const seen = readFileSync(file, 'utf8').trimEnd().split('\n');
  rmSync(file);
  mustEqual(seen.length, ids.length, 'children that ran');
  const known = new Set(ids);
  must(seen.every((id) => known.delete(id)) && known.size === 0, 'each job ran once');
}

function spawnBare(line, id, stdio) {
  return new Promise((done, fail) => {
    const env = { ...process.env, WALQ_JOB_ID: id };
    const child = spawn('/bin/sh', ['-c', line], { detached: true, env, stdio });
    child.stdin?.on('error', () => {});
    child.stdin?.end(`${payloadOf(0)}\n`);
    for (const pipe of child.stdio) pipe?.resume?.();
    child.on('error', fail);
    child.on('close', (code) => (code === 0 ? done() : fail(new Error(`exit ${code}`))));
  });
}
