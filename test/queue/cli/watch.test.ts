import { expect, test } from 'vitest';
import { binary } from '../../cli/run-walq.ts';
import { startRunner } from '../run/queue-cli.ts';
import { enqueue } from '../support/machines.ts';
import { onTerminal, watching } from './on-terminal.ts';
import { storeOf } from './store-of.ts';

const entered = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const left = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const cursorShown = '\u001b[?25h';

/** The last thing written. Where a slow start had shown how far it was, the cursor is shown once more at the end. */
function isGivenBack(output: string): boolean {
  return output.endsWith(left) || output.endsWith(left + cursorShown);
}

test('on a terminal it takes the screen, shows what comes, and gives the screen back at q', async () => {
  const store = await storeOf([enqueue('a'), enqueue('b')]);
  const watch = onTerminal(['queue', 'watch', '--store', store]);
  await watch.shows('q or Ctrl-C ends');
  expect(watch.output()).toContain(entered);
  const runner = startRunner(store, ['--exec', 'true']);
  await runner.says('ready');
  await watch.shows('ACK b');
  watch.type('q');
  expect(await watch.ended).toBe(0);
  expect(watch.output()).toSatisfy(isGivenBack);
});

test('Ctrl-C gives the screen back too', async () => {
  const watch = onTerminal(['queue', 'watch', '--store', await storeOf([enqueue('a')])]);
  await watch.shows('q or Ctrl-C ends');
  watch.type('\u0003');
  expect(await watch.ended).toBe(0);
  expect(watch.output()).toSatisfy(isGivenBack);
});

test('in a pipe it writes a line at once and one at each change, and no control character', async () => {
  const store = await storeOf([enqueue('a'), enqueue('b')]);
  const args = [binary, '--store', store, 'queue', 'watch'];
  const text = watching(process.execPath, args);
  const lines = watching(process.execPath, [...args, '-o', 'ndjson']);
  await text.shows(/^\S+Z seq=2 ready=2 running=0 completed=0 dead=0 runner=none\n/);
  await lines.shows('"kind":"queue.watch"');
  const runner = startRunner(store, ['--exec', 'true']);
  await text.shows(/ completed=2 dead=0 runner=\d+\n/);
  await lines.shows('"completed":2');
  await runner.kill('SIGTERM');
  await text.shows(/ completed=2 dead=0 runner=none\n/);
  text.kill('SIGINT');
  expect(await text.ended).toBe(130);
  expect(text.output()).not.toContain('\u001b');
});
