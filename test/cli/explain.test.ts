import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { storeOf } from '../queue/cli/store-of.ts';
import { ack, at, dispatch, enqueue, prune, retry } from '../queue/support/machines.ts';
import { contents, raftLine } from './make-store.ts';
import { scratch, walq } from './run-walq.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
const later = <T extends QueueEvent>(event: T, ms: number): T => ({ ...event, at: at + ms });

/** Job j of a store: two attempts, a pause between them, a parent before. */
const life = [
  enqueue('p'),
  enqueue('j', { name: 'mail', parents: ['p'], maxAttempts: 5 }),
  later(dispatch('p'), 100),
  later(ack('p'), 300),
  later(dispatch('j'), 400),
  later(retry('j', { runAt: at + 1000, exitCode: 1, error: 'exit 1: no route' }), 500),
  later({ type: 'PAUSE', id: '', at, name: 'mail', reason: 'down' }, 1200),
  later({ type: 'RESUME', id: '', at, name: 'mail' }, 1500),
  later(dispatch('j', 2), 1600),
  later(ack('j'), 1700),
];
const iso = (ms: number) => new Date(at + ms).toISOString();

async function inspect(...args: string[]) {
  return await walq(['wal', 'inspect', ...args, '--explain']);
}

async function documentOf(code: number, ...args: string[]) {
  const ran = await inspect(...args, '--json');
  expect({ args, code: ran.code }, ran.stderr).toEqual({ args, code });
  return JSON.parse(ran.stdout);
}

