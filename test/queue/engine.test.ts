import { describe, expect, test } from 'vitest';
import type { AttemptRef } from '../../src/queue/engine-types.ts';
import { payloadText } from '../../src/queue/state/job.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { bench, FakeLog, noSpace, settle } from './support/fake-log.ts';

import { expectReplayable, take } from './support/take.ts';

describe('enqueue', () => {
  test('answers once the job is durable, with its id and seq', async () => {
    const b = bench();
    b.log.manual = true;
    let answered = false;
    const answer = b.engine.enqueue({ id: 'a', payload: ' { "x": 1 } ' }).then((value) => {
      answered = true;
      return value;
    });
    await settle();
    expect(answered).toBe(false);
    b.log.commit();
    expect(await answer).toEqual({ id: 'a', status: 'enqueued', seq: 1 });
    const job = b.log.machine.get('a');
    expect(job && payloadText(job)).toBe('{"x":1}');
  });

  test('without an id it makes ascending UUIDv7s', async () => {
    const { engine } = bench();
    const answers = await Promise.all(Array.from({ length: 50 }, () => engine.enqueue({})));
    const ids = answers.map((answer) => answer.id);
    expect([...ids].sort()).toEqual(ids);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('a hundred at once share one commit, in the order of the calls', async () => {
    const b = bench();
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => b.engine.enqueue({ id: `j${n}` })));
    expect(b.log.batches).toEqual([100]);
    expect(answers.map((answer) => answer.seq)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
  });

  test('the same id twice in one batch: the second waits, then is a duplicate; one event is written', async () => {
    const b = bench();
    const answers = await Promise.all([
      b.engine.enqueue({ id: 'a' }),
      b.engine.enqueue({ id: 'a' }),
      b.engine.enqueue({ id: 'b' }),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual(['enqueued', 'duplicate', 'enqueued']);
    expect(answers.map((answer) => answer.seq)).toEqual([1, 1, 2]);
    expect(b.log.records).toHaveLength(2);
  });

  test('when the first of two is refused by a full disk, the second is enqueued', async () => {
    const b = bench();
    b.log.failNext = [noSpace()];
    const first = b.engine.enqueue({ id: 'a' });
    const second = b.engine.enqueue({ id: 'a' });
    await expect(first).rejects.toMatchObject({ code: 'E_NO_SPACE' });
    expect(await second).toMatchObject({ status: 'enqueued', seq: 1 });
  });

  test('many specs are one frame; of two with one id the first counts; one bad spec rejects all', async () => {
    const b = bench();
    const answers = await b.engine.enqueueMany([{ id: 'a', name: 'first' }, { id: 'b' }, { id: 'a', name: 'second' }]);
    expect(answers.map((answer) => answer.status)).toEqual(['enqueued', 'enqueued', 'duplicate']);
    expect(b.log.batches).toEqual([1]);
    expect(b.log.machine.get('a')?.options.name).toBe('first');
    await expect(b.engine.enqueueMany([{ id: 'c' }, { id: 'd', attempts: 0 }])).rejects.toMatchObject({
      code: 'E_JOB',
    });
    expect(await b.engine.enqueueMany([])).toEqual([]);
    expect(b.log.records).toHaveLength(2);
  });
});

describe('dispatch', () => {
  test('higher priority first, then the order of enqueue, also after a retry and a reopening', async () => {
    const b = bench();
    for (const [id, priority] of [
      ['a', 0],
      ['b', 5],
      ['c', 0],
      ['d', 5],
      ['e', -1],
    ] as const)
      await b.engine.enqueue({ id, priority });
    const first = await take(b);
    expect(first.id).toBe('b');
    await b.engine.giveBack(first, { reason: 'stopped' });
    const reopened = new QueueMachine();
    for (const entry of b.log.machine.cut()) reopened.load(entry);
    for (const machine of [b.log.machine, reopened]) {
      const { engine } = bench({}, new FakeLog(8, machine), b.clock);
      const ids: string[] = [];
      for (let job = await engine.dispatch(); job; job = await engine.dispatch()) ids.push(job.id);
      expect(ids).toEqual(['b', 'd', 'a', 'c', 'e']);
    }
  });

  test('a delayed job comes when its time has come, not before', async () => {
    const b = bench();
    await b.engine.enqueue({ id: 'later', delayMs: 1000, priority: 9 });
    await b.engine.enqueue({ id: 'at', runAt: b.clock.now() + 500 });
    expect(await b.engine.dispatch()).toBeUndefined();
    expect(b.engine.status()).toMatchObject({ ready: 0, delayed: 2, nextDueAt: b.clock.now() + 500 });
    b.clock.advance(999);
    expect((await b.engine.dispatch())?.id).toBe('at');
    expect(await b.engine.dispatch()).toBeUndefined();
    b.clock.advance(1);
    expect((await b.engine.dispatch())?.id).toBe('later');
  });

  test('many at once take different jobs in order and share a commit', async () => {
    const b = bench();
    await b.engine.enqueueMany(Array.from({ length: 5 }, (_, n) => ({ id: `j${n}` })));
    const jobs = await Promise.all(Array.from({ length: 7 }, () => b.engine.dispatch()));
    expect(jobs.map((job) => job?.id)).toEqual(['j0', 'j1', 'j2', 'j3', 'j4', undefined, undefined]);
    expect(b.log.batches).toEqual([1, 5]);
    expectReplayable(b);
  });

  test('names its owner, its attempt and its deadline', async () => {
    const b = bench();
    await b.engine.enqueue({ id: 'a', timeoutMs: 300 });
    const job = await take(b);
    expect(job).toMatchObject({
      attempt: 1,
      owner: { kind: 'runner', epoch: 7 },
      dispatchSeq: 2,
      deadlineMs: b.clock.now() + 300,
    });
  });

  test('a worker gets only jobs of the kinds it can run', async () => {
    const b = bench();
    await b.engine.enqueue({ id: 'own', command: ['true'], priority: 5 });
    await b.engine.enqueue({ id: 'plain' });
    expect((await b.engine.dispatch({ lanes: ['handler'] }))?.id).toBe('plain');
    expect(await b.engine.dispatch({ lanes: ['handler'] })).toBeUndefined();
    expect((await b.engine.dispatch({ lanes: ['command'] }))?.id).toBe('own');
  });

  test('a job that another operation holds is waited for, not passed over', async () => {
    const b = bench();
    await b.engine.enqueue({ id: 'a' });
    b.log.manual = true;
    const many = b.engine.enqueueMany([{ id: 'a' }, { id: 'new' }]);
    const job = b.engine.dispatch();
    await settle();
    expect(b.log.waiting).toBe(1);
    b.log.commit();
    expect((await many).map((answer) => answer.status)).toEqual(['duplicate', 'enqueued']);
    await settle();
    b.log.commit();
    expect((await job)?.id).toBe('a');
    expectReplayable(b);
  });

  test('a job whose dispatch the disk refused is ready again, at its place', async () => {
    const b = bench();
    await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }]);
    b.log.failNext = [noSpace()];
    await expect(b.engine.dispatch()).rejects.toMatchObject({ code: 'E_NO_SPACE' });
    expect((await b.engine.dispatch())?.id).toBe('a');
    expectReplayable(b);
  });
});

test('listeners hear of every operation once it is applied, in the order of the log', async () => {
  const b = bench();
  const heard: string[] = [];
  const end = b.engine.onCommit((events, seqFirst) => {
    for (const [index, event] of events.entries()) heard.push(`${seqFirst + index} ${event.type} ${event.id}`);
  });
  await Promise.all([b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }]), b.engine.enqueue({ id: 'c' })]);
  const ref: AttemptRef = await take(b);
  await b.engine.timeout(ref);
  end();
  await b.engine.enqueue({ id: 'd' });
  expect(heard).toEqual(['1 ENQUEUE a', '2 ENQUEUE b', '3 ENQUEUE c', '4 DISPATCH a', '5 TIMEOUT a', '6 RETRY a']);
});

test('a listener that another one takes away while they are told hears no more', async () => {
  const b = bench();
  const heard: string[] = [];
  const ends: (() => void)[] = [];
  for (const name of ['first', 'second']) {
    const end = b.engine.onCommit(() => {
      heard.push(name);
      for (const each of ends) each();
    });
    ends.push(end);
  }
  await b.engine.enqueue({ id: 'a' });
  await b.engine.enqueue({ id: 'b' });
  expect(heard).toEqual(['first']);
});
