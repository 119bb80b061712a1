import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bisectAsking, bisectWhere } from '../../../src/commands/bisect/bisect.ts';
import { questionOf } from '../../../src/commands/bisect/question.ts';
import type { BisectResult } from '../../../src/commands/bisect/types.ts';
import { type Known, type RandomLog, randomLog, stepsArbitrary } from './random-log.ts';

/** What is asked, in words and as a function of the state that the test knows by itself. */
const questions: readonly { where: string; job?: string; of: (state: Known) => boolean }[] = [
  { where: 'dead > 0', of: ({ counts }) => counts.dead > 0 },
  { where: 'pending >= 2 and in_flight = 0', of: ({ counts }) => counts.pending >= 2 && counts.in_flight === 0 },
  { where: 'jobs > 3', of: ({ jobs }) => jobs.size > 3 },
  { where: 'totals.attempts > 2', of: ({ dispatched }) => dispatched > 2 },
  { where: 'totals.retried >= 1', of: ({ retried }) => retried >= 1 },
  { where: 'not (completed > 0)', of: ({ counts }) => counts.completed === 0 },
  { where: 'status = completed', job: 'a', of: ({ jobs }) => jobs.get('a')?.state === 'completed' },
  { where: 'attempt >= 2', job: 'b', of: ({ jobs }) => (jobs.get('b')?.attempt ?? 0) >= 2 },
  { where: 'status != dead', job: 'c', of: ({ jobs }) => jobs.has('c') && jobs.get('c')?.state !== 'dead' },
];
type Question = (typeof questions)[number];

const cases = fc.record({
  steps: stepsArbitrary,
  question: fc.constantFrom(...questions),
  segmentBytes: fc.constantFrom(400, 1000, 64 * 1024),
  low: fc.nat(),
  high: fc.nat(),
});

/** Where it turns true, looked for one state after the other. */
function turns(states: readonly Known[], of: Question['of'], from: number, to: number): number[] {
  const found: number[] = [];
  for (let seq = from + 1; seq <= to; seq++) {
    const [before, after] = [states[seq - 1], states[seq]];
    if (before && after && !of(before) && of(after)) found.push(seq);
  }
  return found;
}

/** The point from which on states can be had; the test reads it off the answer, and holds it against the truth. */
function checkEnds(result: BisectResult, log: RandomLog): { lower: number; upper: number } {
  const [lower, upper] = [result.from - 1, result.to];
  expect(lower).toBeGreaterThanOrEqual(0);
  expect(upper).toBe(log.events.length);
  return { lower, upper };
}

function checkTurn({ turn }: BisectResult, { events, states }: RandomLog, seq: number): void {
  const [event, before, after] = [events[seq - 1], states[seq - 1], states[seq]];
  if (event === undefined || before === undefined || after === undefined) throw new Error(`no event ${seq}`);
  expect(turn).toMatchObject({ seq, event: { seq, type: event.type, job: event.id } });
  const ids = [...new Set([...before.jobs.keys(), ...after.jobs.keys()])];
  const changed = ids.filter((id) => JSON.stringify(before.jobs.get(id)) !== JSON.stringify(after.jobs.get(id)));
  expect(turn?.touchedCount).toBeGreaterThanOrEqual(changed.length);
  // Jobs that go by their age are counted, not named.
  if (event.type === 'PRUNE' && event.cutoff !== undefined) return;
  for (const id of changed) {
    const states = { before: before.jobs.get(id)?.state, after: after.jobs.get(id)?.state };
    expect(turn?.touched.find((each) => each.id === id)).toEqual(JSON.parse(JSON.stringify({ id, ...states })));
  }
}

function checkFirst(result: BisectResult, log: RandomLog, { of }: Question): void {
  const start = log.states[result.from - 1];
  const [first] = turns(log.states, of, result.from - 1, result.to);
  expect(result).toMatchObject({ first: true, verdict: 'clean', findings: [] });
  if (start && of(start)) expect(result.outcome).toBe('before');
  else if (first === undefined) expect(result.outcome).toBe('never');
  else checkTurn(result, log, first);
}

