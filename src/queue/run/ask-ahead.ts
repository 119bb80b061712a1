import type { QueueEngine } from '../engine.ts';
import type { DispatchRequest } from '../engine-types.ts';
import type { InFlightJob } from '../state/job.ts';

/**
 * Asks for the next job before the ACK of this one is on disk: both share a frame, and a worker waits for the disk once
 * per job and not twice. Undefined when the ACK lets other jobs go that may come first, or when the clock has made
 * something due that must be looked at before. The ACK is on its way already; `now` in ms since the epoch.
 */
export function askAhead(
  engine: QueueEngine,
  job: InFlightJob,
  request: DispatchRequest,
  now: number,
): Promise<InFlightJob | undefined> | undefined {
  if (job.options.group !== '' || engine.machine.family.hasChildren(job.id)) return undefined;
  if ((engine.sweepAt() ?? now + 1) <= now) return undefined;
  const next = engine.dispatch(request);
  // Whoever waits for it hears of a failure, but waits for the ACK first.
  next.catch(() => undefined);
  return next;
}
