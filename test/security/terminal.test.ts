import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { Output } from '../../src/cli/output.ts';
import { enqueueDefaults, type QueueEvent } from '../../src/queue/events/event-types.ts';
import { type Ran, walq } from '../cli/run-walq.ts';
import { storeOf } from '../queue/cli/store-of.ts';
import { tried } from '../support/tried.ts';

/** What stands in a log may come from anybody: none of it may steer the terminal of who looks at it. */

const marks = {
  escape: '\u001b]0;owned\u0007',
  csi: '\u009b31m',
  line: '\nFORGED',
  tab: '\tTAB',
  bidi: '\u202eevil',
  del: '\u007f',
};
const hostile = (what: string): string => `${what}${Object.values(marks).join('')}`;
const at = Date.UTC(2026, 8, 1, 3);
const json = (text: string): Uint8Array => Buffer.from(JSON.stringify({ text }));

/** Every text that an event can carry, hostile; and jobs in every state. */
const events: QueueEvent[] = [
  { type: 'PAUSE', id: '', at, name: hostile('paused'), reason: hostile('why') },
  { type: 'LIMIT', id: '', at, group: hostile('group'), concurrency: 2 },
  {
    type: 'SCHEDULE',
    id: hostile('schedule'),
    at,
    rule: { kind: 'every', everyMs: 10 ** 9 },
    missed: 'one',
    template: { ...enqueueDefaults, name: hostile('name'), payload: json(hostile('p')) },
    expiresAfterMs: 0,
  },
  ...['pending', 'leased', 'dead', 'done', 'retried', 'ran'].map(
    (id): QueueEvent => ({
      type: 'ENQUEUE',
      id: hostile(id),
      at,
      from: hostile('from'),
      ...enqueueDefaults,
      name: hostile('name'),
      group: hostile('group'),
      key: hostile(`key-${id}`),
      payload: json(hostile('payload')),
      runAt: at,
      ...(id === 'ran' && { command: [hostile('program'), hostile('argument')] }),
    }),
  ),
  {
    type: 'ENQUEUE',
    id: hostile('child'),
    at,
    ...enqueueDefaults,
    name: 'x',
    runAt: at,
    parents: [hostile('pending')],
  },
  ...['leased', 'dead', 'done', 'retried'].map(
    (id): QueueEvent => ({
      type: 'DISPATCH',
      id: hostile(id),
      at,
      attempt: 1,
      owner: { kind: 'lease', token: hostile(`worker-${id}`), deadlineMs: at + 10 ** 12 },
    }),
  ),
  {
    type: 'DEAD',
    id: hostile('dead'),
    at,
    reason: hostile('reason'),
    error: hostile('error'),
    signal: 'SIG\u001b[31m\nFORGED',
  },
  {
    type: 'RETRY',
    id: hostile('retried'),
    at,
    runAt: at,
    reason: hostile('reason'),
    refund: false,
    reset: false,
    error: hostile('error'),
  },
  { type: 'ACK', id: hostile('done'), at, durationMs: 5, result: json(hostile('result')) },
];

const ids = ['pending', 'leased', 'dead', 'done', 'retried', 'child'].map(hostile);

/** Commands that read, with the exit codes that they may have. */
const readers: readonly (readonly string[])[] = [
  ['queue', 'status'],
  ['queue', 'list'],
  ['queue', 'dead', 'list'],
  ['queue', 'events'],
  ['queue', 'schedule', 'list'],
  ['queue', 'limit'],
  ...ids.flatMap((id) => [
    ['queue', 'show', id],
    ['queue', 'logs', id],
    ['queue', 'wait', id, '--timeout', '10ms'],
  ]),
  ['wal', 'inspect'],
  ['wal', 'inspect', '-o', 'table'],
  ['wal', 'inspect', '-r'],
  ['wal', 'inspect', '--job', hostile('done')],
  ['wal', 'inspect', '-o', 'csv'],
  ['wal', 'inspect', '--where', `exists error and error contains ${JSON.stringify(marks.escape)}`],
  ['queue', 'list', '--where', 'status = dead or exists lease'],
  ['queue', 'status', '--check', 'dead = 0 '.padEnd(20, '\t\n')],
  ['wal', 'bisect', '--where', 'dead > 0'],
  ['wal', 'bisect', '--where', `reason = "${hostile('reason')}" and exists error`, '--job', hostile('dead')],
  ['wal', 'bisect', '--run', `: "${marks.escape}"; test $WALQ_SEQ -lt 9`],
  ['wal', 'verify'],
  ['wal', 'replay'],
  ['wal', 'replay', '-o', 'table'],
  ['snapshot', 'list'],
  ['snapshot', 'show'],
  ['snapshot', 'verify'],
];

