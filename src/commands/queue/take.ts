import { TokenSource } from '../../base/token.ts';
import type { TakenJob } from '../../queue/run/operations.ts';
import type { CommandContext } from '../context.ts';
import { storeOfQueue } from '../store-path.ts';
import { onQueue, type WriterOptions } from '../writer.ts';

export interface TakeOptions extends WriterOptions {
  count: number;
  leaseMs: number;
  names?: readonly string[];
  /** How long to wait for a first job. */
  waitMs: number;
}

/** Between two looks when no runner tells of new jobs; the lock is free meanwhile. */
const pollMs = 200;

/**
 * Leases jobs to whoever asked. Tokens are made here, before anything is sent: when an answer is lost, the same tokens
 * stand for the same jobs. Through a runner one request waits; without one the store is looked at again and again.
 * Throws what `onQueue` throws.
 */
export async function takeJobs(context: CommandContext, options: TakeOptions): Promise<TakenJob[]> {
  const { env, signal } = context;
  const { count, leaseMs, names, waitMs, lockTimeoutMs, pid } = options;
  const source = new TokenSource(env.random);
  const tokens = Array.from({ length: count }, () => source.next());
  const until = env.clock.monotonic() + waitMs;
  const writer = { lockTimeoutMs, pid, command: 'walq queue take' };
  const request = { tokens, leaseMs, ...(names !== undefined && { names }) };
  for (;;) {
    const startedAt = env.clock.monotonic();
    const leftMs = Math.max(0, Math.floor(until - startedAt));
    const { jobs } = await onQueue(context, await storeOfQueue(context), writer, (ops) =>
      ops.call('take', { ...request, waitMs: leftMs }),
    );
    const now = env.clock.monotonic();
    if (jobs.length > 0 || now >= until || signal.aborted) return jobs;
    // A large store takes a while to open: others must have the lock at least as long as this one.
    await env.clock.sleep(Math.min(until - now, Math.max(pollMs, now - startedAt)));
  }
}
