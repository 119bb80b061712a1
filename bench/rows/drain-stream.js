import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { streamHandler } from '../../build/queue/run/stream-handler.js';
import { replayTo } from '../../build/storage/replay.js';
import { mustBeDone } from '../support/drain-row.js';
import { env, unsyncedEnv } from '../support/env.js';
import { mustEqual, rounds } from '../support/measure.js';
import { enqueueJobs, machine, openQueueStore, payloadOf } from '../support/queue-store.js';
import { drainWithRunner } from '../support/runner.js';

const workers = 16;
const script = fileURLToPath(new URL('../support/stream-handler.js', import.meta.url));

/** Long-lived children, a line in and a line out for each job. */
export const row = {
  name: 'drain-stream',
  title: '`--stream` drain, no-op jobs, 16 children',
  unit: 'jobs/s',
  ceilingTitle: 'the same lines to and from 16 such children, nothing else',
  targets: [{ of: 'value', min: 15_000 }],
  sizes: { full: { jobs: 60_000 }, quick: { jobs: 2000 } },

  async run({ folder, size: { jobs }, roundCount }) {
    const dir = `${folder}/store`;
    const shell = `exec '${process.execPath}' '${script}'`;
    const walq = async () => {
      const { store, engine } = await openQueueStore(unsyncedEnv, dir);
      await enqueueJobs(engine, 0, jobs);
      await store.close();
      const ms = await drainWithRunner(env, dir, { jobs, workers, handler: (place) => streamHandler(place, shell) });
      mustBeDone((await replayTo(env, dir, machine)).machine, jobs);
      rmSync(dir, { recursive: true });
      return (jobs / ms) * 1000;
    };
    const raw = async () => {
      let next = 0;
      const started = performance.now();
      const answers = await Promise.all(Array.from({ length: workers }, () => pingPong(shell, () => next++, jobs)));
      const ms = performance.now() - started;
      mustEqual(new Set(answers.flat()).size, jobs, 'ids answered');
      return (jobs / ms) * 1000;
    };
    const measured = await rounds(roundCount, walq, { raw });
    return { ...measured, exact: `${jobs} jobs begun once, completed once`, facts: { jobs } };
  },
};

/** One child and its jobs, one at a time; from the start of the child, as in the runner. */
function pingPong(shell, take, jobs) {
  return new Promise((done, fail) => {
    const child = spawn('/bin/sh', ['-c', shell], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ids = [];
    const next = () => {
      const number = take();
      if (number >= jobs) return child.stdin.end();
      const id = `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
      child.stdin.write(`{"id":"${id}","name":"job","attempt":1,"maxAttempts":3,"payload":${payloadOf(number)}}\n`);
    };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      ids.push(JSON.parse(text).id);
      next();
    });
    child.on('error', fail);
    child.on('close', (code) => (code === 0 ? done(ids) : fail(new Error(`exit ${code}`))));
    next();
  });
}
