import * as fc from 'fast-check';
import type { CommandContext } from '../../../src/commands/context.ts';
import { enqueueDefaults, type QueueEvent } from '../../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../../src/queue/events/events.ts';
import type { JobCounts } from '../../../src/queue/state/job.ts';
import { QueueMachine } from '../../../src/queue/state/machine.ts';
import { openStore } from '../../../src/storage/store.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { contextIn } from '../../support/command-context.ts';
import { simEnv } from '../../support/env.ts';

/** Logs of events that fit, by chance, in stores with snapshots by chance; and what each event left behind. */

const at = 1_764_000_000_000;

export const stepsArbitrary = fc.array(
  fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    kind: fc.constantFrom(
      'ENQUEUE',
      'ENQUEUE',
      'DISPATCH',
      'DISPATCH',
      'ACK',
      'RETRY',
      'DEAD',
      'REDRIVE',
      'PRUNE',
      'CUTOFF',
    ),
    parent: fc.constantFrom('a', 'b', undefined, undefined),
    /** Snapshot behind it; the log before an older one goes. */
    snapshot: fc.constantFrom('none', 'none', 'none', 'none', 'keep', 'clean'),
    /** In one frame with the event before it. */
    joined: fc.boolean(),
  }),
  { minLength: 1, maxLength: 90, size: 'max' },
);
export type Step = typeof stepsArbitrary extends fc.Arbitrary<(infer T)[]> ? T : never;

/** A state as the test knows it, apart from the tool: counts, and each job's state and attempt. */
export interface Known {
  counts: JobCounts;
  dispatched: number;
  retried: number;
  jobs: Map<string, { state: string; attempt: number }>;
}

export interface RandomLog {
  context: CommandContext;
  dir: string;
  /** By seq; 0 is the state before the first event. */
  states: Known[];
  events: QueueEvent[];
  /** What `context.note` was told. */
  notes: string[];
}

function eventOf({ id, kind, parent }: Step, seq: number, attempt: number): QueueEvent {
  const base = { id, at: at + seq * 1000 };
  switch (kind) {
    case 'ENQUEUE':
      return { type: 'ENQUEUE', ...base, ...enqueueDefaults, runAt: base.at, ...(parent && { parents: [parent] }) };
    case 'DISPATCH':
      return { type: 'DISPATCH', ...base, attempt, owner: { kind: 'runner', epoch: 7 } };
    case 'ACK':
      return { type: 'ACK', ...base, durationMs: 5 };
    case 'RETRY':
      return { type: 'RETRY', ...base, runAt: base.at, reason: 'failed', refund: false, reset: false, exitCode: 1 };
    case 'REDRIVE':
      return { type: 'RETRY', ...base, runAt: base.at, reason: 'redrive', refund: false, reset: true };
    case 'DEAD':
      return { type: 'DEAD', ...base, reason: 'attempts' };
    case 'PRUNE':
      return { type: 'PRUNE', ...base, id: '', ids: [id] };
    default:
      return { type: 'PRUNE', ...base, id: '', cutoff: { seq: Math.max(0, seq - 3), completed: true, dead: true } };
  }
}

/** The events that fit, one after another. */
function fitting(steps: readonly Step[]): { events: QueueEvent[]; chosen: Step[]; states: Known[] } {
  const machine = new QueueMachine();
  const events: QueueEvent[] = [];
  const chosen: Step[] = [];
  const states = [knownOf(machine)];
  for (const step of steps) {
    const event = eventOf(step, events.length + 1, (machine.get(step.id)?.attempt ?? 0) + 1);
    try {
      machine.apply(encodeEvent(event), events.length + 1);
    } catch {
      continue;
    }
    events.push(event);
    chosen.push(step);
    states.push(knownOf(machine));
  }
  return { events, chosen, states };
}

function knownOf(machine: QueueMachine): Known {
  const jobs = [...machine.jobs()].map(({ id, state, attempt }) => [id, { state, attempt }] as const);
  const { dispatched, retried } = machine.totals;
  return { counts: { ...machine.counts }, dispatched, retried, jobs: new Map(jobs) };
}

export async function randomLog(steps: readonly Step[], segmentBytes: number): Promise<RandomLog> {
  const env = simEnv();
  const dir = '/s';
  const { events, chosen, states } = fitting(steps);
  const store = await openStore(env, dir, { machine: () => new QueueMachine(), create: true, segmentBytes });
  let batch: Uint8Array[] = [];
  for (const [index, event] of events.entries()) {
    batch.push(encodeEvent(event));
    if (chosen[index + 1]?.joined && chosen[index]?.snapshot === 'none') continue;
    await store.append(packed(batch));
    batch = [];
    const { snapshot } = chosen[index] ?? {};
    if (snapshot === 'keep' || snapshot === 'clean') await store.checkpoint({ clean: snapshot === 'clean' });
  }
  if (batch.length > 0) await store.append(packed(batch));
  await store.close();
  const notes: string[] = [];
  const context = { ...contextIn(env), note: (text: string) => void notes.push(text) };
  return { context, dir, states, events, notes };
}