describe('the life of a job', () => {
  test('is a timeline with what others did to it, where the time went, and its attempts', async () => {
    const store = await storeOf(life);
    const { stdout, stderr, code } = await inspect(store, '--job', 'j');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [head = '', timeline = '', attempts = ''] = stdout.split('\n\n');
    expect(head).toMatch(/^job {5}j {2}mail\nstate {3}completed: done \S+ \(.* ago\)\nspent .*$/);
    expect(head).toContain(
      'spent   in flight 200ms; waited 300ms for other jobs, 500ms for a retry, 300ms paused, 400ms for a worker; 1.7s in all',
    );
    expect(timeline.split('\n')).toEqual([
      'timeline',
      '  TIME\tSINCE\tSEQ\tEVENT\tTRY\tWHAT',
      `  ${iso(0)}\t\t2\tENQUEUE\t\tas mail, 5 attempts, after p`,
      `  ${iso(300)}\t+300ms\t4\t(ACK)\t\tparent p completed`,
      `  ${iso(400)}\t+100ms\t5\tDISPATCH\t1\tbegun by runner 000000000001`,
      `  ${iso(500)}\t+100ms\t6\tRETRY\t1\tfailed: exit 1: no route; again in 500ms`,
      `  ${iso(1200)}\t+700ms\t7\t(PAUSE)\t\tjobs named mail paused: down`,
      `  ${iso(1500)}\t+300ms\t8\t(RESUME)\t\tjobs named mail resumed`,
      `  ${iso(1600)}\t+100ms\t9\tDISPATCH\t2\tbegun by runner 000000000001`,
      `  ${iso(1700)}\t+100ms\t10\tACK\t2\tcompleted`,
    ]);
    expect(attempts).toContain(
      `  1\t${iso(400)}\t400ms\t100ms\tfailed: exit 1\t000000000001\t500ms later\n      | exit 1: no route\n`,
    );
    expect(attempts).toContain(`  2\t${iso(1600)}\t1.1s\t100ms\tcompleted\t000000000001\t\n`);
  });

  test('knows nothing of what an earlier job of this id waited for', async () => {
    const removed = later({ type: 'REMOVE', id: 'j', at }, 10);
    const again = later(enqueue('j', { runAt: at + 20 }), 20);
    const parent = [later(dispatch('p'), 30), later(ack('p'), 50)];
    const store = await storeOf([...life.slice(0, 2), removed, again, ...parent, later(dispatch('j'), 60)]);
    const { timeline, spent } = await documentOf(0, store, '--job', 'j');
    expect(timeline.map(({ type }: { type: string }) => type)).toEqual(['ENQUEUE', 'DISPATCH']);
    expect(spent).toMatchObject({ blockedMs: 0, readyMs: 40 });
  });

  test('is the same by queue show and by wal inspect', async () => {
    const store = await storeOf(life.slice(0, 6));
    const [shown, inspected] = [
      await walq(['--store', store, 'queue', 'show', 'j', '--explain', '--json']),
      await inspect(store, '--job', 'j', '--json'),
    ].map(({ stdout }) => ({ ...JSON.parse(stdout), atMs: 0, spent: 0 }));
    expect(shown).toEqual(inspected);
    expect(shown).toMatchObject({
      walq: 1,
      kind: 'job.explain',
      live: true,
      state: 'pending',
      reason: { kind: 'no-runner' },
      steps: [{ command: `walq --store ${store} queue run --exec CMD` }],
      timeline: [{ seq: 2 }, { seq: 4, around: true }, { seq: 5, attempt: 1 }, { seq: 6, attempt: 1, sinceMs: 100 }],
      exit: 0,
    });
  });

  test('goes up to any point, and says what held the job then', async () => {
    const store = await storeOf(life);
    const reasonAt = async (...range: string[]) => {
      const { reason, seq, live, state, steps } = await documentOf(0, store, ...range, '--job', 'j');
      expect(steps[0]?.command ?? '').toBe(live ? '' : `walq --store ${store} queue show --explain j`);
      return [seq, state, reason.kind, reason.text];
    };
    expect(await reasonAt('3')).toEqual([3, 'pending', 'blocked', 'waits for its parent p (running)']);
    expect(await reasonAt('..4')).toEqual([
      4,
      'pending',
      'free',
      'free to be taken: nothing that the log tells held it back',
    ]);
    expect((await reasonAt('5')).slice(1, 3)).toEqual(['in_flight', 'running']);
    expect(await reasonAt(iso(600))).toEqual([
      6,
      'pending',
      'retrying',
      `waits for a retry at ${iso(1000)} (in 500ms), attempt 2 of 5, after exit 1`,
    ]);
    expect((await reasonAt('7')).slice(2)).toEqual([
      'paused',
      `jobs named mail paused since ${iso(1200)} (0s ago) (down)`,
    ]);
    expect((await reasonAt('@tail')).slice(0, 3)).toEqual([10, 'completed', 'completed']);
    expect((await inspect(store, '1', '--job', 'j')).stderr).toContain(`there is no job j in ${store} up to seq 1`);
  });

  test('of a job that is gone ends with 1, and tells how it went', async () => {
    const store = await storeOf([...life, prune(['j'])]);
    const { stdout, stderr, code } = await inspect(store, '--job', 'j');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^state {3}gone: pruned at seq 11, /m);
    expect(stdout).toMatch(/\t11\tPRUNE\t\tforgotten: pruned$/m);
    expect(stdout).toMatch(/\t4\t\(ACK\)\t\tparent p completed$/m);
    expect(stderr).toBe('job j is not in the queue any more [E_JOB_UNKNOWN]\n');
  });

  test('of a job that another replaced by its key names that one, where one write says both', async () => {
    const remove: QueueEvent = { type: 'REMOVE', id: 'a', at };
    const heir = (id: string, key = 'k') => encodeEvent(enqueue(id, { key }));
    const store = await storeOf([enqueue('a', { key: 'k' })], async (open) => {
      await open.append(packed([encodeEvent(remove), heir('other', 'l'), heir('b')]));
    });
    const { stdout } = await inspect(store, '--job', 'a');
    expect(stdout).toMatch(/^state {3}gone: replaced by b, which has the same key, at seq 2, /m);
    expect(stdout).toMatch(/\t2\tREMOVE\t\treplaced by b, which has the same key$/m);
    const { departure } = await documentOf(1, store, '--job', 'a');
    expect(departure).toEqual({ seq: 2, atMs: at, how: 'removed', replacedBy: 'b' });
    const byHand = await storeOf([enqueue('a', { key: 'k' }), remove, enqueue('b', { key: 'k' })]);
    expect((await inspect(byHand, '--job', 'a')).stdout).toMatch(/\t2\tREMOVE\t\tremoved from the queue$/m);
  });

  test('of a job that was removed ends with it, whatever was paused later', async () => {
    const events: QueueEvent[] = [
      enqueue('a'),
      { type: 'REMOVE', id: 'a', at },
      { type: 'PAUSE', id: '', at },
      { type: 'RESUME', id: '', at },
    ];
    const { timeline } = await documentOf(1, await storeOf(events), '--job', 'a');
    expect(timeline.map(({ type }: { type: string }) => type)).toEqual(['ENQUEUE', 'REMOVE']);
  });

  test('says what compaction has removed, and what it is known from', async () => {
    const events = life.slice(0, 6);
    const store = await storeOf(events, async (open) => {
      await open.rotate();
      await open.checkpoint({ keep: 1 });
    });
    const { stdout } = await inspect(store, '--job', 'j');
    expect(stdout).toContain(
      '  events before seq 7 are cleaned away; what is known of that time comes from snapshots/00000000000000000006.snap (1 attempt in all)\n',
    );
    expect(stdout).toContain('attempt 2 of 5, after exit 1');
    expect(stdout).toMatch(/500ms that the log does not tell of/);
    expect(await documentOf(0, store, '--job', 'j')).toMatchObject({
      log: { begins: 7, whole: false, snapshot: { seq: 6 } },
      timeline: [],
      attempts: [{ outcome: 'failed', exitCode: 1 }],
    });
  });

  test('says which part of a damaged log is missing in it, and never ends with 0', async () => {
    const { stdout, stderr, code } = await inspect(join(fixtures, 'missing-segment'), '--job', 'job_4');
    expect(code).toBe(3);
    expect(stdout).toContain('seq 14..29 cannot be read: what they say of this job is missing');
    expect(stdout).toContain('1.5s that the log does not tell of');
    expect(stderr).toContain('E_MISSING_SEGMENT');
  });

  test('of a segment alone is what it holds, without a state', async () => {
    const dir = join(scratch(), 'store');
    cpSync(join(fixtures, 'clean'), dir, { recursive: true });
    const segment = join(dir, 'wal/0000000002-00000000000000000014.wal');
    rmSync(join(dir, 'STORE.json'));
    rmSync(join(dir, 'HEAD'));
    expect(await documentOf(0, segment, '--job', 'job_4')).toMatchObject({
      state: 'unknown',
      reason: { kind: 'unknown', text: expect.stringContaining('over at seq 22') },
      log: { begins: 14, whole: false },
    });
    expect((await inspect(segment, '--job', 'job_1')).code).toBe(1);
  });

  test('of a log of another system has what that tells, times or none', async () => {
    const log = join(scratch(), 'raft.log');
    const lines = ['ENQUEUE', 'DISPATCH', 'TIMEOUT', 'DISPATCH', 'DEAD'].map((type, index) =>
      raftLine(index + 1, type, 'job\u202e', at + index * 1000),
    );
    writeFileSync(log, lines.join(''));
    const { stdout, code } = await inspect(log, '--job', 'job\u202e');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^job {5}job\\u\{202e\}\nas of {3}seq 5, \S+, of \S+raft.log\nstate {3}dead: all attempts are used up \(2\)\n/,
    );
    expect(stdout).toMatch(/^ {2}1\t\S+\t1s\t1s\tfailed: timeout\t\t$/m);
    const at2 = await documentOf(0, log, '..3', '--job', 'job\u202e');
    expect(at2.attempts).toMatchObject([{ outcome: 'failed', reason: 'timeout' }]);
    expect(at2).toMatchObject({ seq: 3, state: 'pending', reason: { kind: 'timed-out' }, spent: { inFlightMs: 1000 } });
    const document = join(fixtures, 'document/events.log');
    const untimed = await inspect(document, '--job', 'job_2');
    expect(untimed.stdout).toMatch(/^state {3}completed: done$/m);
    expect(untimed.stdout).not.toContain('1970');
    expect(untimed.stdout).not.toContain('spent');
  });

  test('of an export goes up to a point whose time is that of its last change', async () => {
    const file = join(scratch(), 'log.ndjson');
    writeFileSync(file, (await walq(['wal', 'export', join(fixtures, 'clean')])).stdout);
    const { reason, atMs } = await documentOf(0, file, '18', '--job', 'job_4');
    expect(new Date(atMs).toISOString()).toBe('2026-09-01T03:00:02.875Z');
    expect(reason.kind).toBe('retrying');
    expect((await walq(['wal', 'diff', file, '10', '14'])).stdout).toContain(
      'before  seq 10  2026-09-01T03:00:02.000Z\n',
    );
  });

  test('keeps what a log says from the terminal', async () => {
    const esc = '\u001b]0;title\u0007';
    const store = await storeOf([
      enqueue('j', { name: 'n' }),
      dispatch('j'),
      { type: 'DEAD', id: 'j', at, reason: 'permanent', error: `bad ${esc}` },
    ]);
    const { stdout } = await inspect(store, '--job', 'j');
    expect(stdout).toContain('bad \\x1b]0;title\\x07');
    expect(stdout).not.toContain('\u001b');
  });

  test('writes nothing', async () => {
    const store = await storeOf(life);
    const before = contents(store);
    await inspect(store, '--job', 'j');
    await inspect(store, '5', '--job', 'j');
    expect(contents(store)).toEqual(before);
  });
});

describe('flags that cannot be meant together', () => {
  test.each([
    [[]],
    [['--job', 'a,b']],
    [['--job', 'a', '--type', 'ACK']],
    [['--job', 'a', '--grep', 'x']],
    [['--job', 'a', '-n', '1']],
    [['--job', 'a', '--where', 'job = a']],
    [['--job', 'a', '--until-match']],
    [['--job', 'a', '-r']],
    [['--job', 'a', '-f']],
    [['--job', 'a', '-o', 'csv']],
    [['--job', 'a', '2..3']],
    [['--job', 'a', '2..']],
  ])('%j is a usage error that says so', async (args) => {
    const [range, ...flags] = args.at(-1)?.includes('..') ? [args.at(-1) ?? '', ...args.slice(0, -1)] : ['', ...args];
    const ran = await inspect(join(fixtures, 'clean'), ...(range === '' ? [] : [range]), ...flags);
    expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^error: --(explain|output)/) });
  });
});
