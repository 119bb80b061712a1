import type { AttemptRef, FailAnswer } from '../engine-types.ts';
import type { DeadEvent, RetryEvent, TimeoutEvent } from '../events/event-types.ts';
import type { InFlightJob } from '../state/job.ts';
import { jobsPerFrame } from './bulk.ts';
import { deathOfChildren, withDescendants } from './cascade.ts';
import type { EngineContext } from './context.ts';
import { attemptOf, current } from './engine-checks.ts';
import { type Failure, judgeCrash, judgeFailure } from './policy.ts';

/** RETRY with backoff or DEAD, as the policy decides. E_ATTEMPT_OVER as in `ack`. */
export async function fail(engine: EngineContext, ref: AttemptRef, failure: Failure): Promise<FailAnswer> {
  return await decide(engine, ref, (job, at) => ({ event: judgeFailure(job, failure, at, engine.random) }));
}

/** The attempt ran into its timeout: TIMEOUT and what follows, in one frame. E_ATTEMPT_OVER as in `ack`. */
export async function timeout(
  engine: EngineContext,
  ref: AttemptRef,
  failure: Omit<Failure, 'reason'>,
): Promise<FailAnswer> {
  return await decide(engine, ref, (job, at) => ({
    before: { type: 'TIMEOUT', id: job.id, at },
    event: judgeFailure(job, { ...failure, reason: 'timeout' }, at, engine.random),
  }));
}

/** The job goes back, its attempt does not count. E_ATTEMPT_OVER as in `ack`. */
export async function giveBack(
  engine: EngineContext,
  ref: AttemptRef,
  why: { reason: string; error?: string; delayMs?: number },
): Promise<FailAnswer> {
  return await decide(engine, ref, (job, at) => {
    const { reason, error, delayMs = 0 } = why;
    if (job.cancelledAt !== undefined) return { event: judgeFailure(job, { error }, at, engine.random) };
    const runAt = at + delayMs;
    return { event: { type: 'RETRY', id: job.id, at, runAt, reason, error, refund: true, reset: false } };
  });
}

/**
 * The holder of a lease is taken for dead, which counts as a failed attempt. False when the attempt is over already, or
 * the lease was extended at the last moment.
 */
export async function endLease(engine: EngineContext, ref: AttemptRef): Promise<boolean> {
  return await engine.reserved.holdPlanned(
    () => withDescendants(engine, [ref.id]),
    async () => {
      const job = attemptOf(engine.machine.get(ref.id), ref);
      const at = engine.now();
      if (job?.owner.kind !== 'lease' || job.owner.deadlineMs > at) return false;
      const error = 'the lease ran out before anybody acknowledged, failed or extended it';
      const event = judgeFailure(job, { reason: 'lease', error }, at, engine.random);
      // Unlike an outcome it waits for no room on a full disk: it is due again.
      await engine.commits.append([event, ...deathOfChildren(engine, [event], at)]);
      return true;
    },
  );
}

/**
 * Jobs in flight whose runner is not this one: it is dead, because a store has one writer. Leases are not among them.
 */
export function abandoned(engine: EngineContext): InFlightJob[] {
  const own = engine.log.epoch;
  return [...engine.machine.inFlight()].filter(
    ({ owner }) => owner.kind === 'unknown' || (owner.kind === 'runner' && owner.epoch !== own),
  );
}

/**
 * What a new runner does once the children of dead ones are dealt with: their jobs become pending again (reason
 * 'crash', attempt given back), or dead after too many crashes or when cancelled. `epochs` limits it to some runners.
 */
export async function reclaim(engine: EngineContext, epochs?: ReadonlySet<number>): Promise<FailAnswer[]> {
  const chosen = abandoned(engine).filter(
    ({ owner }) => epochs === undefined || (owner.kind === 'runner' && epochs.has(owner.epoch)),
  );
  const answers: Promise<FailAnswer[]>[] = [];
  for (let from = 0; from < chosen.length; from += jobsPerFrame) {
    answers.push(reclaimSome(engine, chosen.slice(from, from + jobsPerFrame)));
  }
  return (await Promise.all(answers)).flat();
}

async function reclaimSome(engine: EngineContext, jobs: readonly InFlightJob[]): Promise<FailAnswer[]> {
  const ids = jobs.map((job) => job.id);
  return await engine.reserved.holdPlanned(
    () => withDescendants(engine, ids),
    async () => {
      const at = engine.now();
      // Another object may stand for the same attempt by now: cancelled, it is abandoned all the same.
      const still = jobs.flatMap((job) => attemptOf(engine.machine.get(job.id), job) ?? []);
      if (still.length === 0) return [];
      const events = still.map((job) => judgeCrash(job, at, engine.options.crashesMax));
      const seqFirst = await engine.commits.append([...events, ...deathOfChildren(engine, events, at)]);
      return events.map((event, index) => failAnswer(event, seqFirst + index));
    },
  );
}

interface Decision {
  before?: TimeoutEvent;
  event: RetryEvent | DeadEvent;
}

async function decide(
  engine: EngineContext,
  ref: AttemptRef,
  judge: (job: InFlightJob, at: number) => Decision,
): Promise<FailAnswer> {
  return await engine.reserved.holdPlanned(
    () => withDescendants(engine, [ref.id]),
    async () => {
      const job = current(engine.machine.get(ref.id), ref);
      const at = engine.now();
      const { before, event } = judge(job, at);
      const events = before === undefined ? [event] : [before, event];
      const seq = await engine.commits.appendOutcome([...events, ...deathOfChildren(engine, [event], at)]);
      return failAnswer(event, seq + events.length - 1);
    },
  );
}

function failAnswer(event: RetryEvent | DeadEvent, seq: number): FailAnswer {
  return event.type === 'RETRY'
    ? { verdict: 'retry', seq, runAt: event.runAt, reason: event.reason }
    : { verdict: 'dead', seq, reason: event.reason };
}
