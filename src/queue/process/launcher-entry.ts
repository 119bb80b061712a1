import { systemClock } from '../../base/node-clock.ts';
import { nodeFs } from '../../fs/node-fs.ts';
import type { RunningAttempt } from './attempt-types.ts';
import type { FromLauncher, ToLauncher } from './launcher-types.ts';
import { NewestOnly } from './newest-only.ts';
import { runOrder } from './order.ts';
import { procTable } from './process-table.ts';

/** What runs in the launcher of a runner: carries out attempts, says how they ended, and goes when the runner goes. */

// Of its runner, not of the jobs: those get their own.
const { WALQ_LEASE: _, WALQ_STORE: __, ...env } = process.env;
const tools = { fs: nodeFs, clock: systemClock, table: procTable(nodeFs), env };
const running = new Map<number, RunningAttempt>();

function tell(message: FromLauncher, sent: () => void = () => undefined): void {
  // The runner may be gone: then nobody has to hear it, and 'disconnect' follows.
  if (process.connected) process.send?.(message, undefined, undefined, sent);
}

/** A handler may pour these in faster than the runner takes them, and what waits for a channel waits in memory. */
function newestTold(messageOf: (value: number) => FromLauncher): NewestOnly<number> {
  return new NewestOnly((value, sent) => tell(messageOf(value), sent));
}

function start({ number, order }: Extract<ToLauncher, { kind: 'start' }>): void {
  const progress = newestTold((value) => ({ kind: 'progress', number, value }));
  const extend = newestTold((ms) => ({ kind: 'extend', number, ms }));
  const attempt = runOrder(order, tools, {
    onProgress: (value) => progress.put(value),
    onExtend: (ms) => extend.put(ms),
  });
  running.set(number, attempt);
  if (attempt.pid !== undefined) tell({ kind: 'pid', number, pid: attempt.pid });
  void attempt.done.then((outcome) => {
    running.delete(number);
    tell({ kind: 'done', number, outcome });
  });
}

process.on('message', (message: ToLauncher) => {
  if (message.kind === 'start') start(message);
  else running.get(message.number)?.kill(message.reason, message.now ? 'now' : undefined);
});
tell({ kind: 'ready' });
// Who asks every process of a service to end has asked the runner, which waits for its jobs.
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
// What still runs is found by the next runner, as when the children were its own.
process.on('disconnect', () => process.exit(0));
