import { expect, test } from 'vitest';
import { Pace } from '../../src/storage/pace.ts';

/** Rounds of a busy writer: what a sync takes, and what those who are answered take until they ask again. */
function busy(pace: Pace, { syncMs, turnMs }: { syncMs: number; turnMs: number }, rounds = 40): Pace {
  for (let round = 0; round < rounds; round++) {
    if (pace.overlaps) {
      // Half of them each time, beside the sync of the other half.
      pace.turned(turnMs / 2);
      pace.waited(Math.max(0, syncMs - turnMs / 2));
    } else {
      pace.synced(syncMs);
      pace.turned(turnMs);
    }
  }
  return pace;
}

test.each([
  ['one client on a quick disk is waited for in place', { syncMs: 0.1, turnMs: 0.01 }, [false, true]],
  [
    'on a slow disk everybody shares one sync, and this thread does not stand still',
    { syncMs: 5, turnMs: 0.3 },
    [false, false],
  ],
  ['not worth a second sync', { syncMs: 0.3, turnMs: 0.5 }, [false, true]],
  ['many clients on a disk so quick that there is nothing to win', { syncMs: 0.15, turnMs: 0.8 }, [false, true]],
  ['many clients on a quick disk overlap', { syncMs: 0.3, turnMs: 1.2 }, [true, false]],
  ['very many clients on a slow disk overlap', { syncMs: 2, turnMs: 8 }, [true, false]],
])('%s', (_name, load, [overlaps, inPlace]) => {
  const pace = busy(new Pace(), load);
  expect([pace.overlaps, pace.syncInPlace]).toEqual([overlaps, inPlace]);
});

test('commits that overlap stop doing so when the disk gets slow, and begin again when it is quick', () => {
  const pace = busy(new Pace(), { syncMs: 0.3, turnMs: 1.2 });
  expect(pace.overlaps).toBe(true);
  expect(busy(pace, { syncMs: 5, turnMs: 1.2 }).overlaps).toBe(false);
  expect(pace.syncInPlace).toBe(false);
  expect(busy(pace, { syncMs: 0.3, turnMs: 1.2 }).overlaps).toBe(true);
});

test('commits that overlap stop doing so when nobody is left to share them with', () => {
  const pace = busy(new Pace(), { syncMs: 0.3, turnMs: 1.2 });
  pace.alone();
  expect(pace.overlaps).toBe(false);
  expect(pace.syncInPlace).toBe(true);
});

test('a sync that took long once does not make the disk slow', () => {
  const pace = busy(new Pace(), { syncMs: 0.15, turnMs: 3 });
  pace.synced(1);
  expect([pace.overlaps, pace.syncInPlace]).toEqual([false, true]);
});

test('a disk that got slow while commits overlapped is not waited for in place, not even once', () => {
  const pace = busy(new Pace(), { syncMs: 0.3, turnMs: 1.2 });
  while (pace.overlaps) busy(pace, { syncMs: 5, turnMs: 1.2 }, 1);
  expect(pace.syncInPlace).toBe(false);
});

test('a disk that gets quick is noticed while commits overlap', () => {
  const pace = busy(new Pace(), { syncMs: 0.3, turnMs: 1.2 });
  expect(pace.overlaps).toBe(true);
  expect(busy(pace, { syncMs: 0.1, turnMs: 1.2 }, 1100).overlaps).toBe(false);
});

test('a sync that took no time at all does not hide that the disk is slow', () => {
  const pace = new Pace();
  pace.synced(0);
  expect(busy(pace, { syncMs: 2, turnMs: 8 }, 200).overlaps).toBe(true);
});

test('one asker who takes its time has its syncs in place', () => {
  const pace = new Pace();
  for (let round = 0; round < 40; round++) {
    pace.synced(0.3);
    pace.alone();
    pace.turned(3);
  }
  expect([pace.overlaps, pace.syncInPlace]).toEqual([false, true]);
});

test('askers from outside are given more turns', () => {
  const pace = new Pace();
  expect(pace.turns).toBe(1);
  pace.askedFromOutside = true;
  expect(pace.turns).toBeGreaterThan(1);
});

test('what was measured does not matter where it is said', () => {
  expect(busy(new Pace(true), { syncMs: 5, turnMs: 0.01 }).overlaps).toBe(true);
  expect(busy(new Pace(false), { syncMs: 0.3, turnMs: 1.2 }).overlaps).toBe(false);
});
