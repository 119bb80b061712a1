import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/base/clock.ts';
import { startTimer, type TimerHost } from '../../../src/queue/process/timer.ts';
import { tried } from '../../support/tried.ts';

const dayMs = 86_400_000;

/** Behaves as the runtime does: a wait over 2^31-1 ms fires at once. */
function fakeTime() {
  let nowMs = 0;
  let waiting: { fire: () => void; atMs: number } | undefined;
  const clock: Clock = { now: () => nowMs, monotonic: () => nowMs, sleep: () => Promise.resolve() };
  const host: TimerHost = {
    set(fire, ms) {
      waiting = { fire, atMs: nowMs + (ms > 2 ** 31 - 1 ? 1 : ms) };
      return waiting;
    },
    clear(handle) {
      if (waiting === handle) waiting = undefined;
    },
  };
  const advanceTo = (ms: number) => {
    while (waiting !== undefined && waiting.atMs <= ms) {
      const due = waiting;
      waiting = undefined;
      nowMs = Math.max(nowMs, due.atMs);
      due.fire();
    }
    nowMs = ms;
  };
  return { clock, host, advanceTo };
}

describe('a timer', () => {
  it('of 60 days does not fire before 60 days', (context) => {
    const { clock, host, advanceTo } = fakeTime();
    let fired = 0;
    startTimer(clock, 60 * dayMs, () => fired++, host);
    advanceTo(60 * dayMs - 1);
    expect(fired).toBe(0);
    advanceTo(60 * dayMs);
    expect(fired).toBe(1);
    advanceTo(200 * dayMs);
    expect(fired).toBe(1);
    tried(context, 'clock', { 'a long delay fires once, in time': fired });
  });

  it('waits again when the runtime wakes it early', () => {
    let nowMs = 0;
    const wakes: (() => void)[] = [];
    const clock: Clock = { now: () => nowMs, monotonic: () => nowMs, sleep: () => Promise.resolve() };
    let fired = 0;
    startTimer(clock, 100, () => fired++, { set: (fire) => wakes.push(fire), clear: () => {} });
    nowMs = 99.5;
    wakes.shift()?.();
    expect(fired).toBe(0);
    nowMs = 100;
    wakes.shift()?.();
    expect(fired).toBe(1);
  });

  it('can be moved later, never earlier, and not after its end', () => {
    const { clock, host, advanceTo } = fakeTime();
    let fired = 0;
    const timer = startTimer(clock, 1000, () => fired++, host);
    timer.atLeast(10);
    expect(timer.leftMs()).toBe(1000);
    advanceTo(900);
    timer.atLeast(1000);
    advanceTo(1899);
    expect(fired).toBe(0);
    advanceTo(1900);
    expect(fired).toBe(1);
    timer.atLeast(5);
    advanceTo(5000);
    expect(fired).toBe(1);
  });

  it('does nothing once cancelled', () => {
    const { clock, host, advanceTo } = fakeTime();
    let fired = 0;
    const timer = startTimer(clock, 10, () => fired++, host);
    timer.cancel();
    timer.atLeast(20);
    advanceTo(1000);
    expect([fired, timer.leftMs()]).toEqual([0, 0]);
  });
});
