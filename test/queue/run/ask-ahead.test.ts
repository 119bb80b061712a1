import { expect, test } from 'vitest';
import { askAhead } from '../../../src/queue/run/ask-ahead.ts';
import type { InFlightJob } from '../../../src/queue/state/job.ts';
import { type Bench, bench, noSpace } from '../support/fake-log.ts';

async function begun(b: Bench): Promise<InFlightJob> {
  const job = await b.engine.dispatch();
  if (job === undefined) throw new Error('a job was expected');
  return job;
}

test('the ACK of a job and the DISPATCH of the next one share a frame, in this order', async () => {
  const b = bench();
  await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }]);
  const job = await begun(b);
  b.log.batches.length = 0;
  const acked = b.engine.ack(job);
  const next = await askAhead(b.engine, job, {}, b.clock.now());
  expect(next?.id).toBe('b');
  expect(next?.dispatchSeq).toBe((await acked).seq + 1);
  expect(b.log.batches).toEqual([2]);
});

test('nothing is asked for ahead of jobs that the ACK lets go, or of what the clock has made due', async () => {
  const b = bench();
  await b.engine.enqueueMany([
    { id: 'parent' },
    { id: 'child', after: ['parent'], priority: 9 },
    { id: 'grouped', group: 'g' },
    { id: 'other' },
  ]);
  const parent = await begun(b);
  expect(askAhead(b.engine, parent, {}, b.clock.now())).toBeUndefined();
  const grouped = await begun(b);
  expect(grouped.id).toBe('grouped');
  expect(askAhead(b.engine, grouped, {}, b.clock.now())).toBeUndefined();
  const other = await begun(b);
  await b.engine.schedule({ id: 's', rule: { kind: 'every', everyMs: 1000 }, job: {} });
  expect(askAhead(b.engine, other, {}, b.clock.now())).toBeDefined();
  expect(askAhead(b.engine, other, {}, b.clock.now() + 1000)).toBeUndefined();
});

test('a job asked for ahead that cannot be written down stays where it was, and the failure is told once', async () => {
  const b = bench();
  await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }]);
  const job = await begun(b);
  b.log.failNext.push(noSpace());
  const next = askAhead(b.engine, job, {}, b.clock.now());
  await expect(next).rejects.toMatchObject({ code: 'E_NO_SPACE' });
  expect((await begun(b)).id).toBe('b');
});
