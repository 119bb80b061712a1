import { expect } from 'vitest';
import { type Job as MachineJob, payloadText } from '../../../src/queue/state/job.ts';
import type { QueueMachine } from '../../../src/queue/state/machine.ts';
import { hashOf, reload } from '../support/machines.ts';
import { replayed, seqLast } from './disk.ts';
import { History } from './history.ts';
import type { Job, State } from './state.ts';
import type { Op, World } from './world.ts';

/** The log replays into the state that live operations made, and a snapshot of it is the same state again. */
export function checkReplay({ frames, log }: World): void {
  const again = replayed(frames);
  const hash = hashOf(again);
  if (log.seqLast === seqLast(frames)) expect(hashOf(log.machine)).toBe(hash);
  const loaded = reload(again);
  expect(hashOf(loaded)).toBe(hash);
  expect(loaded.counts).toEqual(again.counts);
  expect(loaded.totals).toEqual(again.totals);
  expect(again.totals.skipped).toBe(0);
}

/** The state is what the events say, job by job. */
export function checkState(state: State, machine: QueueMachine): void {
  expect(machine.list().map(seen)).toEqual([...state.jobs.values()].map(told));
  const counts = { waits: 'pending', works: 'in_flight', done: 'completed', dead: 'dead' } as const;
  for (const [phase, name] of Object.entries(counts)) {
    expect(machine.counts[name]).toBe([...state.jobs.values()].filter((job) => job.phase === phase).length);
  }
  expect(machine.settings.pauses.length).toBe(state.pauses.size);
  expect(machine.settings.schedules.map(({ id }) => id)).toEqual([...state.schedules.keys()].sort());
  for (const [group, limits] of state.limits) expect({ ...machine.settings.limitsOf(group) }).toMatchObject(limits);
}

function seen(job: MachineJob): object {
  const { id, seq, attempt, crashes, options, special } = job;
  const common = { id, seq, attempt, crashes, priority: options.priority, group: options.group, key: special?.key };
  const payload = payloadText(job);
  if (job.state === 'pending')
    return { ...common, payload, runAt: job.runAt, awaits: special?.waitingFor ?? [], expiresAt: special?.expiresAt };
  if (job.state === 'in_flight')
    return { ...common, payload, at: job.dispatchSeq, owner: job.owner, marked: job.cancelledAt !== undefined };
  const reason = job.state === 'dead' ? job.reason : '';
  return { ...common, payload, over: job.endSeq, endedAt: job.endedAt, reason };
}

function told(job: Job): object {
  const { id, seq, attempt, crashes, priority, group, key, payload } = job;
  const common = { id, seq, attempt, crashes, priority, group, key };
  if (job.phase === 'waits')
    return { ...common, payload, runAt: job.runAt, awaits: job.awaits, expiresAt: job.expiresAt };
  if (job.phase === 'works') return { ...common, payload, at: job.dispatchSeq, owner: job.owner, marked: job.marked };
  return { ...common, payload, over: job.endSeq, endedAt: job.endedAt, reason: job.phase === 'dead' ? job.reason : '' };
}

/**
 * Works off all that is there, with nothing but what the engine says about when to look again. Nobody may be left
 * waiting, and groups must have taken turns.
 */
export async function drain(world: World): Promise<void> {
  const ask = async (request: Op['request']): Promise<Op> => {
    const asked = world.ask(request);
    await world.quiesce();
    return await asked;
  };
  for (const scope of [{}, { name: 'x' }, { name: 'default' }, { group: 'g' }]) await ask({ kind: 'resume', scope });
  for (const { id } of world.engine.machine.settings.schedules) await ask({ kind: 'unschedule', id });
  await ask({ kind: 'limit', limits: { group: '', keepMs: 0, keepCount: 0 } });
  await ask({ kind: 'reclaim' });
  const { machine } = world.engine;
  for (const { id, dispatchSeq, owner } of [...machine.inFlight()]) {
    if (owner.kind === 'runner') await ask({ kind: 'ack', ref: { id, dispatchSeq } });
  }
  for (let round = 0; machine.counts.pending + machine.counts.in_flight > 0; round++) {
    if (round > 200) throw new Error('the queue does not come to an end');
    await ask({ kind: 'sweep', upSinceMs: 0 });
    const { answer } = await ask({ kind: 'dispatch', names: undefined });
    if (answer !== undefined) {
      const { id, dispatchSeq } = answer as Job & { dispatchSeq: number };
      await ask({ kind: 'ack', ref: { id, dispatchSeq } });
      continue;
    }
    if (machine.counts.pending + machine.counts.in_flight === 0) break;
    const next = world.engine.nextDueAt();
    if (next === undefined) throw new Error(`jobs wait, and nobody says until when: ${JSON.stringify(machine.list())}`);
    const now = world.clock.now();
    if (next > earliest(new History(world).last, Math.max(...world.clock.history)))
      throw new Error('something is due before one is told to look');
    world.clock.advance(Math.max(0, next - now));
  }
}

