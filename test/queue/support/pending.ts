import type { PendingJob } from '../../../src/queue/state/job.ts';

const nothing = { key: undefined, keyUntil: undefined, parents: undefined, waitingFor: undefined, slot: undefined };

/** A pending job for what looks at its order alone. */
export function pending(
  seq: number,
  more: {
    runAt?: number;
    priority?: number;
    command?: readonly string[];
    group?: string;
    name?: string;
    expiresAt?: number;
    setback?: PendingJob['setback'];
  } = {},
): PendingJob {
  const { runAt = 0, priority = 0, command, group = '', name = 'n', expiresAt, setback } = more;
  return {
    state: 'pending',
    id: `j${seq}`,
    seq,
    options: { name, priority, maxAttempts: 1, timeoutMs: 0, backoff: 'none', command, group },
    payload: undefined,
    createdAt: 0,
    from: undefined,
    attempt: 0,
    crashes: 0,
    setback,
    special: expiresAt === undefined ? undefined : { ...nothing, expiresAt },
    runAt,
    timedOut: false,
  };
}
