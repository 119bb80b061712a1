import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { streamHandler } from '../../build/queue/run/stream-handler.js';
import { replayTo } from '../../build/storage/replay.js';
import { mustBeDone } from './drain-row.js';
import { env, unsyncedEnv } from './env.js';
import { mustEqual, rounds } from './measure.js';
import { enqueueJobs, machine, openQueueStore, payloadOf } from './queue-store.js';
import { drainWithRunner } from './runner.js';

const script = fileURLToPath(new URL('stream-handler.js', import.meta.url));
const shell = `exec '${process.execPath}' '${script}'`;

/** Long-lived children, a line in and a line out for each job; `perProcess` of the `workers` jobs at a time in each. */
export function streamRow({ name, title, ceilingTitle, workers, perProcess }) {
  return {
    name,
    title,
    unit: 'jobs/s',
    ceilingTitle,
    targets: [{ of: 'value', min: 15_000 }],
    sizes: { full: { jobs: 60_000 }, quick: { jobs: 2000 } },

    async run({ folder, size: { jobs }, roundCount }) {
      const dir = `${folder}/store`;
      const walq = async () => {
        const { store, engine } = await openQueueStore(unsyncedEnv, dir);
        await enqueueJobs(engine, 0, jobs);
        await store.close();
        const handler = (place) => streamHandler(place, { shell, workers, perProcess });
        const ms = await drainWithRunner(env, dir, { jobs, workers, handler });
        mustBeDone((await replayTo(env, dir, machine)).machine, jobs);
        rmSync(dir, { recursive: true });
        return (jobs / ms) * 1000;
      };
      const raw = async () => {
        let next = 0;
        const take = () => next++;
        const started = performance.now();
        const children = Array.from({ length: workers / perProcess }, () => pingPong(take, jobs, perProcess));
        const answers = await Promise.all(children);
        const ms = performance.now() - started;
        mustEqual(new Set(answers.flat()).size, jobs, 'ids answered');
        return (jobs / ms) * 1000;
      };
      const measured = await rounds(roundCount, walq, { raw });
      return { ...measured, exact: `${jobs} jobs begun once, completed once`, facts: { jobs } };
    },
  };
}

/** One child and its jobs, some at a time; from the start of the child, as in the runner. */
function pingPong(take, jobs, atOnce) {
  return new Promise((done, fail) => {
    const child = spawn('/bin/sh', ['-c', shell], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ids = [];
    let inHand = 0;
    let rest = '';
    const fill = () => {
      let lines = '';
      for (; inHand < atOnce; inHand++) {
        const number = take();
        if (number >= jobs) break;
        const id = `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
        lines += `{"id":"${id}","name":"job","attempt":1,"maxAttempts":3,"payload":${payloadOf(number)}}\n`;
      }
      if (lines !== '') child.stdin.write(lines);
      else if (inHand === 0) child.stdin.end();
    };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) ids.push(JSON.parse(line).id);
      inHand -= lines.length;
      fill();
    });
    child.on('error', fail);
    child.on('close', (code) => (code === 0 ? done(ids) : fail(new Error(`exit ${code}`))));
    fill();
  });
}
