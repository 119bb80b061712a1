import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { QueueEvent } from '../../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../../src/queue/events/events.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { contents, damage, segments } from '../../cli/make-store.ts';
import { binary, scratch, walq } from '../../cli/run-walq.ts';
import { documentOf } from '../run/queue-cli.ts';
import { ack, at, dispatch, enqueue, prune, retry } from '../support/machines.ts';
import { storeOf } from './store-of.ts';

const farAway = at + 1e12;

/** One job in nearly every phase. */
const zoo: QueueEvent[] = [
  enqueue('mail-1', { name: 'mail', payload: Buffer.from('{"n":9007199254740993}') }),
  enqueue('mail-2', { name: 'mail', group: 'eu', priority: 5, runAt: farAway }),
  enqueue('child', { parents: ['mail-1'], key: 'once' }),
  enqueue('held', { name: 'held' }),
  enqueue('failing', { maxAttempts: 5 }),
  dispatch('failing'),
  retry('failing', { runAt: farAway, exitCode: 7, error: 'first line\nno such host' }),
  enqueue('taken'),
  dispatch('taken'),
  enqueue('done'),
  dispatch('done'),
  { ...ack('done'), at: at + 40 },
  enqueue('gave-up', { maxAttempts: 1 }),
  dispatch('gave-up'),
  { type: 'DEAD', id: 'gave-up', at: at + 50, reason: 'attempts', exitCode: 1, error: 'cannot \u001b[31mfly' },
  { type: 'PAUSE', id: '', at, name: 'held', reason: 'too hot' },
  { type: 'LIMIT', id: '', at, group: 'eu', concurrency: 2 },
];

async function queue(store: string, ...args: string[]) {
  return await walq(['--store', store, 'queue', ...args]);
}

test.each(['status', 'list', 'show x', 'logs x', 'wait x', 'export', 'watch'])(
  '%s of a file that is no store says what it is and what makes one of it',
  async (line) => {
    const folder = scratch();
    writeFileSync(`${folder}/events.log`, '[seq=1] ENQUEUE job_1\n');
    const { code, stdout, stderr } = await queue(`${folder}/events.log`, ...line.split(' '));
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('is a log of another system; this command needs a whole store [E_WRONG_TARGET]');
    expect(stderr).toContain(`next:  walq wal import --from ${folder}/events.log --store NEW, then name NEW`);
    writeFileSync(`${folder}/page.txt`, 'nothing of this kind');
    expect((await queue(`${folder}/page.txt`, ...line.split(' '))).code).not.toBe(74);
  },
);

