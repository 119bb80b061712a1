import { describe, expect, test } from 'vitest';
import { ioError } from '../../src/base/errors.ts';
import { bench, noSpace, settle } from './support/fake-log.ts';

import { expectReplayable, take, types } from './support/take.ts';

describe('verdicts', () => {
  test('ack twice, ack and fail, in one batch: the first one wins, the others learn that it is over', async () => {
    const b = bench();
    await b.engine.enqueue({ id: 'a' });
    const job = await take(b);
    const [first, second, third] = await Promise.allSettled([b.engine.ack(job), b.engine.ack(job), b.engine.fail(job)]);
    expect(first.status).toBe('fulfilled');
    for (const late of [second, third]) {
      expect(late).toMatchObject({
        status: 'rejected',
        reason: { code: 'E_ATTEMPT_OVER', data: { state: 'completed' } },
      });
    }
    expectReplayable(b);
  });

  test('a listener that throws at an ACK lets go of the job once', async () => {
    const b = bench();
    await b.engine.enqueue({ id: 'a' });
    const job = await take(b);
    const unlisten = b.engine.onCommit(() => {
      throw new Error('not allowed to');
    });
    await expect(b.engine.ack(job)).rejects.toThrow('not allowed to');
    unlisten();
    b.log.manual = true;
    const removed = b.engine.remove('a');
    let isIdle = false;
    void b.engine.idle().then(() => {
      isIdle = true;
    });
    await settle();
    expect(isIdle).toBe(false);
    b.log.commit();
    await removed;
    await settle();
    expect(isIdle).toBe(true);
  });

  test('an older attempt cannot decide about a newer one', async () => {
    const b = bench();
    await b.engine.enqueue({ id: 'a', backoff: 'none' });
    const old = await take(b);
    await b.engine.fail(old);
    await take(b);
    for (const late of [
      b.engine.ack(old),
      b.engine.fail(old),
      b.engine.timeout(old),
      b.engine.giveBack(old, { reason: 'stopped' }),
    ]) {
      await expect(late).rejects.toMatchObject({ code: 'E_ATTEMPT_OVER', exit: 1 });
    }
    await expect(b.engine.ack({ id: 'nobody', dispatchSeq: 1 })).rejects.toMatchObject({ data: { state: 'gone' } });
  });

  test('failures retry with backoff until the attempts are used up, then the job is dead', async () => {
    const b = bench();
    await b.engine.enqueue({ id: 'a', attempts: 3, backoff: 'exp:1s..10s' });
    for (const delay of [1000, 2000]) {
      const answer = await b.engine.fail(await take(b), { error: 'boom', exitCode: 1 });
      expect(answer).toMatchObject({ verdict: 'retry', runAt: b.clock.now() + delay, reason: 'failed' });
      await expect(b.engine.dispatch()).resolves.toBeUndefined();
      b.clock.advance(delay);
    }
    expect(await b.engine.fail(await take(b), { error: 'boom', signal: 'SIGSEGV' })).toMatchObject({
      verdict: 'dead',
      reason: 'attempts',
    });
    expect(b.log.machine.get('a')).toMatchObject({
      state: 'dead',
      attempt: 3,
      error: 'boom',
      signal: 'SIGSEGV',
      reason: 'attempts',
    });
    expectReplayable(b);
  });

  test('jitter is drawn once: what the answer says is what the log and the state hold', async () => {
    const b = bench();
    await b.engine.enqueue({ id: 'a', backoff: 'fixed:10s~1' });
    const answer = await b.engine.fail(await take(b));
    const job = b.log.machine.get('a');
    if (answer.verdict !== 'retry' || job?.state !== 'pending') throw new Error('a retry was expected');
    expect(job.runAt).toBe(answer.runAt);
    expect(answer.runAt).not.toBe(b.clock.now() + 10_000);
    expectReplayable(b);
  });

  test('a permanent failure is dead at once, with its reason; a delay asked for overrides the backoff', async () => {
    const b = bench();
    await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }]);
    expect(await b.engine.fail(await take(b), { dead: 'permanent' })).toMatchObject({
      verdict: 'dead',
      reason: 'permanent',
    });
    expect(await b.engine.fail(await take(b), { delayMs: 77, reason: 'asked' })).toMatchObject({
      runAt: b.clock.now() + 77,
      reason: 'asked',
    });
  });

  test('reasons and errors of any length and content never keep a verdict from the log', async () => {
    const b = bench();
    await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }]);
    await b.engine.fail(await take(b), { dead: `\0${'é'.repeat(500)}`, error: `\ud800\0${'x'.repeat(100_000)}` });
    await b.engine.fail(await take(b), { reason: 'r'.repeat(500) });
    expect(b.log.machine.counts).toMatchObject({ dead: 1, pending: 1 });
    expectReplayable(b);
  });

  test('a timeout and what follows are one frame', async () => {
    const b = bench();
    await b.engine.enqueue({ id: 'a', attempts: 2, timeoutMs: 5, backoff: 'none' });
    expect(await b.engine.timeout(await take(b))).toMatchObject({ verdict: 'retry', reason: 'timeout', seq: 4 });
    expect(await b.engine.timeout(await take(b), { error: 'timed out after 5ms' })).toMatchObject({
      verdict: 'dead',
      seq: 7,
    });
    expect(types(b.log)).toEqual(['ENQUEUE', 'DISPATCH', 'TIMEOUT', 'RETRY', 'DISPATCH', 'TIMEOUT', 'DEAD']);
    expect(b.log.batches).toHaveLength(5);
    expectReplayable(b);
  });

  test('a job given back keeps its attempt', async () => {
    const b = bench();
    await b.engine.enqueue({ id: 'a', attempts: 1 });
    for (let round = 0; round < 3; round++) {
      const job = await take(b);
      expect(job.attempt).toBe(1);
      await b.engine.giveBack(job, { reason: 'stopped' });
    }
    expect(b.log.machine.get('a')).toMatchObject({ state: 'pending', attempt: 0, setback: { reason: 'stopped' } });
  });

  test('a result is stored as written; too large, it is dropped and the ACK stands; no JSON is refused', async () => {
    const b = bench({ resultBytesMax: 10 });
    await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
    const job = await take(b);
    await expect(b.engine.ack(job, { result: '{' })).rejects.toMatchObject({
      code: 'E_JSON',
      data: { field: 'result' },
    });
    expect(await b.engine.ack(job, { result: ' 1e400 ' })).toMatchObject({ resultDropped: false });
    expect(b.log.machine.get('a')).toMatchObject({ state: 'completed', result: '1e400', durationMs: 0 });
    for (const result of [`"${'x'.repeat(20)}"`, `"${'x'.repeat(10_000)}"`]) {
      expect(await b.engine.ack(await take(b), { result })).toMatchObject({ resultDropped: true });
    }
    expect(b.log.machine.get('b')).toMatchObject({ state: 'completed', result: undefined });
  });

  test('a result nested too deep is dropped as well', async () => {
    const b = bench();
    await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }]);
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(await b.engine.ack(await take(b), { result: nested(128) })).toMatchObject({ resultDropped: false });
    expect(await b.engine.ack(await take(b), { result: nested(129) })).toMatchObject({ resultDropped: true });
  });
});

