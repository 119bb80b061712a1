import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { groupGone, until } from '../queue/process/helpers.ts';
import { contents, makeStore, segments } from './make-store.ts';
import { binary, folderForAll, scratch, walq } from './run-walq.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
const clean = join(fixtures, 'clean');
const foreign = join(fixtures, 'raft-recovery');

async function bisect(...args: string[]) {
  const ran = await walq(['wal', 'bisect', ...args]);
  return { ...ran, lines: ran.stdout.trimEnd().split('\n') };
}

describe('by an expression', () => {
  test('names the event, what it changed, the jobs it touched, and what the search has cost', async () => {
    const { code, lines, stderr } = await bisect(clean, '--where', 'completed > 5');
    expect(code, stderr).toBe(0);
    expect(lines).toEqual([
      'completed > 5 turned true at seq 26',
      'event     [seq=26] ACK job_7  duration=125ms result={"ok":true}',
      'time      2026-09-01T03:00:04.500Z',
      'before    completed is 5',
      'after     completed is 6',
      'touched   job_7 in flight -> completed',
      'searched  seq 1..38: 4 states asked, 26 events replayed; one change is assumed, --first looks at every event',
    ]);
    expect(stderr).toBe(`next: walq wal inspect ${clean} 16..36\n`);
  });

  test('asks one job with --job, and every event with --first', async () => {
    const ran = await bisect(clean, '--job', 'job_5', '--where', 'status = dead and exit = 65', '--first', '--json');
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      kind: 'wal.bisect',
      asked: { where: 'status = dead and exit = 65', job: 'job_5' },
      outcome: 'found',
      first: true,
      from: 1,
      to: 38,
      turn: {
        seq: 18,
        event: { seq: 18, type: 'DEAD', job: 'job_5', exitCode: 65, offset: 320 },
        touched: [{ id: 'job_5', before: 'in_flight', after: 'dead' }],
        touchedCount: 1,
        before: [{ name: 'status', value: 'in_flight' }, { name: 'exit' }],
        after: [
          { name: 'status', value: 'dead' },
          { name: 'exit', value: 65 },
        ],
      },
      probes: [],
      replayed: 38,
      exit: 0,
    });
  });

  test('within a range, with exit 1 for what never holds there or held before', async () => {
    expect((await bisect(clean, '20..30', '--where', 'completed >= 6')).lines[0]).toContain('at seq 26');
    const never = await bisect(clean, '..25', '--where', 'completed >= 6');
    expect([never.code, never.lines[0]]).toEqual([1, 'completed >= 6 does not hold at seq 25: completed is 5']);
    const before = await bisect(clean, '27..', '--where', 'completed >= 6');
    expect([before.code, before.lines[0]]).toEqual([
      1,
      'completed >= 6 holds already at seq 26, before the range: completed is 6',
    ]);
    const always = await bisect(clean, '--where', 'jobs >= 0');
    expect(always.lines[0]).toBe('jobs >= 0 holds already before the first event: jobs is 0');
    const unknown = await bisect(clean, '--job', 'nobody', '--where', 'status != dead');
    expect([unknown.code, unknown.lines[0]]).toEqual([
      1,
      'nobody: status != dead does not hold at seq 38: id is not there',
    ]);
  });

  test('of other logs, and of one that comes through a pipe, looks at every event', async () => {
    const raft = await bisect(join(foreign, 'torn.log'), '--where', 'completed > 1');
    expect(raft.code).toBe(4);
    expect(raft.lines.slice(0, 2)).toEqual(['completed > 1 turned true at seq 15', 'event     [seq=15] ACK job-2']);
    const text = await bisect(join(fixtures, 'document', 'events.log'), '--where', 'completed >= 1');
    expect(text.stdout).toContain('event     [seq=3] ACK job_1\nbefore ');
    const input = readFileSync(segments(clean)[0] ?? '');
    const piped = await walq(['wal', 'bisect', '-', '--where', 'completed > 2'], { input });
    expect(piped).toMatchObject({ code: 0, stderr: '' });
    expect(piped.stdout).toContain('turned true at seq 11\nevent     [seq=11] ACK job_2');
    const { stdout: exported } = await walq(['wal', 'export', clean]);
    const again = await walq(['wal', 'bisect', '-', '--where', 'dead > 0'], { input: exported });
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toContain('turned true at seq 18\nevent     [seq=18] DEAD job_5');
    const middle = await bisect(join(foreign, 'wal.log'), '5..', '--where', 'dead > 0');
    expect([middle.code, middle.stderr]).toEqual([2, expect.stringContaining('only an end can be given')]);
  });

  test('what a state alone cannot tell is refused, with the fields there are', async () => {
    const aged = await bisect(clean, '--where', 'oldest_ready > 5m');
    expect([aged.code, aged.stderr]).toEqual([2, expect.stringContaining('it depends on more than the state')]);
    const job = await bisect(clean, '--job', 'job_1', '--where', 'phase = ready');
    expect([job.code, job.stderr]).toEqual([2, expect.stringContaining('it changes while nothing happens to the job')]);
    const typo = await bisect(clean, '--where', 'deaf > 1');
    expect([typo.code, typo.stderr]).toEqual([2, expect.stringContaining('did you mean dead')]);
  });
});

