import type { PruneRequest, SweepAnswer } from '../../../src/queue/engine-types.ts';
import type { Frame } from './disk.ts';
import { fitsInAnyOrder } from './fits.ts';
import { type History, timeOf } from './history.ts';
import { type Expected, judged, withChildren } from './operations.ts';
import type { Job, State } from './state.ts';
import type { Op, World } from './world.ts';

/** Rules of the operations that write as many frames as they need: reclaim, prune, sweep; and expiry. */

/** Jobs that nobody began in time, and those that waited for them. */
export function checkExpiry(history: History, frame: Frame): void {
  const before = history.before(frame);
  const at = timeOf(frame.events);
  const seeds = frame.events.filter((event) => event.type === 'DEAD' && event.reason === 'expired');
  for (const { id } of seeds) {
    const job = before.jobs.get(id);
    if (job?.phase !== 'waits' || (job.expiresAt ?? at + 1) > at) throw new Error(`${id} has not expired`);
  }
  expectFrame(
    frame,
    withChildren(
      before,
      seeds.map(({ id }) => ({ type: 'DEAD', id, reason: 'expired' })),
    ),
  );
}

export function checkReclaim(world: World, history: History, op: Op, frame: Frame): void {
  const before = history.before(frame);
  const at = timeOf(frame.events);
  const seeds = frame.events.filter((event) => event.type !== 'DEAD' || event.reason !== 'parent');
  const expected = seeds.map(({ id }): Expected => {
    const job = before.jobs.get(id);
    if (job === undefined || !abandoned(job, op)) throw new Error(`${id} is not of a dead runner`);
    if (job.marked) return { type: 'DEAD', id, reason: 'cancelled' };
    if (job.crashes + 1 >= (world.options.crashesMax ?? 3)) return { type: 'DEAD', id, reason: 'crashes' };
    return { type: 'RETRY', id, reason: 'crash', refund: true, reset: false, runAt: at };
  });
  expectFrame(frame, withChildren(before, expected));
}

/** Whatever a dead runner had when this was asked, it has not any more. */
export function checkReclaimed(history: History, op: Op): void {
  for (const job of history.at(op.seq).jobs.values()) {
    const now = history.at(op.seqEnd).jobs.get(job.id);
    if (abandoned(job, op) && now?.phase === 'works' && now.dispatchSeq === job.dispatchSeq)
      throw new Error(`${job.id} is still with a dead runner`);
  }
}

function abandoned({ phase, owner }: Job, { epoch }: Op): boolean {
  return phase === 'works' && owner?.kind === 'runner' && owner.epoch !== epoch;
}

/** Jobs that such a request forgets. */
export function prunable(state: State, at: number, { ids, keep, endedBefore, states }: PruneRequest): Set<string> {
  if (ids !== undefined) return new Set(ids.filter((id) => state.jobs.has(id)));
  const which = new Set<string>((states ?? ['completed']).map((one) => (one === 'completed' ? 'done' : one)));
  const over = [...state.jobs.values()].filter(({ phase }) => which.has(phase)).sort((a, b) => b.endSeq - a.endSeq);
  const old = over.filter(({ endedAt }, place) => (keep === undefined ? endedAt < (endedBefore ?? 0) : place >= keep));
  return new Set(old.filter(({ keyUntil }) => keyUntil <= at).map(({ id }) => id));
}

/**
 * Nothing but what was to be forgotten at some moment while it was under way, and all that was so from its beginning to
 * its end.
 */
export function checkPruned(history: History, op: Op, request: PruneRequest, frame: Frame): void {
  const pruned = gone(history, frame);
  const seen = history.states.slice(op.seq, frame.seqFirst);
  const moments = history.times(op, frame.tick).flatMap((at) => seen.map((state) => prunable(state, at, request)));
  if (!moments.some((then) => pruned.every((id) => then.has(id)))) throw new Error('forgot what was not asked for');
  const [first] = moments;
  const left = [...(first ?? [])].filter((id) => moments.every((then) => then.has(id)) && !pruned.includes(id));
  if (left.length > 0) throw new Error(`did not forget ${left.join()}`);
}

export function gone(history: History, frame: Frame): string[] {
  const left = history.after(frame).jobs;
  return [...history.before(frame).jobs.keys()].filter((id) => !left.has(id));
}

/** The frames of one sweep, and its answer. */
export function checkSweepFrame(history: History, op: Op, upSinceMs: number, frame: Frame): void {
  const [first] = frame.events;
  const before = history.before(frame);
  const at = timeOf(frame.events);
  if (first?.type === 'ENQUEUE') checkSlots(before, at, upSinceMs, frame);
  else if (first?.type === 'DEAD' && first.reason === 'expired') checkExpiry(history, frame);
  else if (first?.type === 'PRUNE') checkRetention(history, op, frame);
  else {
    const job = before.jobs.get(first?.id ?? '');
    const owner = job?.phase === 'works' ? job.owner : undefined;
    if (job === undefined || owner?.kind !== 'lease' || owner.deadlineMs > at) throw new Error('the lease is not over');
    expectFrame(frame, withChildren(before, [judged(job, at, undefined, undefined, 'lease')]));
  }
}

