import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FreshJob } from '../../src/queue/state/fresh-job.ts';
import type { PendingJob } from '../../src/queue/state/job.ts';
import { decodeEntry, encodeJob } from '../../src/queue/state/job-codec.ts';
import { enqueued } from '../../src/queue/state/make-job.ts';

const options = { name: 'default', priority: 0, maxAttempts: 3, timeoutMs: 0, backoff: 'none', group: '' };

function job(at: number, more: { runAt?: number; key?: string; from?: string } = {}) {
  return enqueued(
    { type: 'ENQUEUE', id: 'job_1', at, runAt: at, payload: '{"a":1}', ...options, ...more },
    7,
    undefined,
  );
}

test('a job as it was enqueued says of itself what one spelled out says', () => {
  const marks = fc.constantFrom(0, 1, 86_399_999, 86_400_000, 2 ** 31, Number.MAX_SAFE_INTEGER);
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeNat(), marks), (at) => {
      const said = job(at);
      const { id, seq, payload, createdAt, runAt, state, attempt, crashes, from, setback, special, timedOut } = said;
      expect({ id, seq, payload, createdAt, runAt }).toEqual({
        id: 'job_1',
        seq: 7,
        payload: '{"a":1}',
        createdAt: at,
        runAt: at,
      });
      expect(said.options).toMatchObject(options);
      expect({ state, attempt, crashes, timedOut }).toEqual({
        state: 'pending',
        attempt: 0,
        crashes: 0,
        timedOut: false,
      });
      expect([from, setback, special]).toEqual([undefined, undefined, undefined]);
    }),
  );
});

test('a job that differs from that is spelled out', () => {
  expect(job(5)).toBeInstanceOf(FreshJob);
  for (const more of [{ runAt: 6 }, { key: 'k' }, { from: '3' }]) {
    expect(job(5, more), JSON.stringify(more)).not.toBeInstanceOf(FreshJob);
  }
});

test('a job in a snapshot that differs in one thing only is read back with it', () => {
  const { id, seq, payload, createdAt, runAt, attempt, crashes, from, setback, special, timedOut } = job(5);
  const plain: PendingJob = {
    ...{ state: 'pending', id, seq, options: job(5).options, payload, createdAt },
    ...{ from, attempt, crashes, setback, special, runAt, timedOut },
  };
  const read = (more: Partial<PendingJob>) => {
    const entry = decodeEntry(encodeJob({ ...plain, ...more }));
    return entry.kind === 'job' ? entry.job : undefined;
  };
  expect(read({})).toBeInstanceOf(FreshJob);
  const setbackThen = { at: 6, reason: 'failed', error: undefined, exitCode: undefined, signal: undefined };
  for (const more of [
    { runAt: 6 },
    { attempt: 1 },
    { crashes: 1 },
    { timedOut: true },
    { from: '3' },
    { setback: setbackThen },
  ]) {
    expect(read(more)).toEqual({ ...plain, ...more });
  }
});
