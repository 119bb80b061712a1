import { expect, test } from 'vitest';
import { type LogEvent, rawJson } from '../../../src/index.ts';
import { codeOf, newQueue } from './helpers.ts';

async function first(events: AsyncIterable<LogEvent>, count: number): Promise<LogEvent[]> {
  const seen: LogEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    if (seen.length === count) break;
  }
  return seen;
}

test('events come from the log on disk, then as they happen, none twice and none missing', async () => {
  const queue = await newQueue({ segmentBytes: 64 * 1024 });
  await queue.enqueueMany(Array.from({ length: 2000 }, (_, n) => ({ name: 'x', payload: { n }, id: `j${n}` })));
  const events = first(queue.events({ from: 1 }), 2600);
  for (let n = 2000; n < 2600; n++) await queue.enqueue('x', { n }, { id: `j${n}` });
  const seen = await events;
  expect(seen.map((event) => event.seq)).toEqual(Array.from({ length: 2600 }, (_, n) => n + 1));
  expect(seen.map((event) => event.id)).toEqual(Array.from({ length: 2600 }, (_, n) => `j${n}`));
});

test('without from they are those to come; payloads and results are text', async () => {
  const queue = await newQueue();
  await queue.enqueue('x', undefined, { id: 'before' });
  const events = first(queue.events(), 3);
  await queue.enqueue('x', rawJson('9007199254740993'), { id: 'after', priority: 1 });
  const [job] = await queue.take();
  await queue.ack(job?.token ?? '', { done: true });
  expect(await events).toMatchObject([
    { seq: 2, type: 'ENQUEUE', id: 'after', payload: '9007199254740993' },
    { seq: 3, type: 'DISPATCH', id: 'after' },
    { seq: 4, type: 'ACK', id: 'after', result: '{"done":true}' },
  ]);
});

test('a reader that stops reading in the middle of the disk costs nothing', async () => {
  const queue = await newQueue();
  await queue.enqueueMany(Array.from({ length: 3000 }, () => ({ name: 'x' })));
  expect(await first(queue.events({ from: 100 }), 1)).toMatchObject([{ seq: 100 }]);
  const ends = new AbortController();
  let count = 0;
  for await (const _event of queue.events({ from: 1, signal: ends.signal })) if (++count === 700) ends.abort();
  expect(count).toBe(700);
});

test('what compaction has dropped is an error that says so', async () => {
  const queue = await newQueue({ segmentBytes: 16 * 1024, keepSnapshots: 1 });
  for (let round = 0; round < 3; round++) {
    await queue.enqueueMany(Array.from({ length: 500 }, () => ({ name: 'x', payload: 'x'.repeat(50) })));
    await queue.snapshot();
  }
  expect(await codeOf(first(queue.events({ from: 1 }), 1))).toBe('E_SEQ_RANGE');
});
