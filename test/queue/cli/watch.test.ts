import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { binary } from '../../cli/run-walq.ts';
import { startRunner } from '../run/queue-cli.ts';
import { enqueue } from '../support/machines.ts';
import { storeOf } from './store-of.ts';

interface Watching {
  /** All that was written so far. */
  output(): string;
  /** Waits until the output holds this. */
  shows(text: string | RegExp): Promise<void>;
  type(keys: string): void;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<number | null>;
}

function watching(command: string, args: readonly string[]): Watching {
  const child = spawn(command, args, {
    stdio: 'pipe',
    env: { PATH: process.env.PATH ?? '', TZ: 'UTC', TERM: 'xterm' },
  });
  let text = '';
  const looks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const look of looks) look();
    });
  }
  const ended = once(child, 'close').then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    output: () => text,
    ended,
    type: (keys) => child.stdin.write(keys),
    kill: (signal) => child.kill(signal),
    shows: (what) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (typeof what === 'string' ? !text.includes(what) : !what.test(text)) return;
          looks.delete(look);
          resolve();
        };
        looks.add(look);
        look();
        void ended.then(() => reject(new Error(`it ended without showing ${what}:\n${text}`)));
      }),
  };
}

/** On a terminal of its own, as script(1) makes one. */
function onTerminal(store: string): Watching {
  const line = `stty rows 24 cols 80; exec "${process.execPath}" "${binary}" --store "${store}" queue watch`;
  const isBsd = process.platform === 'darwin';
  return watching('script', isBsd ? ['-q', '/dev/null', 'sh', '-c', line] : ['-qec', line, '/dev/null']);
}

const entered = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const left = '\u001b[?7h\u001b[?25h\u001b[?1049l';

test('on a terminal it takes the screen, shows what comes, and gives the screen back at q', async () => {
  const store = await storeOf([enqueue('a'), enqueue('b')]);
  const watch = onTerminal(store);
  await watch.shows('q or Ctrl-C ends');
  expect(watch.output()).toContain(entered);
  const runner = startRunner(store, ['--exec', 'true']);
  await runner.says('ready');
  await watch.shows('ACK b');
  watch.type('q');
  expect(await watch.ended).toBe(0);
  expect(watch.output().endsWith(left)).toBe(true);
});

test('Ctrl-C gives the screen back too', async () => {
  const watch = onTerminal(await storeOf([enqueue('a')]));
  await watch.shows('q or Ctrl-C ends');
  watch.type('\u0003');
  expect(await watch.ended).toBe(0);
  expect(watch.output().endsWith(left)).toBe(true);
});

test('in a pipe it writes a line at once and one whenever something has changed, without a control character', async () => {
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