describe('status', () => {
  test('tells phases, settings, health and the last opening', async () => {
    const ran = await queue(await storeOf(zoo), 'status');
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toContain('pending    5  1 ready, 1 scheduled, 1 retrying, 1 blocked, 1 paused, oldest ready');
    expect(ran.stdout).toContain('in flight  1  1 orphaned  the next runner takes them back');
    expect(ran.stdout).toMatch(/^runner {5}none$/m);
    expect(ran.stdout).toMatch(/^log {8}seq 17, OK$/m);
    expect(ran.stdout).toMatch(/^opened {5}.*as a new store$/m);
    expect(ran.stdout).toMatch(/^paused {5}jobs named held, for .*: too hot$/m);
    expect(ran.stdout).toMatch(/^limits {5}group eu: 2 at a time$/m);
    expect((await queue(await storeOf([]), 'status')).stdout).toMatch(/^opened {5}nobody has written to it yet$/m);
  });

  test('checks: every one is made, the failed ones are named with what was found, exit 1', async () => {
    const store = await storeOf(zoo);
    const good = await queue(store, 'status', '--check', 'dead==1', '--check', 'blocked < 2', '--check', 'ready>=1');
    expect([good.code, good.stderr]).toEqual([0, '']);
    const bad = await queue(store, 'status', '--check', 'dead==0', '--check', 'ready==1', '--check', 'oldest_ready<5m');
    expect(bad.code).toBe(1);
    expect(bad.stderr).toContain('check failed: dead==0: dead is 1 [E_CHECK]\n');
    expect(bad.stderr).toContain('check failed: oldest_ready<5m: oldest_ready is ');
    expect(bad.stderr).not.toContain('ready==1');
    const document = documentOf((await queue(store, 'status', '--json', '--check', 'dead==0')).stdout);
    expect(document).toMatchObject({
      exit: 1,
      checks: [{ check: 'dead==0', ok: false, found: [{ name: 'dead', value: 1 }] }],
    });
    const both = await queue(store, 'status', '--check', 'dead = 0 and oldest_ready < 5m or jobs < 5');
    expect(both.code).toBe(1);
    expect(both.stderr).toMatch(/: dead is 1, oldest_ready is \d+d.*, jobs is 8 \[E_CHECK\]\n/);
    const wrong = await queue(store, 'status', '--check', 'deed = 0');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("--check: character 1: there is no field 'deed'; did you mean dead or delayed?");
    expect(wrong.stderr).toContain('\n  deed = 0\n  ^^^^\nfields: blocked ');
  });

  test('damage is worse than a failed check', async () => {
    const store = await storeOf(zoo);
    damage(segments(store)[0] ?? '', 400);
    const ran = await queue(store, 'status', '--check', 'dead==0');
    expect(ran.code).toBe(3);
    expect(ran.stdout).toContain('CORRUPT');
  });

  test('a crash that was found is told, and how the rate of completion is', async () => {
    const store = await storeOf(zoo);
    const document = documentOf((await queue(store, 'status', '--json')).stdout);
    expect(document.opening).toMatchObject({ after: 'creation' });
    const rates = document.rates as { windowMs: number; completed: number }[];
    expect(rates.map((rate) => [rate.windowMs, rate.completed])).toEqual([
      [60_000, 0],
      [300_000, 0],
    ]);
  });
});

describe('list', () => {
  test('gives each job its phase and what it waits for', async () => {
    const { stdout } = await queue(await storeOf(zoo), 'list', '-o', 'text');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('  ')[0]?.replace(/in [^ ,]+/, 'in TIME'));
    expect(lines).toEqual([
      'mail-1 ready',
      'mail-2 scheduled in TIME',
      'child blocked after mail-1',
      'held paused jobs named held: too hot',
      'failing retrying in TIME, after failed',
      'taken orphaned runner 000000000001 is gone',
      'done completed',
      'gave-up dead attempts',
    ]);
  });

  test('filters, sorts, limits, and prints ids alone', async () => {
    const store = await storeOf(zoo);
    const ids = async (...args: string[]) =>
      (await queue(store, 'list', '--ids', ...args)).stdout.split('\n').join(' ');
    expect(await ids('--state', 'pending', '--sort', 'priority')).toBe('mail-2 mail-1 child held failing ');
    expect(await ids('--phase', 'blocked,dead')).toBe('child gave-up ');
    expect(await ids('--name', 'mail', '--group', 'eu')).toBe('mail-2 ');
    expect(await ids('--key', 'once')).toBe('child ');
    expect(await ids('--id-prefix', 'mail-', '-r')).toBe('mail-2 mail-1 ');
    expect(await ids('-n', '2')).toBe('mail-1 mail-2 ');
    const none = await queue(store, 'list', '--state', 'dead', '--name', 'mail');
    expect([none.code, none.stderr]).toEqual([1, 'no job matches [E_NO_MATCH]\n']);
    expect((await queue(store, 'list', '--state', 'deadd')).code).toBe(2);
    for (const form of [['-o', 'json'], ['-o', 'csv'], ['--json']]) {
      const both = await queue(store, 'list', '--ids', ...form);
      expect(both.code).toBe(2);
      expect(both.stdout + both.stderr).toMatch(/--ids.*(-o, --output|--json)/);
    }
  });

  test('machines get every form: one document, lines with a summary, cells', async () => {
    const store = await storeOf(zoo);
    const document = documentOf((await queue(store, 'list', '--json')).stdout);
    expect(document).toMatchObject({ walq: 1, kind: 'queue.list', seq: 17, shown: 8, verdict: 'clean', exit: 0 });
    const jobs = document.jobs as Record<string, unknown>[];
    expect(jobs[3]).toMatchObject({ id: 'held', status: 'pending', phase: 'paused', pausedBy: { reason: 'too hot' } });
    const lines = (await queue(store, 'list', '-o', 'ndjson')).stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(9);
    expect(lines[0]).toContain('"payload":{"n":9007199254740993}');
    expect(JSON.parse(lines[8] ?? '')).toMatchObject({ walq: 1, kind: 'queue.list', summary: { shown: 8 } });
    const cells = (await queue(store, 'list', '-o', 'csv', '--name', 'mail')).stdout.split('\n');
    expect(cells[0]).toMatch(/^id,state,phase,name,/);
    expect(cells[1]).toMatch(/^mail-1,pending,ready,mail,.*"\{""n"":9007199254740993\}"$/);
  });

  test('a reader that has seen enough is no failure', async () => {
    const jobs = Array.from({ length: 3000 }, (_, n) => enqueue(`job-${n}-${'x'.repeat(100)}`));
    const store = await storeOf([], async (open) => {
      await open.append(packed(jobs.map(encodeEvent)));
    });
    const line = `"${process.execPath}" "${binary}" --store "${store}" queue list --ids | head -1; echo "\${PIPESTATUS[0]}"`;
    const output = await new Promise<string>((resolve, reject) =>
      execFile('bash', ['-c', line], (error, stdout, stderr) => (error ? reject(error) : resolve(stdout + stderr))),
    );
    expect(output).toBe(`job-0-${'x'.repeat(100)}\n0\n`);
  });
});

