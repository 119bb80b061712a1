import { onTestFinished } from 'vitest';
import { nextFor } from '../../../src/commands/explain/next.ts';
import { reasonOf } from '../../../src/commands/explain/reason.ts';
import { showJob } from '../../../src/commands/explain/view.ts';
import { DeadError } from '../../../src/index.ts';
import { contextOf } from '../../support/command-context.ts';
import { newQueue } from '../api/helpers.ts';

type Dir = { dir: string };

/** Why a job is where it is, times left out, and the command that is named for it, the store left out. */
export async function why({ dir }: Dir, id = 'j'): Promise<[kind: string, text: string, next: string | undefined]> {
  const view = await showJob(contextOf(dir), id);
  const reason = reasonOf(view);
  const flag = `walq --store ${dir} queue `;
  const next = nextFor(view, reason)?.command;
  // Times differ from run to run.
  const text = reason.text.replace(/\d{4}-\d\d-\d\dT\S+Z/g, 'T').replace(/\((in )?[\d.]+\w+( ago)?\)/g, '($1D$2)');
  return [reason.kind, text, next?.startsWith(flag) ? next.slice(flag.length) : next];
}

/** Jobs named `slow` run until the test ends; `fail` fails, `bad` dies at once. */
export const handlers = {
  slow: (_job: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
  fail: () => Promise.reject(new Error('no route to host')),
  bad: () => Promise.reject(new DeadError('no such user')),
  ok: () => Promise.resolve(),
};

/** A queue with workers; what runs at the end is aborted at once. */
export async function atWork(concurrency: number, options: Parameters<typeof newQueue>[0] = {}, only = handlers) {
  const queue = await newQueue(options);
  const worker = queue.work(only, { concurrency, grace: 1, killAfter: 1 });
  onTestFinished(async () => {
    await worker.stop().catch(() => undefined);
  });
  return { ...queue, queue, dir: queue.dir, worker };
}

/** Waits until the queue has come so far. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}

export const inFlight = (queue: { counts(): { in_flight: number } }, count: number) =>
  until(() => queue.counts().in_flight === count);
