import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { contents, damage, makeStore, segments } from './make-store.ts';
import { scratch, walq } from './run-walq.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

async function doctor(dir: string): Promise<{ code: number | null; lines: string[] }> {
  const { code, stdout, stderr } = await walq(['doctor', dir]);
  expect(stderr).toBe('');
  return { code, lines: stdout.trimEnd().split('\n') };
}

/** What stands beside a label, the lines below it too. */
function beside(lines: readonly string[], label: string): string[] {
  const from = lines.findIndex((line) => line.startsWith(label));
  if (from < 0) return [];
  const more = lines.slice(from + 1).findIndex((line) => !line.startsWith(' '));
  return lines.slice(from, more < 0 ? undefined : from + 1 + more).map((line) => line.slice(11));
}

describe('doctor', () => {
  it('says of a sound store that nothing has to be done, and which job is to run again', async () => {
    const { code, lines } = await doctor(join(fixtures, 'clean'));
    expect(code).toBe(0);
    expect(lines[0]).toBe('OK');
    expect(beside(lines, 'writing')[0]).toMatch(/^ended well by pid 4242, opened \S+ ago$/);
    expect(beside(lines, 'in flight')).toEqual([
      '1 of a dead runner: may be done already, and will run again',
      expect.stringMatching(/^job_11 {2}thumbnail, attempt 1 of 3, begun \S+ ago$/),
    ]);
    expect(beside(lines, 'next')).toEqual(['nothing has to be done']);
  });

  it.each([
    ['torn', 4, 'TORN', /--mode trim/],
    ['ambiguous', 3, 'AMBIGUOUS', /--mode trim/],
    ['bit-flip', 3, 'CORRUPT', /walq /],
    ['missing-segment', 3, 'CORRUPT', /walq /],
    ['bad-snapshot', 3, 'DEGRADED', /walq snapshot create/],
  ])('gives the verdict of verify on %s, and a command for it, and changes nothing', async (name, exit, word, next) => {
    const dir = join(scratch(), name);
    cpSync(join(fixtures, name), dir, { recursive: true });
    const before = contents(dir);
    const { code, lines } = await doctor(dir);
    expect(code).toBe(exit);
    expect((await walq(['wal', 'verify', dir])).code).toBe(exit);
    expect(lines[0]?.split('  ')[0]).toBe(word);
    expect(beside(lines, 'next').join(' ')).toMatch(next);
    expect(lines.length).toBeLessThan(24);
    expect(contents(dir)).toEqual(before);
  });

  it('says nothing of events to replay where none can be', async () => {
    const dir = join(scratch(), 'store');
    cpSync(join(fixtures, 'clean'), dir, { recursive: true });
    rmSync(join(dir, 'snapshots'), { recursive: true });
    rmSync(segments(dir)[0] ?? '');
    const { lines } = await doctor(dir);
    expect(lines[0]).toMatch(/^NO BASE/);
    expect(beside(lines, 'snapshots')).toEqual(['none']);
  });

  it('names files that are none of a store, and counts none of them as a snapshot', async () => {
    const dir = join(scratch(), 'clean');
    cpSync(join(fixtures, 'clean'), dir, { recursive: true });
    const before = beside((await doctor(dir)).lines, 'disk')[0];
    for (const name of ['wal/a.txt', 'wal/b\n.wal', 'snapshots/c.snap', 'snapshots/d.snap'])
      writeFileSync(join(dir, name), 'hi');
    const { code, lines } = await doctor(dir);
    expect(code).toBe(0);
    expect(beside(lines, 'foreign')).toEqual([
      'wal/a.txt, wal/b\\x0a.wal, snapshots/c.snap and 1 more: left alone, no part of the store',
    ]);
    expect(beside(lines, 'disk')[0]).toBe(before);
  });

  it('tells a loss that a snapshot makes up for from one that the state lacks', async () => {
    const { lines } = await doctor(join(fixtures, 'bit-flip'));
    expect(lines[0]).toBe('CORRUPT  lost: exactly 1 event (seq 3)');
    expect(beside(lines, 'in flight').at(-1)).toBe(
      'the state is whole: the snapshot of seq 31 holds what the lost events did',
    );
    const dir = join(scratch(), 'store');
    await makeStore(dir, 4);
    const path = segments(dir)[0] ?? '';
    const bytes = readFileSync(path);
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const after = await doctor(dir);
    expect(after.lines.join('\n')).toContain('the lost events may hold outcomes');
    expect(beside(after.lines, 'jobs')[0]).toMatch(/as of seq \d+: what comes after cannot be applied$/);
    expect(after.lines.join('\n')).not.toContain('the state is whole');
  });

  it('says when all damage lies before the snapshot from which a writer goes on', async () => {
    const dir = join(scratch(), 'store');
    cpSync(join(fixtures, 'clean'), dir, { recursive: true });
    const path = segments(dir)[0] ?? '';
    const bytes = readFileSync(path);
    const inOpenFrame = 96 + 49;
    bytes[inOpenFrame] = (bytes[inOpenFrame] ?? 0) ^ 0x55;
    writeFileSync(path, bytes);
    const before = 'the state is whole: what is damaged lies before the snapshot of seq 31, and a writer goes on';
    expect((await doctor(dir)).lines.join('\n')).toContain(before);
    expect((await walq(['queue', 'enqueue', '--store', dir, 'mail'])).code).toBe(0);
    writeFileSync(path, bytes.subarray(0, 10));
    rmSync(segments(dir)[1] ?? '');
    expect((await doctor(dir)).lines.join('\n')).not.toContain('a writer goes on');
  });

  it('of a store whose only segment is unreadable, gives the state of the newest good snapshot', async () => {
    const dir = join(scratch(), 'store');
    await makeStore(dir, 8, { snapshotAfter: 5 });
    rmSync(join(dir, 'snapshots', readdirSync(join(dir, 'snapshots')).sort().at(-1) ?? ''));
    const [path = ''] = segments(dir);
    writeFileSync(path, readFileSync(path).fill(0x5a, 20));
    const { lines } = await doctor(dir);
    expect(lines[0]).toBe('CORRUPT  lost: exactly 24 events (seq 1..24)');
    expect(beside(lines, 'writing')).toEqual(['how it ended cannot be read']);
    expect(beside(lines, 'jobs')).toEqual([
      '0 pending, 0 in flight, 5 completed, 0 dead, as of seq 15: what came after cannot be read',
      'the lost events may hold outcomes: what waits or is in flight may be done',
    ]);
    expect(beside(lines, 'snapshots')[0]).toMatch(/the newest good one is of seq 15, .*; 0 events to replay$/);
  });

  it('of a store of which only the header of a segment is damaged, says that nothing is lost', async () => {
    const dir = join(scratch(), 'store');
    await makeStore(dir, 8, { segmentBytes: 2000 });
    for (const path of segments(dir)) {
      const bytes = readFileSync(path);
      writeFileSync(path, Buffer.from(bytes).fill(0x5a, 20, 60));
      const { lines } = await doctor(dir);
      expect(lines[0]).toBe('CORRUPT  lost: nothing');
      expect(lines.join('\n')).toContain('segment header damaged; its frames can be read without it');
      expect(beside(lines, 'log')[0]).toMatch(/^24 events \(seq 1\.\.24\)/);
      // No snapshot leads past it: nobody replays over what the header said of the segment before.
      expect((await walq(['queue', 'enqueue', 'x', '--store', dir])).code).toBe(3);
      writeFileSync(path, bytes);
    }
  });

  it('queue list and wal replay agree on what a snapshot behind a hole makes up for', async () => {
    const whole = 'the damage lies in a part of the store that it does not need';
    const dir = join(scratch(), 'store');
    await makeStore(dir, 8, { snapshotAfter: 5 });
    const [path = ''] = segments(dir);
    const sound = readFileSync(path);
    damage(path, Math.floor(sound.length / 3));
    for (const store of [join(fixtures, 'missing-segment'), dir]) {
      expect((await walq(['wal', 'replay', store])).stderr).toContain(`the state is whole: ${whole}`);
      expect((await walq(['queue', 'list', '--store', store])).stderr).toContain(`the answer is whole: ${whole}`);
    }
    writeFileSync(path, sound);
    for (const name of readdirSync(join(dir, 'snapshots'))) rmSync(join(dir, 'snapshots', name));
    damage(path, Math.floor(sound.length / 3));
    const lacks = /up to seq \d+; what lies behind/;
    expect((await walq(['wal', 'replay', dir])).stderr).toMatch(lacks);
    expect((await walq(['queue', 'list', '--store', dir])).stderr).toMatch(lacks);
  });

  it('asks for healing only where there is a flipped bit', async () => {
    const dir = join(scratch(), 'store');
    await makeStore(dir, 20);
    const [path = ''] = segments(dir);
    const sound = readFileSync(path);
    const first = async (): Promise<string | undefined> => beside((await doctor(dir)).lines, 'next')[0];
    const random = Buffer.from(sound);
    for (let at = 1040; at < 1100; at++) random[at] = (at * 197 + 31) & 0xff;
    for (const damaged of [Buffer.from(sound).fill(0, 1024, 1536), random]) {
      writeFileSync(path, damaged);
      expect(await first()).toContain('--mode salvage --to NEWSTORE');
      expect((await walq(['wal', 'verify', dir])).stdout).toContain(`next: walq wal repair ${dir} --mode salvage`);
    }
    const flipped = Buffer.from(sound);
    flipped[1040] = (flipped[1040] ?? 0) ^ 2;
    writeFileSync(path, flipped);
    expect(await first()).toContain('--mode heal');
  });

  it('leads from a bad snapshot to a store without it', async () => {
    const dir = join(scratch(), 'store');
    cpSync(join(fixtures, 'bad-snapshot'), dir, { recursive: true });
    const next = async (): Promise<string[]> => beside((await doctor(dir)).lines, 'next');
    const enqueue = async (): Promise<void> => {
      expect((await walq(['queue', 'enqueue', '--store', dir, 'mail'])).code).toBe(0);
    };
    for (let round = 1; round <= 2; round++) {
      await enqueue();
      expect((await next())[0]).toMatch(/^walq snapshot create/);
      expect((await walq(['snapshot', 'create', dir])).code).toBe(0);
      if (round === 1)
        expect((await next())[0]).toMatch(/^mkdir -p \S+ && mv -n \S+ \S+ +sets it aside: a good one holds the state/);
      if (round === 1) {
        const quiet = join(scratch(), 'quiet');
        cpSync(dir, quiet, { recursive: true });
        const aside = beside((await doctor(quiet)).lines, 'next')[0]?.split(/ {2,}/)[0] ?? '';
        execFileSync('sh', ['-c', aside]);
        expect((await doctor(quiet)).lines[0]).toBe('OK');
      }
    }
    expect((await next())[0]).toMatch(/^walq snapshot prune/);
    await walq(['snapshot', 'prune', dir]);
    expect((await doctor(dir)).lines[0]).toBe('OK');
  });

  it('names sectors that are all zero or all 0xFF', async () => {
    const dir = join(scratch(), 'store');
    await makeStore(dir, 20);
    const path = segments(dir)[0] ?? '';
    const sound = readFileSync(path);
    for (const [value, name] of [
      [0x00, 'zeros'],
      [0xff, '0xFF'],
    ] as const) {
      writeFileSync(path, Buffer.from(sound).fill(value, 1024, 1536));
      expect((await doctor(dir)).lines.join('\n')).toContain(`the sector at offset 1024 is all ${name}`);
    }
  });

  it('answers with one document under --json', async () => {
    const { code, stdout } = await walq(['doctor', join(fixtures, 'torn'), '--json']);
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({
      walq: 1,
      kind: 'doctor',
      verdict: 'torn',
      ending: 'broken off',
      baseSeq: 31,
      stateLacks: false,
      jobs: { counts: { pending: 2, completed: 9 }, interruptedCount: 0 },
      steps: [{ command: expect.stringContaining('--mode trim') }],
      exit: 4,
    });
  });

  it('wants a store, and says what else it was given', async () => {
    const { code, stderr } = await walq(['doctor', join(fixtures, 'document', 'events.log')]);
    expect(code).toBe(2);
    expect(stderr).toContain('E_WRONG_TARGET');
    expect((await walq(['doctor', join(scratch(), 'none')])).code).toBe(1);
  });
});