/** The limits of retention, as they were at some moment of the sweep, forgot these jobs and no others. */
function checkRetention(history: History, op: Op, frame: Frame): void {
  const at = timeOf(frame.events);
  const states = ['completed', 'dead'] as const;
  const allowed = new Set<string>();
  for (const state of history.states.slice(op.seq, frame.seqFirst)) {
    const { keepMs, keepCount } = state.limits.get('') ?? {};
    for (const time of history.times(op, frame.tick)) {
      const old = keepMs === undefined ? [] : prunable(state, at, { endedBefore: time - keepMs, states });
      const many = keepCount === undefined ? [] : prunable(state, at, { keep: keepCount, states });
      for (const id of [...old, ...many]) allowed.add(id);
    }
  }
  if (gone(history, frame).some((id) => !allowed.has(id))) throw new Error('retention forgot too much');
}

function checkSlots(before: State, at: number, upSinceMs: number, frame: Frame): void {
  const slots = frame.events.map((event) => (event.type === 'ENQUEUE' ? event.slot : undefined));
  const schedule = before.schedules.get(slots[0]?.schedule ?? '');
  if (schedule === undefined) throw new Error('fired without a schedule');
  const { event, everyMs, last, missed } = schedule;
  const due: number[] = [];
  for (let slot = event.at + everyMs; slot <= at; slot += everyMs) if (slot > last) due.push(slot);
  const expected = missed === 'all' ? due : due.slice(-1);
  const skipped = missed === 'skip' && (expected[0] ?? 0) <= upSinceMs;
  const fired = slots.map((slot) => (slot?.schedule === event.id ? slot.at : undefined));
  if (skipped || fired.join() !== expected.join())
    throw new Error(`slots ${fired.join()}, due were ${expected.join()}`);
}

/** What was due when this was asked is done. */
export function checkSwept(history: History, op: Op, frames: readonly Frame[]): void {
  const { jobs, schedules } = history.at(op.seq);
  const now = history.at(op.seqEnd);
  const time = Math.min(...history.times(op, op.tickEnd));
  for (const job of jobs.values()) {
    const later = now.jobs.get(job.id);
    if (job.phase === 'waits' && job.expiresAt !== undefined && job.expiresAt <= time && later?.phase === 'waits')
      if (later.expiresAt === job.expiresAt && later.seq === job.seq) throw new Error(`${job.id} has expired`);
    const lease = job.phase === 'works' && job.owner?.kind === 'lease' ? job.owner : undefined;
    if (lease && lease.deadlineMs <= time && later?.phase === 'works' && later.dispatchSeq === job.dispatchSeq)
      if (later.owner?.kind === 'lease' && later.owner.deadlineMs <= time)
        throw new Error(`${job.id}: the lease is over`);
  }
  for (const [id, schedule] of schedules) {
    const next =
      schedule.event.at + (Math.floor((schedule.last - schedule.event.at) / schedule.everyMs) + 1) * schedule.everyMs;
    if (schedule.missed !== 'skip' && next <= time && now.schedules.get(id) === schedule)
      throw new Error(`schedule ${id} was due`);
  }
  const answer = op.answer as SweepAnswer;
  const ofType = (type: string): Frame[] => frames.filter(({ events: [first] }) => first?.type === type);
  const expired = ofType('DEAD').filter(({ events: [first] }) => first?.type === 'DEAD' && first.reason === 'expired');
  const count = (some: readonly Frame[]): number => some.reduce((sum, { events }) => sum + events.length, 0);
  const pruned = ofType('PRUNE').flatMap((frame) => gone(history, frame)).length;
  const leases = frames.length - expired.length - ofType('PRUNE').length - ofType('ENQUEUE').length;
  const counts = { expired: count(expired), leases, scheduled: count(ofType('ENQUEUE')), pruned };
  if (JSON.stringify(counts) !== JSON.stringify(answer))
    throw new Error(`sweep answers ${JSON.stringify(answer)}, the log says ${JSON.stringify(counts)}`);
}

export function expectFrame(frame: Frame, expected: readonly Expected[]): void {
  if (fitsInAnyOrder(frame.events, expected)) return;
  throw new Error(`wrote ${show(frame.events)}, expected ${show(expected)}`);
}

function show(events: readonly object[]): string {
  return JSON.stringify(events, (_, value) => (typeof value === 'function' ? 'some' : value));
}
