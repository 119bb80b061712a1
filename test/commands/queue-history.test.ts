import { describe, expect, test } from 'vitest';
import { JobHistory, rememberedAttempt } from '../../src/commands/explain/history.ts';
import type { QueueEvent } from '../../src/queue/events/event-types.ts';
import { ack, at, dead, dispatch, enqueue, machineOf, prune, retry, timeout } from '../queue/support/machines.ts';

function historyOf(...events: QueueEvent[]): JobHistory {
  const history = new JobHistory();
  events.forEach((event, index) => {
    history.take(event, index + 1);
  });
  return history;
}

const later = <T extends QueueEvent>(event: T, ms: number): T => ({ ...event, at: at + ms });
const runner = '000000000001';

describe('attempts', () => {
  test('took from their DISPATCH to their ACK; the time of the handler stands beside that', () => {
    const { attempts, whole, endSeq } = historyOf(
      enqueue('j'),
      dispatch('j'),
      later({ type: 'ACK', id: 'j', at, durationMs: 40 }, 50),
    );
    expect(attempts).toEqual([
      {
        attempt: 1,
        dispatchSeq: 2,
        startedMs: at,
        endedMs: at + 50,
        tookMs: 50,
        durationMs: 40,
        runner,
        outcome: 'completed',
      },
    ]);
    expect({ whole, endSeq }).toEqual({ whole: true, endSeq: 3 });
  });

  test('fail with exit, error and the time of the next one; given back, they did not count', () => {
    const { attempts } = historyOf(
      enqueue('j'),
      dispatch('j'),
      later(retry('j', { runAt: at + 1000, exitCode: 7, error: 'no' }), 10),
      dispatch('j', 2),
      retry('j', { reason: 'crash', refund: true }),
      dispatch('j', 2),
    );
    expect(attempts.map(({ attempt, outcome, reason }) => [attempt, outcome, reason])).toEqual([
      [1, 'failed', 'failed'],
      [2, 'returned', 'crash'],
      [2, 'running', undefined],
    ]);
    expect(attempts[0]).toMatchObject({ exitCode: 7, error: 'no', nextRunMs: at + 1000, tookMs: 10 });
  });

  test('that ran into their timeout say so, whether retried or dead', () => {
    const { attempts } = historyOf(
      enqueue('j'),
      dispatch('j'),
      timeout('j'),
      retry('j', { reason: 'timeout' }),
      dispatch('j', 2),
      timeout('j'),
      dead('j'),
    );
    expect(attempts.map(({ outcome, timedOut }) => [outcome, timedOut])).toEqual([
      ['failed', true],
      ['dead', true],
    ]);
  });

  test('do not end with a timeout that was of another attempt', () => {
    const before = historyOf(later(timeout('j'), 5), later(dispatch('j'), 9));
    before.close();
    expect(before.attempts).toMatchObject([{ startedMs: at + 9, endedMs: at + 9, tookMs: 0 }]);
    const life = historyOf(enqueue('j'), dispatch('j'), timeout('j'), enqueue('j'), later(dispatch('j'), 9));
    life.close();
    expect(life.attempts).toMatchObject([{ startedMs: at + 9, endedMs: at + 9, tookMs: 0 }]);
  });

  test('are those of the last job of the id, where nothing tells how the one before went', () => {
    const { attempts, earlierLives } = historyOf(enqueue('j'), dispatch('j'), enqueue('j'), later(dispatch('j'), 9));
    expect(attempts).toMatchObject([{ startedMs: at + 9 }]);
    expect(earlierLives).toBe(1);
  });

  test('of a foreign log are numbered by their order, and end with their timeout where nothing follows it', () => {
    const foreign = <T extends QueueEvent>(event: T): T => ({ ...event, from: '1' });
    const history = historyOf(
      foreign(enqueue('j')),
      foreign(dispatch('j')),
      foreign(later(timeout('j'), 5)),
      foreign(later(dispatch('j'), 9)),
    );
    expect(history.attempts).toMatchObject([
      { attempt: 1, outcome: 'failed', timedOut: true, reason: 'timeout', endedMs: at + 5 },
      { attempt: 2, outcome: 'running', startedMs: at + 9 },
    ]);
    history.close();
    expect(history.attempts[1]).toMatchObject({ outcome: 'failed', endedMs: at + 9 });
  });

  test('of a lease end when the job is cancelled; one at a runner when its process is over', () => {
    const leased: QueueEvent = {
      type: 'DISPATCH',
      id: 'j',
      at,
      attempt: 1,
      owner: { kind: 'lease', token: 'token', deadlineMs: at + 9 },
    };
    const cancel: QueueEvent = { type: 'CANCEL', id: 'j', at };
    const outcomes = (history: JobHistory) => history.attempts.map(({ outcome }) => outcome);
    expect(outcomes(historyOf(enqueue('j'), leased, cancel))).toEqual(['dead']);
    expect(outcomes(historyOf(enqueue('j'), dispatch('j'), cancel))).toEqual(['running']);
    expect(outcomes(historyOf(enqueue('j'), dispatch('j'), cancel, ack('j')))).toEqual(['completed']);
  });
});