/** When the first job comes due that never was, the first one expires or the first lease is over. */
function earliest({ jobs }: State, latest: number): number {
  const times = [...jobs.values()].flatMap(({ phase, awaits, runAt, expiresAt, owner }) => {
    if (phase === 'works') return owner?.kind === 'lease' ? [owner.deadlineMs] : [];
    if (phase !== 'waits') return [];
    return [
      expiresAt ?? Number.POSITIVE_INFINITY,
      awaits.length === 0 && runAt > latest ? runAt : Number.POSITIVE_INFINITY,
    ];
  });
  return Math.min(...times);
}

/** What people are shown: waiting jobs by what they wait for. */
export function checkStatus(state: State, { engine, clock }: World): void {
  const waiting = [...state.jobs.values()].filter(({ phase }) => phase === 'waits');
  const blocked = waiting.filter(({ awaits }) => awaits.length > 0).length;
  const delayed = waiting.filter(({ awaits, runAt, waitsSince }) => awaits.length === 0 && runAt > waitsSince);
  const status = engine.status();
  expect(status.blocked).toBe(blocked);
  expect(status.ready + status.delayed).toBe(waiting.length - blocked);
  // A job once due stays so, even if the clock is set back.
  expect(status.delayed).toBeLessThanOrEqual(delayed.length);
  const never = delayed.filter(({ runAt }) => runAt > Math.max(...clock.history)).length;
  expect(status.delayed).toBeGreaterThanOrEqual(never);
  expect(status.stalled).toBe(0);
}

/** No group has a third turn while another one, with a job of the same priority, has none. */
export function checkTurns(world: World, fromSeq: number): void {
  const history = new History(world);
  const turns = new Map<string, number>();
  for (const { events, seqFirst } of history.frames) {
    const [event] = events;
    if (event?.type !== 'DISPATCH' || seqFirst <= fromSeq) continue;
    const state = history.at(seqFirst - 1);
    const taken = state.jobs.get(event.id);
    const others = new Set([...state.jobs.values()].filter((job) => couldGo(world, state, job, event.at, taken)));
    const waiting = new Set([...others].map(({ group }) => group));
    for (const pair of turns.keys()) if (!waiting.has(pair.split(' ')[0] ?? '')) turns.delete(pair);
    for (const group of waiting) {
      const pair = `${group} ${taken?.group}`;
      turns.set(pair, (turns.get(pair) ?? 0) + 1);
      for (const other of turns.keys()) if (other.startsWith(`${taken?.group} `)) turns.delete(other);
      if ((turns.get(pair) ?? 0) > 2) throw new Error(`seq ${seqFirst}: '${taken?.group}' goes on, '${group}' waits`);
    }
  }
}

function couldGo({ options }: World, state: State, job: Job, at: number, taken: Job | undefined): boolean {
  if (job.phase !== 'waits' || job.awaits.length > 0 || job.runAt > at) return false;
  if (
    options.groupLimit !== Number.POSITIVE_INFINITY ||
    state.limits.get('')?.rate ||
    state.limits.get(job.group)?.rate
  )
    return false;
  if (state.limits.get(job.group)?.concurrency !== undefined) return false;
  return job.priority === taken?.priority && job.group !== taken.group;
}
