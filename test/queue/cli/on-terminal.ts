import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { binary } from '../../cli/run-walq.ts';

export interface Watching {
  /** All that was written so far. */
  output(): string;
  /** Waits until the output holds this. */
  shows(text: string | RegExp): Promise<void>;
  type(keys: string): void;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<number | null>;
}

export function watching(command: string, args: readonly string[]): Watching {
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
export function onTerminal(args: readonly string[]): Watching {
  const line = `stty rows 24 cols 80; exec ${[process.execPath, binary, ...args].map((arg) => `'${arg}'`).join(' ')}`;
  const isBsd = process.platform === 'darwin';
  return watching('script', isBsd ? ['-q', '/dev/null', 'sh', '-c', line] : ['-qec', line, '/dev/null']);
}
