import { readdirSync, writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { scratch, walq } from '../../cli/run-walq.ts';
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

test.each([
  ['Ctrl-C ends it', '\u0003', 130, /\[y\/N\] \n$/],
  ['the end of the input is a no', '\u0004', 7, /\[y\/N\] \nerror: nothing was changed \[E_UNCONFIRMED\]\n/],
  ['anything but a yes is a no', 'n\r', 7, /\[y\/N\] n\nerror: nothing was changed \[E_UNCONFIRMED\]\n/],
  ['a yes is one', 'y\r', 0, /\[y\/N\] y\n1 job removed\n$/],
])('a question before jobs are forgotten: %s', async (_, keys, code, told) => {
  const store = await storeOf([enqueue('a')]);
  const asked = onTerminal(['queue', 'rm', '--all', '--store', store, '--color', 'never']);
  await asked.shows('[y/N] ');
  asked.type(keys);
  expect(await asked.ended).toBe(code);
  expect(plain(asked.output())).toMatch(told);
});

test('the load of the demo, which is killed at work, draws nothing', async () => {
  const load = onTerminal(['demo', '--load', `${scratch()}/load`, '--jobs', '5000000', '--snapshot-every', '0']);
  await load.shows(/^\d+\r\n/);
  await longEnough();
  expect(plain(load.output())).toMatch(/^(\d+\n)+$/);
});

/** Without what moves the cursor: an editor of lines draws its line anew. */
function plain(output: string): string {
  return stripVTControlCharacters(output).replaceAll('\r', '');
}

test('the end of a line that falls between two pieces of a log is one', async () => {
  const store = await storeOf([enqueue('a')]);
  await walq(['queue', 'run', '--store', store, '--exec', 'echo', '--drain']);
  const [file = ''] = readdirSync(`${store}/logs`, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.log$/.test(name),
  );
  writeFileSync(`${store}/logs/${file}`, `${'x'.repeat(64 * 1024 - 1)}\r\nlast\r\n`);
  const logs = onTerminal(['queue', 'logs', 'a', '--store', store]);
  expect(await logs.ended).toBe(0);
  expect(logs.output().slice(-12)).toBe('xxxx\r\nlast\r\n');
});