/** Commands that change something; an id that no job has comes first, so that every complaint is heard. */
const writers: readonly (readonly string[])[] = [
  ['queue', 'show', hostile('nobody')],
  ['queue', 'cancel', hostile('nobody')],
  ['queue', 'update', hostile('pending'), '--priority', '3'],
  ['queue', 'promote', hostile('retried')],
  ['queue', 'cancel', hostile('pending')],
  ['queue', 'retry', hostile('dead')],
  ['queue', 'extend', hostile('worker-leased'), '5m'],
  ['queue', 'fail', hostile('worker-leased'), '--error', hostile('error')],
  ['queue', 'ack', hostile('nothing')],
  ['queue', 'rm', hostile('done')],
  ['queue', 'enqueue', hostile('name'), '--id', hostile('new'), '-d', '{}'],
  ['queue', 'enqueue', 'mail', '-d', hostile('{')],
  ['queue', 'enqueue', 'mail', '--group', hostile('g')],
  ['queue', 'pause', '--name', hostile('paused')],
  ['queue', 'resume', '--name', hostile('paused')],
  ['queue', 'schedule', 'rm', hostile('schedule')],
  ['queue', 'schedule', 'add', hostile('s'), '--cron', hostile('* * * * *')],
  ['queue', 'limit', '--group', hostile('group'), '--concurrency', '1'],
  ['queue', 'prune', '--older', hostile('7d')],
  ['queue', hostile('no-command')],
  ['wal', 'inspect', hostile('5m ago')],
  ['wal', 'inspect', '--where', `${hostile('no_field')} = 1`],
  ['wal', 'inspect', '--where', `seq = "${hostile('no number')}"`],
  ['wal', 'inspect', '--where', `error ~ "${hostile('(pattern')}"`],
  ['queue', 'status', '--check', `dead = 0 and ${hostile('x')}`],
  ['wal', 'inspect', hostile('/no/such/path')],
  ['help', hostile('E_CODE')],
  ['snapshot', 'create'],
  ['wal', 'compact', '--keep', '1'],
];

/** Raw bytes that a terminal obeys, and signs that a mark came through: not escaped, but as it is. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are looked for
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|\tTAB|^FORGED/m;

function faultsOf(args: readonly string[], { stdout, stderr, code }: Ran): string[] {
  const raw = [stdout, stderr].flatMap((text) => {
    const at = text.search(obeyed);
    return at < 0 ? [] : [text.slice(Math.max(0, at - 60), at + 60)];
  });
  if (code === 70) raw.push(stderr);
  return raw.map((text) => `${JSON.stringify(args)}: ${JSON.stringify(text)}`);
}

const makeHostileStore = () => storeOf(events, (store) => store.checkpoint({ clean: false }));

test('no command that reads shows a control character of a job, an error or a setting', async (context) => {
  const store = await makeHostileStore();
  const outcomes = { 'shown escaped': 0 };
  const wrong: string[] = [];
  let shown = 0;
  for (const args of readers) {
    const ran = await walq(['--store', store, ...args]);
    wrong.push(...faultsOf(args, ran));
    if (ran.code === 2) wrong.push(`${args.join(' ')}: ${ran.stderr}`);
    if (ran.stdout.includes('owned')) shown++;
    outcomes['shown escaped']++;
  }
  expect(wrong).toEqual([]);
  expect(shown).toBeGreaterThan(15);
  tried(context, 'hostile-text', outcomes);
});

test('data in a pipe holds no control character that JSON forbids, and on a terminal none', async () => {
  const store = await makeHostileStore();
  for (const args of [
    ['queue', 'export'],
    ['wal', 'replay', '-o', 'document'],
    ['queue', 'list', '-o', 'ndjson'],
  ]) {
    const { stdout } = await walq(['--store', store, ...args]);
    expect(
      stdout.split('\n').every((line) => !/[^\P{Cc}\u007f-\u009f]/u.test(line)),
      args.join(' '),
    ).toBe(true);
    let shown = '';
    const terminal = new Writable({
      write(chunk, _encoding, done) {
        shown += String(chunk);
        done();
      },
    });
    const out = new Output(Object.assign(terminal, { isTTY: true }));
    await out.write(stdout);
    await out.flush();
    expect(shown.search(obeyed), args.join(' ')).toBe(-1);
    const values = (text: string): unknown[] =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    expect(values(shown)).toEqual(values(stdout));
  }
});

test('no command that changes or refuses shows a control character of its arguments', async (context) => {
  const store = await makeHostileStore();
  const outcomes = { 'refused or shown escaped': 0 };
  const wrong: string[] = [];
  for (const args of writers) {
    wrong.push(...faultsOf(args, await walq(['--store', store, ...args])));
    outcomes['refused or shown escaped']++;
  }
  expect(wrong).toEqual([]);
  tried(context, 'hostile-text', outcomes);
});
