import { expect } from 'vitest';
import { recordTypeName } from '../../../src/queue/events.ts';
import type { InFlightJob } from '../../../src/queue/job.ts';
import { QueueMachine } from '../../../src/queue/machine.ts';
import type { Bench, FakeLog } from './fake-log.ts';

export async function take({ engine }: Bench): Promise<InFlightJob> {
  const job = await engine.dispatch();
  if (job === undefined) throw new Error('no job is ready');
  return job;
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
}