describe('dead', () => {
  test('list says when and why, with the last line of what was printed, escaped; none is no failure', async () => {
    const ran = await queue(await storeOf(zoo), 'dead', 'list');
    expect(ran.stdout.split('\n')[1]).toMatch(/^gave-up\tdefault\t20\S+Z\t1\/1\tattempts\t1\tcannot \\x1b\[31mfly$/);
    const none = await queue(await storeOf([enqueue('a')]), 'dead', 'list');
    expect([none.code, none.stdout.trimEnd().split('\n').length]).toEqual([0, 1]);
  });

  test('show is for dead jobs only', async () => {
    const store = await storeOf(zoo);
    expect((await queue(store, 'dead', 'show', 'gave-up')).stdout).toContain('all attempts are used up (1 of 1)');
    const wrong = await queue(store, 'dead', 'show', 'done');
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('[E_JOB_STATE]');
  });
});

test('events are those of wal inspect, with ranges and filters', async () => {
  const store = await storeOf(zoo);
  expect((await queue(store, 'events')).stdout).toBe((await walq(['wal', 'inspect', store])).stdout);
  expect((await queue(store, 'events', '-2..')).stdout).toMatch(/^\[seq=16\] PAUSE.*\n\[seq=17\] LIMIT.*\n$/);
  expect((await queue(store, 'events', '--job', 'failing', '--type', 'retry')).stdout).toMatch(
    /^\[seq=7\] RETRY failing/,
  );
  expect((await queue(store, 'events', '5..1')).code).toBe(2);
  expect((await walq(['queue', 'events'], { cwd: scratch() })).stderr).toContain('[E_NO_STORE]');
});

describe('logs', () => {
  const file = (id: string, seq: number, attempt: number) =>
    `${createHash('sha256').update(id).digest('hex').slice(0, 16)}-${seq}-${attempt}.log`;

  test('are those of every attempt, oldest first, or of one, byte for byte', async () => {
    const store = await storeOf(zoo);
    mkdirSync(`${store}/logs`);
    const bytes = Buffer.from([0x61, 0xff, 0x1b, 0x0a]);
    writeFileSync(`${store}/logs/${file('failing', 60, 2)}`, bytes);
    writeFileSync(`${store}/logs/${file('failing', 6, 1)}`, 'no such host');
    const all = await queue(store, 'logs', 'failing');
    expect(all.stdout).toContain('==> attempt 1, seq 6 <==\nno such host\n\n==> attempt 2, seq 60 <==\na');
    expect((await queue(store, 'logs', 'failing', '--attempt', '1')).stdout).toBe('no such host');
    const followed = await queue(store, 'logs', 'failing', '--attempt', '1', '-f');
    expect([followed.code, followed.stdout.split('\n').at(-1)]).toEqual([0, 'no such host']);
    expect((await queue(store, 'logs', 'failing', '--attempt', '3')).stderr).toContain('1, 2 has [E_NO_MATCH]');
    expect((await queue(store, 'logs', 'nobody')).stderr).toContain('[E_JOB_UNKNOWN]');
    const how = `\noutput    walq --store ${store} queue logs failing\n`;
    expect((await queue(store, 'show', 'failing')).stdout).toContain(how);
    const silent = await queue(store, 'logs', 'done');
    expect([silent.code, silent.stdout]).toEqual([0, '']);
  });
});

describe('export', () => {
  test('is one line a job and nothing else, and enqueue takes it into another queue', async () => {
    const store = await storeOf(
      zoo.filter((event) => event.type !== 'ENQUEUE' || (event.parents === undefined && event.group === '')),
    );
    const exported = await queue(store, 'export', '--state', 'pending');
    const lines = exported.stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).id)).toEqual(['mail-1', 'held', 'failing']);
    const other = `${scratch()}/store`;
    const taken = await walq(['--store', other, 'queue', 'enqueue', '-f', '-'], { input: exported.stdout });
    expect(taken.code, taken.stderr).toBe(0);
    const again = await queue(other, 'export');
    const without = (text: string) => text.replace(/,"(was|state|at)":.*$/gm, '');
    expect(without(again.stdout)).toBe(without(exported.stdout));
  });

  test('tells of a damaged store what lies before the damage, and exits with 3', async () => {
    const store = await storeOf(zoo);
    damage(segments(store)[0] ?? '', 400);
    const ran = await queue(store, 'export');
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain('CORRUPT');
  });
});

