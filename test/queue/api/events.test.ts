import { expect, test } from 'vitest';
import { systemClock } from '../../../src/base/node-clock.ts';
import { type LogEvent, rawJson } from '../../../src/index.ts';
import { connectControl } from '../../../src/queue/process/socket-client.ts';
import { walq } from '../../cli/run-walq.ts';
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

test('who changes what an event says changes no job', async () => {
  const queue = await newQueue();
  const events = first(queue.events(), 2);
  await queue.enqueue('x', undefined, { id: 'j' });
  const [job] = await queue.take({ lease: '5m' });
  for (const event of await events) {
    if (event.type !== 'DISPATCH' || event.owner.kind !== 'lease') continue;
    event.owner.token = 'none';
    event.owner.deadlineMs = 1;
  }
  // It would end leases that are over.
  expect(await queue.take()).toEqual([]);
  expect(await queue.ack(job?.token ?? '')).toMatchObject({ seq: 3 });
  await queue.schedule('s', { every: '1s', job: { name: 'fired' } });
  const worker = queue.work(() => undefined);
  for await (const event of queue.events()) {
    if (event.type !== 'ENQUEUE' || event.slot === undefined) continue;
    event.slot.schedule = 'another';
    break;
  }
  await worker.stop();
  await queue.snapshot();
  expect((await walq(['wal', 'verify', '--deep', queue.dir])).stdout).toContain('1 snapshot is what the log gives');
});

/** All objects in a value. */
function objectsIn(value: unknown): object[] {
  return typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(objectsIn)] : [];
}

test('two readers are handed objects of their own, to the bottom, also of what came live', async () => {
  const queue = await newQueue();
  const live = [first(queue.events(), 8), first(queue.events(), 8)];
  await queue.enqueue('x', undefined, { id: 'p' });
  const client = await connectControl({ storeDir: queue.dir, timeoutMs: 5000, clock: systemClock });
  const after = { id: 'c', command: ['true', 'x'], after: ['p'] };
  await client?.request('enqueue', { jobs: [after] });
  const job = { name: 'x', payload: '1', command: ['true', 'y'] };
  await client?.request('schedule', { id: 's', rule: { kind: 'every', everyMs: 1000 }, job });
  client?.close();
  await queue.limit({ group: 'g', rate: { count: 1, per: '1m' } });
  const [taken] = await queue.take();
  await queue.ack(taken?.token ?? '', [1]);
  await queue.enqueue('x', undefined, { id: 'z' });
  await queue.cancel('z');
  await queue.prune({ ids: ['z'] });
  const disk = await Promise.all([first(queue.events({ from: 1 }), 8), first(queue.events({ from: 1 }), 8)]);
  const all = [...(await Promise.all(live)), ...disk];
  expect(all[0]?.map(({ type }) => type)).toEqual([
    'ENQUEUE',
    'ENQUEUE',
    'SCHEDULE',
    'LIMIT',
    'DISPATCH',
    'ACK',
    'ENQUEUE',
    'CANCEL',
  ]);
  expect(all[0]?.slice(0, 3)).toMatchObject([
    {},
    { parents: ['p'], command: ['true', 'x'] },
    { template: { command: ['true', 'y'] } },
  ]);
  for (const one of all) expect(one).toEqual(all[0]);
  const objects = all.flatMap(objectsIn);
  expect(new Set(objects).size).toBe(objects.length);
});

test('closing the queue ends them at once, also those that are on disk', async () => {
  const queue = await newQueue();
  await queue.enqueueMany(Array.from({ length: 1000 }, () => ({ name: 'x' })));
  let count = 0;
  for await (const _event of queue.events({ from: 1 })) if (++count === 3) await queue.close();
  expect(count).toBe(3);
});
