import { existsSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import { type Ran, scratch, walq } from '../../cli/run-walq.ts';
import { documentOf, startRunner } from '../run/queue-cli.ts';

/** The ways a command has to a queue. The answer must be the same whichever it goes. */
export const ways = ['under the lock', 'through a runner'] as const;
export type Way = (typeof ways)[number];

/** A store, and a shell to type queue commands into. */
export interface Shell {
  store: string;
  /** `walq --store STORE queue ARGS`. */
  queue(...args: string[]): Promise<Ran>;
  /** The same with something on standard input. */
  feed(input: string | Uint8Array, ...args: string[]): Promise<Ran>;
  /** Its stdout; fails unless it exits with 0. */
  ok(...args: string[]): Promise<string>;
  /** Its document with --json. */
  json(...args: string[]): Promise<Record<string, unknown>>;
  /** Events of the log in text form, without seqs. */
  log(): Promise<string[]>;
}

/**
 * A new store. The runner has no handler for jobs without a command, so they wait as they do without one; it does what
 * other shells ask of it.
 */
export async function shellOn(way: Way): Promise<Shell> {
  const store = `${scratch()}/store`;
  const shell = shellAt(store);
  if (way === 'through a runner') await startRunner(store, ['--commands']).says('ready');
  onTestFinished(async () => {
    if (!existsSync(store)) return;
    const verified = await walq(['wal', 'verify', store]);
    expect(verified.code, verified.stdout + verified.stderr).toBe(0);
  });
  return shell;
}

export function shellAt(store: string): Shell {
  const run = (args: readonly string[], input?: string | Uint8Array): Promise<Ran> =>
    walq(['--store', store, 'queue', ...args], input === undefined ? {} : { input });
  return {
    store,
    queue: (...args) => run(args),
    feed: (input, ...args) => run(args, input),
    async ok(...args) {
      const ran = await run(args);
      expect(ran.code, `${args.join(' ')}: ${ran.stdout}${ran.stderr}`).toBe(0);
      return ran.stdout;
    },
    json: async (...args) => documentOf((await run([...args, '--json'])).stdout),
    async log() {
      const ran = await walq(['wal', 'inspect', store]);
      return ran.stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.replace(/^\[seq=\d+\] /, ''));
    },
  };
}

/** State of each job, from the log. */
export async function statesOf(store: string): Promise<Record<string, string>> {
  const ran = await walq(['wal', 'replay', store, '-o', 'document']);
  const { Jobs: jobs } = JSON.parse(ran.stdout) as { Jobs: Record<string, { Status: string }> };
  return Object.fromEntries(Object.entries(jobs).map(([id, job]) => [id, job.Status]));
}