describe('a disk that says no', () => {
  test('a rejected batch leaves state and reservations as they were', async () => {
    const b = bench();
    await b.engine.enqueue({ id: 'a' });
    const before = [...b.log.machine.cut()];
    b.log.failNext = [noSpace()];
    const results = await Promise.allSettled([
      b.engine.enqueue({ id: 'b' }),
      b.engine.dispatch(),
      b.engine.prune({ endedBefore: 1 }),
    ]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    expect([...b.log.machine.cut()]).toEqual(before);
    expect((await b.engine.enqueue({ id: 'b' })).status).toBe('enqueued');
    expect((await take(b)).id).toBe('a');
  });

  test('a verdict waits for room and nothing is dispatched meanwhile; then it lands exactly once', async () => {
    const b = bench();
    await b.engine.enqueueMany([{ id: 'a' }, { id: 'b' }]);
    const job = await take(b);
    b.log.failNext = [noSpace(), noSpace(), noSpace()];
    let stalledAtCommit: number | undefined;
    b.engine.onCommit(() => {
      stalledAtCommit = b.engine.status().stalled;
    });
    let done = false;
    const ack = b.engine.ack(job).then(() => {
      done = true;
    });
    for (let round = 0; round < 3; round++) {
      await settle();
      expect(done).toBe(false);
      expect(b.engine.status().stalled).toBe(1);
      await expect(b.engine.dispatch()).resolves.toBeUndefined();
      b.clock.advance(1000);
    }
    await ack;
    expect(stalledAtCommit).toBe(0);
    expect(b.engine.status().stalled).toBe(0);
    expect((await take(b)).id).toBe('b');
    expect(types(b.log).filter((type) => type === 'ACK')).toHaveLength(1);
  });

  test('an ACK that waits for room keeps its job: who wants to end it meanwhile finds it completed', async () => {
    const b = bench();
    await b.engine.enqueue({ id: 'a' });
    const job = await take(b);
    b.log.failNext = [noSpace()];
    const ack = b.engine.ack(job);
    await settle();
    const cancelled = expect(b.engine.cancel('a')).rejects.toMatchObject({ code: 'E_JOB_STATE' });
    await settle();
    b.clock.advance(1000);
    await cancelled;
    await ack;
    expect(types(b.log)).toEqual(['ENQUEUE', 'DISPATCH', 'ACK']);
  });

  test('a verdict that waits gives up when the engine stops, and the job stays in flight', async () => {
    const b = bench();
    await b.engine.enqueue({ id: 'a' });
    const job = await take(b);
    b.log.failNext = [noSpace(), noSpace()];
    const ack = expect(b.engine.ack(job)).rejects.toMatchObject({ code: 'E_NO_SPACE' });
    await settle();
    let isStopped = false;
    void b.engine.stop().then(() => {
      isStopped = true;
    });
    b.clock.advance(1000);
    await ack;
    await settle();
    expect(isStopped).toBe(true);
    expect(b.log.machine.get('a')?.state).toBe('in_flight');
  });

  test('a poisoned log rejects everything and leaves nothing held', async () => {
    const b = bench();
    await b.engine.enqueue({ id: 'a' });
    b.log.failNext = [ioError('E_DURABILITY_UNKNOWN', 'fdatasync failed')];
    await expect(b.engine.dispatch()).rejects.toMatchObject({ code: 'E_DURABILITY_UNKNOWN', exit: 74 });
    await expect(b.engine.dispatch()).rejects.toMatchObject({ code: 'E_POISONED' });
    await expect(b.engine.enqueue({ id: 'b' })).rejects.toMatchObject({ code: 'E_POISONED' });
    await b.engine.idle();
    expect(b.log.machine.list().map((job) => [job.id, job.state])).toEqual([['a', 'pending']]);
  });
});
