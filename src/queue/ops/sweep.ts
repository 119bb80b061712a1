import type { SweepAnswer } from '../engine-types.ts';
import type { DeadEvent, EnqueueEvent } from '../events/event-types.ts';
import type { Packed } from '../events/packed.ts';
import type { InFlightJob } from '../state/job.ts';
import type { Schedule } from '../state/settings.ts';
import { dueSlots } from '../state/slots.ts';
import { jobsPerFrame } from './bulk.ts';
import { deathOfChildren, withDescendants } from './cascade.ts';
import { type EngineContext, reservedSchedule } from './context.ts';
import { endLease } from './fail.ts';
import type { Retention } from './retention.ts';

/**
 * What is due by the clock and not by an operation: jobs that nobody began in time, leases that ran out, schedules,
 * retention. Whoever works on the queue calls it; opening a store does not.
 */

const payloadBytesPerFrame = 16 * 1024 * 1024;

export async function sweep(engine: EngineContext, retention: Retention, upSinceMs: number): Promise<SweepAnswer> {
  return {
    expired: await expire(engine),
    leases: await endLeases(engine),
    scheduled: await fire(engine, upSinceMs),
    pruned: await retention.portion(),
  };
}

/** Answers how many jobs died of it, children included. */
export async function expire(engine: EngineContext): Promise<number> {
  let died = 0;
  for (;;) {
    const ids = engine.machine.ready.expired(engine.now(), jobsPerFrame).map((job) => job.id);
    if (ids.length === 0) return died;
    died += await engine.reserved.holdPlanned(
      () => withDescendants(engine, ids),
      async () => {
        const at = engine.now();
        const still = ids.filter((id) => {
          const job = engine.machine.get(id);
          return job?.state === 'pending' && (job.special?.expiresAt ?? at + 1) <= at;
        });
        if (still.length === 0) return 0;
        const events = still.map((id): DeadEvent => ({ type: 'DEAD', id, at, reason: 'expired', error: undefined }));
        const expired = new Set(still);
        const children = deathOfChildren(engine, events, at).filter(({ id }) => !expired.has(id));
        await engine.commits.append([...events, ...children]);
        return events.length + children.length;
      },
    );
  }
}

/** Answers how many leases it ended. */
async function endLeases(engine: EngineContext): Promise<number> {
  const now = engine.now();
  const over = [...engine.machine.leases()].filter((job) => deadlineOf(job) <= now);
  const ended = await Promise.all(over.map(async (job) => await endLease(engine, job)));
  return ended.filter((done) => done).length;
}

function deadlineOf({ owner }: InFlightJob): number {
  return owner.kind === 'lease' ? owner.deadlineMs : Number.POSITIVE_INFINITY;
}

async function fire(engine: EngineContext, upSinceMs: number): Promise<number> {
  let made = 0;
  for (const { id } of engine.machine.settings.schedules) {
    made += await engine.reserved.hold([reservedSchedule(id)], async () => {
      const schedule = engine.machine.settings.schedule(id);
      const at = engine.now();
      if (schedule === undefined) return 0;
      const { slots, leftOut } = dueSlots(schedule, at, upSinceMs, slotsPerFrame(schedule));
      if (slots.length === 0) return 0;
      const events = slots.map((slot) => jobOfSlot(engine, schedule, slot, at));
      const ids = events.map((event) => event.id);
      return await engine.reserved.hold(ids, async () => {
        await engine.commits.append(events);
        if (leftOut !== undefined) engine.onLeftOut?.({ schedule: id, ...leftOut });
        return events.length;
      });
    });
  }
  return made;
}

function slotsPerFrame({ template: { payload } }: Schedule): number {
  return Math.max(1, Math.min(jobsPerFrame, Math.floor(payloadBytesPerFrame / (payload?.length ?? 1))));
}

/** The job's id says which slot made it, so nobody has to look twice. */
function jobOfSlot(engine: EngineContext, schedule: Schedule, slot: number, at: number): EnqueueEvent<Packed> {
  const { template, expiresAfterMs } = schedule;
  let id = `${schedule.id}@${new Date(slot).toISOString()}`;
  while (engine.machine.get(id) !== undefined || engine.reserved.isHeld(id)) id += '+';
  return {
    type: 'ENQUEUE',
    id,
    at,
    ...template,
    runAt: at,
    ...(expiresAfterMs > 0 && { expiresAt: Math.max(at, slot + expiresAfterMs) }),
    slot: { schedule: schedule.id, at: slot },
  };
}
