import { expect, onTestFinished, test, vi } from 'vitest';
import { QueueEngine } from '../../../src/queue/engine.ts';
import { newQueue } from '../api/helpers.ts';

/** Many consumers that wait at once. None of these tests may need the end of a wait: it would take an hour. */
const wait = '1h';

/** How often consumers looked for jobs. */
function looks(): { count: number } {
  const spy = vi.spyOn(QueueEngine.prototype, 'lease');
  onTestFinished(() => spy.mockRestore());
  return {
    get count() {
      return spy.mock.calls.length;
    },
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

test('each job finds its consumer, whoever waits for which names, and in whatever order they come', async () => {
  const queue = await newQueue();
  const names = ['a', 'b', 'c'];
  const wanted = (n: number) => (n % 4 === 3 ? {} : { names: [names[n % 4] ?? ''] });
  const takes = Array.from({ length: 200 }, (_, n) => queue.take({ ...wanted(n), wait }));
  await settled();
  // Of each name as many as its consumers, and of any of them as many as those that take all: none is left over.
  const jobs = Array.from({ length: 200 }, (_, n) => names[n % 4] ?? names[n % 3] ?? '');
  await Promise.all(jobs.map((name) => queue.enqueue(name)));
  // Those for all may have taken what others wait for: in each name as many again.
  for (const name of names) for (let n = 0; n < 50; n++) await queue.enqueue(name);
  const taken = await Promise.all(takes);
  expect(taken.every(([job]) => job !== undefined)).toBe(true);
  expect(new Set(taken.map(([job]) => job?.id)).size).toBe(200);
});

test('an event that frees many jobs calls many, more and more of them at a time', async () => {
  const queue = await newQueue();
  const commits = async () => Number(/^queue_wal_commit_records_count (\d+)$/m.exec(await queue.metrics())?.[1]);
  await queue.pause();
  for (let n = 0; n < 100; n++) await queue.enqueue('job');
  const takes = Array.from({ length: 100 }, () => queue.take({ wait }));
  await settled();
  const before = await commits();
  await queue.resume();
  const taken = await Promise.all(takes);
  expect(new Set(taken.map(([job]) => job?.id)).size).toBe(100);
  expect((await commits()) - before).toBeLessThan(50);
});

test('one event does not make all of them look', async () => {
  const queue = await newQueue();
  const takes = Array.from({ length: 300 }, () => queue.take({ wait }));
  await settled();
  const seen = looks();
  await queue.enqueue('job');
  await Promise.race(takes);
  await settled();
  expect(seen.count).toBeGreaterThan(0);
  expect(seen.count).toBeLessThan(10);
});

test.each([
  ['before', settled],
  ['in the same moment', async () => undefined],
])('a job that becomes due finds a consumer, though the one that was called when it came went %s', async (_, pause) => {
  const queue = await newQueue();
  const gone = new AbortController();
  const first = queue.take({ wait, signal: gone.signal });
  await settled();
  const second = queue.take({ wait });
  await settled();
  await queue.enqueue('job', undefined, { id: 'late', delay: 300 });
  await pause();
  gone.abort();
  expect(await first).toEqual([]);
  expect((await second)[0]?.id).toBe('late');
});

test('a job that was there, and becomes due while somebody waits', async () => {
  const queue = await newQueue();
  await queue.enqueue('job', undefined, { id: 'late', delay: 200 });
  expect((await queue.take({ wait }))[0]?.id).toBe('late');
});

test('a job that comes between looking and waiting is not missed', async () => {
  const queue = await newQueue();
  const { lease } = QueueEngine.prototype;
  const spy = vi.spyOn(QueueEngine.prototype, 'lease').mockImplementationOnce(async function (
    this: QueueEngine,
    request,
  ) {
    const found = await lease.call(this, request);
    await queue.enqueue('job', undefined, { id: 'j' });
    return found;
  });
  onTestFinished(() => spy.mockRestore());
  expect((await queue.take({ wait }))[0]?.id).toBe('j');
});

test('a job that none of them wants does not keep them busy', async () => {
  const queue = await newQueue();
  for (let n = 0; n < 5; n++) void queue.take({ names: [`other ${n}`], wait });
  await settled();
  const seen = looks();
  await queue.enqueue('job');
  await settled();
  expect(seen.count).toBe(5);
});

test('whoever is called and goes without a look of use passes the call on', async () => {
  const queue = await newQueue();
  const other = queue.take({ names: ['other'], wait });
  await settled();
  const mine = queue.take({ names: ['mine'], wait });
  await settled();
  await queue.enqueue('mine', undefined, { id: 'm' });
  expect((await mine)[0]?.id).toBe('m');
  await queue.enqueue('other', undefined, { id: 'o' });
  expect((await other)[0]?.id).toBe('o');
});

test('nobody looks once nobody waits', async () => {
  const queue = await newQueue();
  expect(await queue.take({ wait: 20 })).toEqual([]);
  const seen = looks();
  await queue.enqueue('job', undefined, { delay: '1h' });
  await settled();
  expect(seen.count).toBe(0);
});
