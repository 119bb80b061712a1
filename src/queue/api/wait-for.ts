import type { QueueEngine } from '../engine.ts';
import { unknownJob } from '../ops/engine-checks.ts';
import { WakeUp } from '../run/wake-up.ts';
import type { Job } from '../state/job.ts';

type EndedJob = Extract<Job, { state: 'completed' | 'dead' }>;

/**
 * Resolves once all these jobs are completed or dead. Rejects with E_JOB_UNKNOWN for one that is not there, also when
 * it is removed meanwhile, and with the reason of `signal`.
 */
export async function waitForJobs(
  engine: QueueEngine,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<EndedJob[]> {
  const ended = new Map<string, EndedJob>();
  const wakeUp = new WakeUp();
  const left = new Set(ids);
  const wake = () => wakeUp.wake();
  const unlisten = engine.onCommit((events) => {
    if (events.some((event) => event.type === 'PRUNE' || left.has(event.id))) wake();
  });
  signal.addEventListener('abort', wake);
  try {
    for (;;) {
      const { version } = wakeUp;
      signal.throwIfAborted();
      for (const id of left) {
        const job = engine.machine.get(id);
        if (job === undefined) throw unknownJob(id);
        if (job.state !== 'completed' && job.state !== 'dead') continue;
        ended.set(id, job);
        left.delete(id);
      }
      if (left.size === 0) return ids.flatMap((id) => ended.get(id) ?? []);
      await wakeUp.sleep(version);
    }
  } finally {
    unlisten();
    signal.removeEventListener('abort', wake);
  }
}