describe('by a command', () => {
  test('exit 0 is good, 1 to 127 bad: it finds what the expression finds, in as few steps as halving', async () => {
    const { code, stdout, stderr } = await bisect(clean, '--run', 'grep -q \'"dead":0\' || exit 3', '--json');
    expect(code, stderr).toBe(0);
    const { turn, probes } = JSON.parse(stdout);
    expect(turn).toMatchObject({ seq: 18, touched: [{ id: 'job_5' }], event: { type: 'DEAD' } });
    expect(probes.slice(0, 4)).toMatchObject([
      { seq: 38, answer: 'bad', exit: 3 },
      { seq: 0, answer: 'good', exit: 0 },
      { seq: 31, answer: 'bad', replayed: 0, snapshot: 31 },
      { seq: 12, answer: 'good', replayed: 0, snapshot: 12 },
    ]);
    expect(probes.length).toBeLessThanOrEqual(4 + 5);
    expect(stderr).toMatch(/^seq 12: good \(exit 0\), about \d more to ask$/m);
  });

  test('gets the state as replay writes it, on standard input and in a file, its seq and the store', async () => {
    const cwd = scratch();
    const keep =
      'cat > "in-$WALQ_SEQ"; cp "$WALQ_STATE" "file-$WALQ_SEQ"; echo "$WALQ_STORE" > store; test $WALQ_SEQ -lt 7';
    const ran = await walq(['wal', 'bisect', clean, '--run', `${keep}`], { cwd });
    expect(ran.stdout).toContain('turned bad at seq 7\n');
    const asked = readdirSync(cwd).flatMap((name) => (name.startsWith('in-') ? [name.slice(3)] : []));
    expect(asked.length).toBeGreaterThan(4);
    for (const seq of asked) {
      const text = readFileSync(join(cwd, `in-${seq}`), 'utf8');
      expect(readFileSync(join(cwd, `file-${seq}`), 'utf8')).toBe(text);
      const { stdout } = await walq(['wal', 'replay', clean, '--until', seq, '--json']);
      expect(JSON.parse(text)).toEqual(JSON.parse(stdout));
    }
    expect(readFileSync(join(cwd, 'store'), 'utf8')).toBe(`${clean}\n`);
  });

  test('125 skips a state: what cannot be told apart is said', async () => {
    const some = await bisect(clean, '--run', 'test $WALQ_SEQ = 16 && exit 125; test $WALQ_SEQ -lt 18');
    expect([some.code, some.lines[0]]).toEqual([0, expect.stringContaining('turned bad at seq 18')]);
    const all = await bisect(
      clean,
      '--run',
      'test $WALQ_SEQ -gt 13 -a $WALQ_SEQ -lt 20 && exit 125; test $WALQ_SEQ -lt 16',
    );
    expect(all.code).toBe(1);
    expect(all.lines[0]).toContain('turned bad somewhere in seq 14..20: those between were skipped');
    const none = await bisect(clean, '--run', 'exit 125');
    expect(none.lines[0]).toContain('cannot be told: it skipped every state');
    const end = await bisect(clean, '--run', 'exit 125', '--json');
    expect(JSON.parse(end.stdout)).toMatchObject({ outcome: 'unsure', candidates: { from: 1, to: 38 }, exit: 1 });
  });

  test.each([
    ['exit 128', 'the command ended with 128 at seq 38'],
    ['kill -9 $$', 'the command ended with 137 at seq 38'],
    ['no-such-program-there', 'the command cannot be run: exit 127 also at seq 0'],
  ])('%s ends the search with 1: %s', async (run, message) => {
    const { code, stderr } = await bisect(clean, '--run', run);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${message}`)]);
    expect(stderr).toContain('[E_BISECT_COMMAND]');
  });

  test('what it prints is not in the answer, and what it leaves running is ended', async () => {
    const cwd = scratch();
    const run = 'echo printed; (sleep 60; touch late) & test $WALQ_SEQ -lt 5';
    const started = performance.now();
    const { code, stdout, stderr } = await walq(['wal', 'bisect', clean, '--run', run, '--json'], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).turn.seq).toBe(5);
    expect(stderr).toContain('printed\n');
    expect(performance.now() - started).toBeLessThan(50_000);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends it with %i, and leaves neither processes nor files', async (signal, exit) => {
    const cwd = scratch();
    const temp = join(cwd, 'temp');
    mkdirSync(temp);
    const run = 'echo $$ > pid; echo $$; sleep 60 & sleep 60; touch late';
    const env = { PATH: process.env.PATH ?? '', TMPDIR: temp };
    const child = spawn(process.execPath, [binary, 'wal', 'bisect', clean, '--run', run], { cwd, env });
    await once(child.stderr, 'data');
    expect(readdirSync(temp)).toHaveLength(1);
    child.kill(signal);
    const [code] = await once(child, 'exit');
    expect(code).toBe(exit);
    expect(readdirSync(temp)).toEqual([]);
    const group = Number(readFileSync(join(cwd, 'pid'), 'utf8'));
    await until(() => groupGone(group), 'the group of the command is gone', 2000);
    expect(existsSync(join(cwd, 'late'))).toBe(false);
  });

  test('of a log of another system, or of a stream, says what to do instead', async () => {
    const raft = await bisect(join(foreign, 'wal.log'), '--run', 'true');
    expect([raft.code, raft.stderr]).toEqual([2, expect.stringContaining('next:  walq wal import --from')]);
    const input = readFileSync(segments(clean)[0] ?? '');
    const piped = await walq(['wal', 'bisect', '-', '--run', 'test $WALQ_SEQ -lt 5'], { input });
    expect([piped.code, piped.stderr]).toEqual([2, expect.stringContaining('standard input can be read only once')]);
  });
});

describe('of a store that is not whole', () => {
  test.each([
    ['torn', 4],
    ['ambiguous', 3],
    ['missing-segment', 3],
    ['bad-snapshot', 3],
  ])('%s still gives the answer, and exit %i', async (name, exit) => {
    for (const how of [
      ['--where', 'completed > 2'],
      ['--run', 'test $WALQ_SEQ -lt 11'],
    ]) {
      const { code, stdout } = await bisect(join(fixtures, name), ...how);
      expect(code).toBe(exit);
      expect(stdout).toContain('at seq 11\nevent     [seq=11] ACK job_2');
    }
  });

  test('a hole is named where the change may lie in it, and is none where it does not', async () => {
    const store = join(fixtures, 'bit-flip');
    const hidden = await bisect(store, '--where', 'completed > 2');
    expect([hidden.code, hidden.lines[0]]).toEqual([3, expect.stringContaining('somewhere in seq 3..12: damage')]);
    expect(hidden.stderr).toContain('[E_PAYLOAD]');
    const first = await bisect(store, '--where', 'completed > 2', '--first');
    expect([first.code, first.lines[0]]).toEqual([
      3,
      expect.stringContaining('did not hold up to seq 2; what comes then'),
    ]);
    const beside = await bisect(store, '--where', 'jobs > 1');
    expect([beside.code, beside.lines[0]]).toEqual([3, 'jobs > 1 turned true at seq 2']);
    const command = await bisect(store, '--run', 'test $WALQ_SEQ -lt 10');
    expect([command.code, command.lines[0]]).toEqual([3, expect.stringContaining('turned bad somewhere in seq 3..12')]);
    const before = await bisect(store, '--run', 'test $WALQ_SEQ -lt 2');
    expect([before.code, before.lines[0]]).toEqual([3, expect.stringContaining('turned bad at seq 2')]);
  });

  test('a compacted log is searched from its oldest snapshot on', async () => {
    const dir = join(scratch(), 'store');
    await makeStore(dir, 30, { segmentBytes: 500, snapshotAfter: 10 });
    expect((await walq(['wal', 'compact', dir])).code).toBe(0);
    const found = await bisect(dir, '--where', 'completed > 20');
    expect(found.lines[0]).toBe('completed > 20 turned true at seq 63');
    const before = await bisect(dir, '--where', 'completed > 5');
    expect([before.code, before.lines[0]]).toEqual([1, expect.stringContaining('holds already at seq 30, before')]);
    const early = await bisect(dir, '5..', '--where', 'completed > 5');
    expect([early.code, early.stderr]).toEqual([
      2,
      expect.stringMatching(/no state is left from before seq 5: .* seq 31 .*\nnext: {2}the same with 31\.\./),
    ]);
  });
});

test('nothing is written into a store', async () => {
  const dir = join(folderForAll(), 'store');
  await makeStore(dir, 12, { segmentBytes: 500, snapshotAfter: 6 });
  const before = contents(dir);
  await bisect(dir, '--where', 'completed > 3');
  await bisect(dir, '--where', 'completed > 3', '--first');
  await bisect(dir, '--run', 'test $WALQ_SEQ -lt 20');
  expect(contents(dir)).toEqual(before);
});

test.each([
  [[], 'give --where EXPRESSION or --run COMMAND'],
  [['--where', 'dead > 0', '--run', 'true'], '--where and --run exclude each other'],
  [['--run', 'true', '--job', 'x'], '--run and --job exclude each other'],
  [['--run', 'true', '--first'], '--run and --first exclude each other'],
  [['5', '--where', 'dead > 0'], 'give a range A..B, A.. or ..B'],
  [['30..20', '--where', 'dead > 0'], 'ends before it starts'],
  [['..99', '--where', 'dead > 0'], 'seq 99 is not in the readable log'],
])('%o is refused: %s', async (args, message) => {
  const { code, stderr } = await bisect(clean, ...args);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test('a log without events has none that turned anything', async () => {
  const dir = join(scratch(), 'store');
  await makeStore(dir, 0);
  const { code, lines } = await bisect(dir, '--where', 'dead > 0');
  expect([code, lines[0]]).toEqual([
    1,
    expect.stringContaining('dead > 0 holds after no event up to seq 0: dead is 0'),
  ]);
  writeFileSync(join(dir, 'other'), '');
  expect((await bisect(dir, '--run', 'false')).code).toBe(1);
});