test('none of them writes a byte or touches a file', async () => {
  const store = await storeOf([...zoo, prune(['done'])], (open) => open.checkpoint());
  const look = () => {
    const names = readdirSync(store, { recursive: true, encoding: 'utf8' });
    return { files: contents(store), times: names.map((name) => [name, statSync(`${store}/${name}`).mtimeMs]) };
  };
  const before = look();
  for (const args of [
    ['status', '--check', 'dead==1'],
    ['list'],
    ['show', 'gave-up'],
    ['show', 'done'],
    ['events'],
    ['logs', 'held'],
    ['wait', 'gave-up'],
    ['wait', '--timeout', '0'],
    ['export'],
    ['dead', 'list'],
    ['dead', 'show', 'gave-up'],
  ]) {
    const ran = await queue(store, ...args);
    expect([0, 1], `${args.join(' ')}: ${ran.stderr}`).toContain(ran.code);
  }
  expect(look()).toEqual(before);
});

test('a store that is not there is named with the next command, exit 1, and is not made', async () => {
  const dir = scratch();
  for (const args of [
    ['status'],
    ['list'],
    ['show', 'a'],
    ['events'],
    ['logs', 'a'],
    ['wait'],
    ['watch'],
    ['export'],
  ]) {
    const ran = await queue(`${dir}/none`, ...args);
    expect([ran.code, args[0]]).toEqual([1, args[0]]);
    expect(ran.stderr).toMatch(/\[E_NO_STORE\]\n(next: .*\n)$/);
  }
  expect(readdirSync(dir)).toEqual([]);
});
