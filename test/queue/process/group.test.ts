import { afterEach, expect, test, vi } from 'vitest';
import { killGroup } from '../../../src/queue/process/group.ts';
import { FakeClock } from '../../support/fake-clock.ts';

afterEach(() => void vi.restoreAllMocks());

test('a process table that cannot be read says nothing: a group is waited for until the time is up', async () => {
  // A zombie that nobody collects takes every signal.
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
  const clock = new FakeClock({ auto: true });
  const groupLives = vi.fn(() => Promise.reject(new Error('EMFILE: too many open files')));
  expect(await killGroup(12_345, clock, { groupLives }, 100)).toBe(false);
  expect(clock.monotonic()).toBeGreaterThanOrEqual(100);
  expect(groupLives.mock.calls.length).toBeGreaterThan(1);
  expect(kill.mock.calls[0]).toEqual([-12_345, 'SIGKILL']);
  // One that can be read ends it.
  expect(await killGroup(12_345, clock, { groupLives: () => Promise.resolve(false) })).toBe(true);
});
