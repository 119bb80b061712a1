import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { bin } from '../support/child.js';
import { must } from '../support/measure.js';
import { startEnqueueRow } from '../support/start-row.js';

/** The runner has a handler for other jobs only, so that nothing else runs meanwhile. */
export const row = {
  name: 'start-enqueue-runner',
  title: '`walq queue enqueue`, a whole process, through the socket of a runner',
  unit: 'ms',
  lessIsBetter: true,
  ceilingTitle: 'bare node start',
  targets: [{ of: 'share', min: 0.5, why: 'twice bare node' }],
  sizes: { full: { starts: 10 }, quick: { starts: 3 } },

  async run(context) {
    const dir = `${context.folder}/store`;
    const runner = spawn(process.execPath, [bin, 'queue', 'run', '--store', dir, '--commands'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    try {
      await saysReady(runner);
      return await startEnqueueRow(context, dir);
    } finally {
      runner.kill('SIGTERM');
      if (runner.exitCode === null && runner.signalCode === null) await once(runner, 'exit');
    }
  },
};

function saysReady(runner) {
  return new Promise((done, fail) => {
    let said = '';
    runner.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
      if (said.includes('ready,')) done();
    });
    runner.on('exit', () => fail(new Error(`the runner ended: ${said}`)));
  }).then(() => must(runner.exitCode === null, 'the runner lives'));
}
