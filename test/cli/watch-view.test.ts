import { describe, expect, test } from 'vitest';
import { watchView } from '../../src/cli/queue/watch-view.ts';
import { makeStyle } from '../../src/cli/style.ts';
import { columnsOf } from '../../src/cli/text.ts';
import { rowOfRecord } from '../../src/commands/event-row.ts';
import type { WatchFrame } from '../../src/commands/queue/watch.ts';
import type { QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { statusOf } from '../../src/queue/run/status.ts';
import type { QueueMachine } from '../../src/queue/state/machine.ts';
import { phaseOf } from '../../src/queue/state/phase.ts';
import { at, dispatch, enqueue, machineOf } from '../queue/support/machines.ts';

const plain = makeStyle(false);

function frameOf(machine: QueueMachine, more: Partial<WatchFrame> = {}): WatchFrame {
  const now = at + 5000;
  const context = { now, settings: machine.settings, runner: { epoch: 1 } };
  return {
    store: './.walq',
    atMs: now,
    status: statusOf(machine, { storeId: '', seqLast: 7, now, silentRunner: true }),
    running: [...machine.inFlight()].map((job) => ({ job, phase: phaseOf(job, context), progress: 0.4 })),
    events: [enqueue('one', { payload: Buffer.from('{"a":1}') }), dispatch('one')].map((event, index) =>
      rowOfRecord({ seq: index + 1, bytes: encodeEvent(event), file: '', offset: 0, afterHole: false }),
    ),
    perSecond: 12.345,
    verdict: 'clean',
    ...more,
  };
}

test('a frame shows counts by phase, what is in flight with its progress, and the last events', () => {
  const machine = machineOf(enqueue('one', { name: 'mail' }), dispatch('one'), enqueue('two'));
  expect(watchView(frameOf(machine), 14, 80, plain).map((line) => line.trimEnd())).toEqual([
    'walq queue  ./.walq                                          seq 7  16:00:05 UTC',
    '12 completed/s, oldest ready 5s, no runner',
    '',
    'ready 1   running 1   completed 0   dead 0',
    '',
    'IN FLIGHT  PHASE    TRY  FOR  NAME  PROGRESS',
    'one        running  1/3   5s  mail  ####......  40%',
    '',
    'LAST EVENTS',
    '16:00:00 [seq=1] ENQUEUE one  payload={"a":1}',
    '16:00:00 [seq=2] DISPATCH one  attempt=1 runner=000000000001',
    '',
    '',
    'q or Ctrl-C ends',
  ]);
});

test('pauses, damage and a runner that does not answer stand out', () => {
  const machine = machineOf({ type: 'PAUSE', id: '', at, name: 'mail' });
  const runnerError = { code: 'E_CONTROL_TIMEOUT', message: 'no answer' };
  const lines = watchView(frameOf(machine, { verdict: 'corrupt', runnerError }), 24, 80, plain).join('\n');
  expect(lines).toContain('paused: jobs named mail');
  expect(lines).toContain('CORRUPT');
  expect(lines).toContain('no answer');
});

describe.each([
  [40, 8],
  [80, 24],
  [200, 50],
])('on a terminal of %i columns and %i rows', (columns, rows) => {
  test('a frame has exactly the rows and never more than the columns, whatever the jobs are called', () => {
    const events: QueueEvent[] = [];
    for (let n = 0; n < 60; n++) {
      const id = `${'日本語'.repeat(n % 9)}-${'x'.repeat(n * 3)}-${n}`;
      events.push(enqueue(id, { name: `name\u001b[31m${n}`, group: 'g'.repeat(n) }), dispatch(id));
    }
    const rowsOf = events.map((event, index) =>
      rowOfRecord({ seq: index + 1, bytes: encodeEvent(event), file: '', offset: 0, afterHole: false }),
    );
    const machine = machineOf(...events);
    const store = `/a/${'long/'.repeat(60)}`;
    for (const style of [plain, makeStyle(true)]) {
      const lines = watchView(frameOf(machine, { events: rowsOf, store }), rows, columns, style);
      expect(lines).toHaveLength(rows);
      for (const line of lines) expect(columnsOf(line), line).toBeLessThanOrEqual(columns);
      expect(lines.join('')).not.toContain('\u001b[31m0');
      expect(lines.at(-1)).toContain('q or Ctrl-C ends');
    }
  });
});
