import { expect, test } from 'vitest';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { recordsOf } from '../../src/queue/events/job-records.ts';
import { ack, at, dispatch, enqueue, prune } from './support/machines.ts';

test('only events of exactly this job are its records: no longer or shorter id, no schedule, no event of many', () => {
  const isOurs = recordsOf('job');
  expect([enqueue('job'), dispatch('job'), ack('job')].map(encodeEvent).map(isOurs)).toEqual([true, true, true]);
  const others = [enqueue('job2'), enqueue('jo'), enqueue('Job'), prune(['job']), ack('x')].map(encodeEvent);
  expect(others.some(isOurs)).toBe(false);
  expect(isOurs(encodeEvent({ type: 'UNSCHEDULE', id: 'job', at }))).toBe(false);
});

test('ids of any length and script are found', () => {
  for (const id of ['é', '日本', 'x'.repeat(127), 'x'.repeat(128), 'x'.repeat(256)]) {
    expect(recordsOf(id)(encodeEvent(enqueue(id))), id).toBe(true);
    expect(recordsOf(`${id.slice(0, -1)}y`)(encodeEvent(enqueue(id))), id).toBe(false);
  }
});
