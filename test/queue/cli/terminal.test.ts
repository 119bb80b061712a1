import { expect, test } from 'vitest';
import { walq } from '../../cli/run-walq.ts';
import { startRunner } from '../run/queue-cli.ts';
import { enqueue } from '../support/machines.ts';
import { onTerminal } from './on-terminal.ts';
import { storeOf } from './store-of.ts';

/** What stays at work, or waits, on a terminal: files are read and written all the time, and that is no progress. */

/** Longer than a command works in silence before it says how far it is. */
const longEnough = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1600));
const progressLine = /\d [KMG]?i?B\/s/;

test('a runner shows what becomes of jobs, and nothing else', async () => {
  const store = await storeOf([enqueue('a')]);
  const run = onTerminal(['queue', 'run', '--store', store, '--exec', 'sleep 0.1', '--drain', '-j', '1']);
  await run.shows('ready');
  for (let n = 0; n < 12; n++) await walq(['queue', 'enqueue', 'x', '--store', store, '--id', `more-${n}`]);
  expect(await run.ended).toBe(0);
  expect(run.output()).toContain('completed');
  expect(run.output()).not.toMatch(progressLine);
});

test('who follows events, waits for a job, or for one to do, sees no progress line either', async () => {
  const store = await storeOf([enqueue('a')]);
  const waits = [
    onTerminal(['queue', 'events', '-f', '--store', store]),
    onTerminal(['queue', 'wait', 'a', '--store', store]),
    onTerminal(['queue', 'watch', '--store', store]),
    onTerminal(['queue', 'take', '--wait', '1h', '--name', 'other', '--store', store]),
  ];
  await waits[2]?.shows('q or Ctrl-C ends');
  for (let n = 0; n < 4; n++) await walq(['queue', 'enqueue', 'x', '--store', store, '--id', `more-${n}`]);
  await longEnough();
  const runner = startRunner(store, ['--exec', 'true']);
  await runner.says('ready');
  await waits[1]?.ended;
  await waits[0]?.shows('ACK');
  for (const wait of waits) expect(wait.output()).not.toMatch(progressLine);
  // A note has a line of its own.
  const told = waits[1]?.output() ?? '';
  expect(told).toContain('note:');
  expect(told.slice(0, told.indexOf('note:'))).not.toMatch(/in flight[^\r\n]*$/);
});