test('--first names the very first event at which an expression turned true', async () => {
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(cases, async ({ steps, question, segmentBytes }) => {
      const log = await randomLog(steps, segmentBytes);
      const asked = questionOf(question, 0);
      const result = await bisectWhere(log.context, { path: log.dir, first: true }, asked);
      outcomes.set(result.outcome, (outcomes.get(result.outcome) ?? 0) + 1);
      checkEnds(result, log);
      checkFirst(result, log, question);
    }),
    { numRuns: 150 },
  );
  expect([...outcomes.keys()].sort()).toEqual(['before', 'found', 'never']);
}, 60_000);

test('halving names an event that did turn it; where there is one, that; with no snapshots, the first', async () => {
  const seen = { one: 0, several: 0, snapshots: 0 };
  await fc.assert(
    fc.asyncProperty(cases, async ({ steps, question, segmentBytes, low, high }) => {
      const log = await randomLog(steps, segmentBytes);
      const whole = await bisectWhere(log.context, { path: log.dir, first: false }, questionOf(question, 0));
      const { lower: earliest, upper: last } = checkEnds(whole, log);
      if (last === earliest) return;
      const from = earliest + 1 + (low % (last - earliest));
      const to = from + (high % Math.max(1, last - from + 1));
      const range = { from: { kind: 'seq', seq: from } as const, to: { kind: 'seq', seq: to } as const };
      const part = await bisectWhere(log.context, { path: log.dir, range, first: false }, questionOf(question, 0));
      expect([part.from, part.to]).toEqual([from, to]);
      for (const result of [whole, part]) {
        const [lower, upper] = [result.from - 1, result.to];
        const [start, end] = [log.states[lower], log.states[upper]];
        const all = turns(log.states, question.of, lower, upper);
        if (result.first) checkFirst(result, log, question);
        else if (!end || !question.of(end)) expect(result.outcome).toBe('never');
        else if (start && question.of(start)) expect(result.outcome).toBe('before');
        else {
          expect(all).toContain(result.turn?.seq);
          if (all.length === 1) seen.one++;
          else seen.several++;
          checkTurn(result, log, Number(result.turn?.seq));
          if (result.probes.length > 2) seen.snapshots++;
        }
      }
    }),
    { numRuns: 200 },
  );
  expect(Math.min(seen.one, seen.several, seen.snapshots)).toBeGreaterThan(0);
}, 120_000);

test('a command finds an event that turned its answer; what it skips lies between the two named', async () => {
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(cases, fc.integer({ min: 0, max: 6 }), async ({ steps, question, segmentBytes, low }, skips) => {
      const log = await randomLog(steps, segmentBytes);
      const last = log.events.length;
      const skipped = (seq: number): boolean => seq > 0 && seq < last && (seq * 7 + low) % 10 < skips;
      const result = await bisectAsking(log.context, { path: log.dir }, ({ machine }, seq) => {
        const state = log.states[seq];
        // The state that is handed out is the one after that event.
        expect(machine.counts).toEqual(state?.counts);
        expect([...machine.jobs()].map(({ id }) => id)).toEqual([...(state?.jobs.keys() ?? [])]);
        return { answer: skipped(seq) ? 'skip' : state && question.of(state) ? 'bad' : 'good' };
      });
      outcomes.set(result.outcome, (outcomes.get(result.outcome) ?? 0) + 1);
      const { outcome, from, candidates } = result;
      const all = turns(log.states, question.of, from - 1, last);
      if (outcome === 'found') {
        expect(all).toContain(result.turn?.seq);
        checkTurn(result, log, Number(result.turn?.seq));
      }
      if (outcome !== 'unsure') return;
      const between = Array.from(
        { length: (candidates?.to ?? 0) - (candidates?.from ?? 0) },
        (_, n) => (candidates?.from ?? 0) + n,
      );
      // Compaction may have left a first state that is skipped.
      expect(between.every(skipped) || skipped(from - 1)).toBe(true);
    }),
    { numRuns: 200 },
  );
  expect([...outcomes.keys()].sort()).toEqual(['before', 'found', 'never', 'unsure']);
}, 120_000);
