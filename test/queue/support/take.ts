import { expect } from 'vitest';
import { recordTypeName } from '../../../src/queue/events/events.ts';
import type { InFlightJob } from '../../../src/queue/state/job.ts';
import { QueueMachine } from '../../../src/queue/state/machine.ts';
import type { Bench, FakeLog } from './fake-log.ts';
import { hashOf, reload } from './machines.ts';

export async function take({ engine }: Bench): Promise<InFlightJob> {
  const job = await engine.dispatch();
  if (job === undefined) throw new Error('no job is ready');
  return job;
}

let drawn = 0;

/** As a holder of leases would draw them. */
export function tokens(count: number): string[] {
  return Array.from({ length: count }, () => `token-${String(++drawn).padStart(16, '0')}`);
}

export function types(log: FakeLog): string[] {
  return log.records.map(recordTypeName);
}

/** The log can always be replayed, and gives the state that live operations made. */
export function expectReplayable({ log }: Bench): void {
  const replayed = new QueueMachine();
  log.records.forEach((record, index) => {
    replayed.apply(record, index + 1);
  });
  expect(replayed.list()).toEqual(log.machine.list());
  expect(replayed.totals).toEqual(log.machine.totals);
  expect(hashOf(replayed)).toBe(hashOf(log.machine));
  expect(hashOf(reload(replayed))).toBe(hashOf(replayed));
}