test('what is no part of an attempt is a change: a death while waiting, a way back from the dead', () => {
  const { attempts, changes } = historyOf(
    enqueue('j'),
    { type: 'DEAD', id: 'j', at, reason: 'parent' },
    retry('j', { reason: 'redrive', reset: true }),
    { type: 'UPDATE', id: 'j', at, priority: 3 },
    dispatch('j'),
  );
  expect(changes.map(({ seq, type }) => [seq, type])).toEqual([
    [1, 'ENQUEUE'],
    [2, 'DEAD'],
    [3, 'RETRY'],
    [4, 'UPDATE'],
  ]);
  expect(attempts).toHaveLength(1);
});

test('an id that comes back after it was gone begins a new life', () => {
  const history = historyOf(enqueue('j'), dispatch('j'), ack('j'), prune(['j']), enqueue('j'));
  expect(history).toMatchObject({ attempts: [], earlierLives: 1, departure: undefined, endSeq: undefined });
  expect(historyOf(enqueue('j'), { type: 'REMOVE', id: 'j', at }).departure).toEqual({
    seq: 2,
    atMs: at,
    how: 'removed',
  });
});

test('a log that begins after the job did tells of what is left, and says that it is not whole', () => {
  const { attempts, whole } = historyOf(retry('j', { exitCode: 1 }), dispatch('j', 2), ack('j'));
  expect(whole).toBe(false);
  expect(attempts.map(({ attempt, startedMs, outcome }) => [attempt, startedMs, outcome])).toEqual([
    [undefined, undefined, 'failed'],
    [2, at, 'completed'],
  ]);
});

describe('what the job itself remembers when the log has forgotten all', () => {
  const remembered = (...events: QueueEvent[]) => {
    const job = machineOf(...events).get('j');
    if (job === undefined) throw new Error('no job');
    return rememberedAttempt(job);
  };

  test('is nothing before the first attempt', () => {
    expect(remembered(enqueue('j'))).toBeUndefined();
    expect(remembered(enqueue('j'), dead('j'))).toBeUndefined();
  });

  test('is its last attempt after that', () => {
    const failure = { reason: 'failed', exitCode: 2, error: 'no' };
    expect(remembered(enqueue('j'), dispatch('j'), retry('j', failure))).toMatchObject({
      outcome: 'failed',
      ...failure,
    });
    expect(remembered(enqueue('j'), dispatch('j'))).toMatchObject({ outcome: 'running', attempt: 1, dispatchSeq: 2 });
    expect(remembered(enqueue('j'), dispatch('j'), ack('j'))).toMatchObject({ outcome: 'completed', startedMs: at });
    expect(remembered(enqueue('j'), dispatch('j'), dead('j'))).toMatchObject({ outcome: 'dead', reason: 'attempts' });
  });
});
