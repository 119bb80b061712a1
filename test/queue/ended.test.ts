import fc from 'fast-check';
import { expect, test } from 'vitest';
import { enqueueDefaults } from '../../src/queue/events/event-types.ts';
import { portionAfter } from '../../src/queue/ops/prune-plan.ts';
import { EndedJobs, type EndedState } from '../../src/queue/state/ended.ts';
import type { CompletedJob, DeadJob } from '../../src/queue/state/job.ts';
import { completed, died, enqueued } from '../../src/queue/state/make-job.ts';

type EndedJob = CompletedJob | DeadJob;

function jobOf(state: EndedState, endSeq: number): EndedJob {
  const pending = enqueued({ ...enqueueDefaults, type: 'ENQUEUE', id: `j${endSeq}`, at: 0, runAt: 0 }, 1, undefined);
  const end = { id: pending.id, at: 0, dispatchSeq: 0 };
  if (state === 'completed') return completed(pending, { ...end, type: 'ACK', durationMs: undefined }, endSeq);
  return died(pending, { ...end, reason: 'permanent', error: undefined }, endSeq);
}

const state = fc.constantFrom<EndedState>('completed', 'dead');
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constant('add' as const), state, fc.integer({ min: 1, max: 900 })) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('forget' as const), place, fc.integer({ min: 1, max: 900 })) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('oldest' as const), fc.integer({ min: 1, max: 900 })) },
  ),
  { maxLength: 20 },
);

test('finished jobs stand in the order of their ends, whatever is forgotten', () => {
  fc.assert(
    fc.property(steps, place, (list, where) => {
      const ended = new EndedJobs([]);
      const model: EndedJob[] = [];
      let seq = 0;
      for (const step of list) {
        if (step[0] === 'add') {
          for (let n = 0; n < step[2]; n++) {
            seq += 2;
            const job = jobOf(step[1], seq);
            model.push(job);
            ended.add(job);
          }
        } else {
          const from = step[0] === 'oldest' ? 0 : Math.floor(step[1] * model.length);
          for (const job of model.splice(from, step[0] === 'oldest' ? step[1] : step[2])) ended.forget(job);
        }
        const after = Math.floor(where * seq);
        expect([...ended.after(after)]).toEqual(model.filter((job) => job.endSeq > after));
        expect([...ended.after()]).toEqual(model);
      }
      const dead = model.filter((job) => job.state === 'dead');
      const both = new Set<EndedState>(['completed', 'dead']);
      const count = Math.floor(where * model.length);
      expect(ended.upTo({ seq: seq / 2, completed: false, dead: true })).toEqual(
        dead.filter((job) => job.endSeq <= seq / 2),
      );
      if (model.length > 0) {
        expect(ended.seqBehind(count, both)).toBe(model[count]?.endSeq);
        expect(ended.seqBehind(-1, both)).toBe(model[0]?.endSeq);
      }
      expect(ended.seqBehind(dead.length, new Set(['dead']))).toBeGreaterThan(dead.at(-1)?.endSeq ?? 0);
    }),
    { numRuns: 60 },
  );
});

test('jobs that a forged snapshot lets end with one seq are told apart', () => {
  const jobs = [jobOf('dead', 5), jobOf('dead', 7), jobOf('completed', 7), jobOf('dead', 7), jobOf('dead', 9)];
  const ended = new EndedJobs(jobs);
  const [, , middle, last] = jobs;
  for (const job of [last, last, middle, jobOf('dead', 7)]) if (job !== undefined) ended.forget(job);
  expect([...ended.after()].map((job) => job.endSeq)).toEqual([5, 7, 9]);
  const many = { ended: new EndedJobs(Array.from({ length: 1500 }, () => jobOf('dead', 7))) };
  const which = { states: new Set<EndedState>(['dead']), beforeMs: 0, beforeSeq: 8 };
  expect(portionAfter(many, which, -1, 0)).toMatchObject({ jobs: { length: 1500 }, last: true });
});

test('a portion is bounded in what it looks at, and young where none of it had its time', () => {
  const jobs = Array.from({ length: 10_001 }, (_, n) => jobOf('dead', n + 1));
  const which = { states: new Set<EndedState>(['dead']), beforeMs: 0, beforeSeq: 0 };
  const source = { ended: new EndedJobs(jobs) };
  expect(portionAfter(source, which, -1, 0)).toMatchObject({ jobs: [], seq: 10_000, last: false, young: true });
  const older = portionAfter(source, { ...which, beforeSeq: 3 }, -1, 0);
  expect(older).toMatchObject({ jobs: { length: 2 }, young: false, keeps: true });
});

test('one that a forged snapshot lets end in the future leaves the others their order', () => {
  const [first, future] = [jobOf('dead', 0), jobOf('dead', 1000)];
  const ended = new EndedJobs([first, future]);
  const later = [3, 4, 1000, 1001].map((seq) => jobOf('completed', seq));
  for (const job of later) ended.add(job);
  expect([...ended.after()].map((job) => job.endSeq)).toEqual([0, 3, 4, 1000, 1000, 1001]);
  ended.forget(future);
  expect([...ended.after()]).toEqual([first, ...later]);
});
