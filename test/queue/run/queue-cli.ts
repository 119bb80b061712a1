import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { binary } from '../../cli/run-walq.ts';

/** A `queue run` that goes on while the test does other things. Killed at the end of the test, whatever happens. */
export interface LiveRunner {
  child: ChildProcess;
  stderr(): string;
  /** Waits until stderr holds this text. */
  says(text: string | RegExp, count?: number): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

type Variables = Readonly<Record<string, string>>;

export function startRunner(store: string, args: readonly string[], variables: Variables = {}): LiveRunner {
  const child = spawn(process.execPath, [binary, '--store', store, 'queue', 'run', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH ?? '', TZ: 'UTC', ...variables },
  });
  let text = '';
  const listeners = new Set<() => void>();
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (const listener of listeners) listener();
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    child,
    ended,
    stderr: () => text,
    says: (what, count = 1) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = typeof what === 'string' ? text.split(what).length - 1 : [...text.matchAll(what)].length;
          if (found < count) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
        void ended.then(() => reject(new Error(`the runner ended without saying ${what}:\n${text}`)));
      }),
    kill: async (signal) => {
      child.kill(signal);
      return await ended;
    },
  };
}

/** The document of a `--json` command. */
export function documentOf(stdout: string): Record<string, unknown> {
  const document: unknown = JSON.parse(stdout);
  if (typeof document !== 'object' || document === null) throw new Error(`no document: ${stdout}`);
  return document as Record<string, unknown>;
}
