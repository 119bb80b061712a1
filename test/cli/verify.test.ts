import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tried } from '../support/tried.ts';
import { contents, damage, makeStore, raftLine, segments } from './make-store.ts';
import { folderForAll, type Ran, scratch, walq } from './run-walq.ts';

const base = folderForAll();
const whole = join(base, 'whole');

/** A copy of the whole store, to be damaged. */
function copy(): string {
  const dir = join(scratch(), 'store');
  cpSync(whole, dir, { recursive: true });
  return dir;
}

/** Verifies and proves that nothing was written. */
async function verify(path: string, ...flags: string[]): Promise<Ran> {
  const before = contents(path);
  const ran = await walq(['wal', 'verify', path, ...flags]);
  expect(contents(path)).toEqual(before);
  return ran;
}

/** Offset of the frame that holds a seq, in the segment that holds it. */
async function frameOf(dir: string, seq: number): Promise<{ path: string; offset: number }> {
  const { stdout } = await walq(['wal', 'inspect', dir, String(seq), '-o', 'ndjson']);
  const row = JSON.parse(stdout.split('\n')[0] ?? '');
  return { path: join(dir, row.file), offset: row.offset };
}

beforeAll(async () => {
  await makeStore(whole, 12, { segmentBytes: 1500, snapshotAfter: 4 });
});

describe('wal verify', () => {
  it('calls a whole store OK, in one screen', async () => {
    const { code, stdout, stderr } = await verify(whole);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/: \d segments, 36 events \(seq 1\.\.36\), .* 2 snapshots\nOK\n$/);
    const document = JSON.parse((await verify(whole, '--json')).stdout);
    expect(document).toMatchObject({
      walq: 1,
      kind: 'wal.verify',
      target: { kind: 'store', path: whole },
      verdict: 'clean',
      findings: [],
      records: 36,
      seqFirst: 1,
      seqLast: 36,
      lost: [],
      exit: 0,
    });
    expect(document.snapshots).toHaveLength(2);
    expect(document.segments.length).toBeGreaterThan(1);
  });

  it('judges a log folder, and a segment in it, with what its store knows, however the path is spelled', async () => {
    const dir = copy();
    const name = segments(dir).at(-1)?.split('/').at(-1) ?? '';
    truncateSync(join(dir, 'wal', name), 96);
    const spellings: [cwd: string, path: string][] = [
      [dir, 'wal'],
      [dir, 'wal/'],
      [dir, `wal/${name}`],
      [join(dir, 'wal'), '.'],
      [join(dir, 'wal'), '../wal'],
      [join(dir, 'wal'), name],
    ];
    for (const [cwd, path] of spellings) expect((await walq(['wal', 'verify', path], { cwd })).code, path).toBe(3);
    cpSync(join(dir, 'wal'), join(dir, 'copy'), { recursive: true });
    expect((await walq(['wal', 'verify', 'copy'], { cwd: dir })).code, 'a copy is no log of this store').toBe(0);
  });

  it.each([
    ['STORE.json', 74, 'STORE.json: it is a pipe, socket or device, not a file'],
    ['HEAD', 3, 'HEAD: a pipe, socket or device stands where HEAD should be [E_NOT_A_FILE]'],
    ['wal/0000000099-00000000000000000099.wal', 3, 'a pipe, socket or device stands where segment 99 should be'],
  ])('does not wait for a pipe that stands in the place of %s', async (file, code, says) => {
    const dir = copy();
    rmSync(join(dir, file), { force: true });
    execFileSync('mkfifo', [join(dir, file)]);
    const ran = await walq(['wal', 'verify', dir]);
    expect(ran.code).toBe(code);
    expect(ran.stdout + ran.stderr).toContain(says);
  });

  it('names file, offset, seq, got and expected, and counts the loss: one byte flipped', async () => {
    const dir = copy();
    const { path, offset } = await frameOf(dir, 8);
    damage(path, offset + 44);
    const { code, stdout } = await verify(dir);
    expect(code).toBe(3);
    const name = path.slice(dir.length + 1);
    expect(stdout).toMatch(
      new RegExp(
        `corrupt: ${name}: payload checksum mismatch at offset ${offset} \\(seq 8\\), got [0-9a-f]{8}, expected [0-9a-f]{8} \\[E_PAYLOAD\\]`,
      ),
    );
    expect(stdout).toContain('CORRUPT  lost: exactly 1 event (seq 8)\n         after the hole: 28 valid events\n');
    const document = JSON.parse((await verify(dir, '--json')).stdout);
    expect(document).toMatchObject({
      verdict: 'corrupt',
      lost: [{ seqFirst: 8, seqLast: 8 }],
      recordsAfterHole: 28,
      exit: 3,
    });
    expect(document.findings[0]).toMatchObject({ code: 'E_PAYLOAD', offset, seqFirst: 8, seqLast: 8 });
  });

  it('lists every fault, not the first: two frames and a snapshot', async () => {
    const dir = copy();
    for (const seq of [5, 20]) {
      const { path, offset } = await frameOf(dir, seq);
      damage(path, offset + 44);
    }
    const snapshot = join(dir, 'snapshots', '00000000000000000012.snap');
    damage(snapshot, 90);
    const { code, stdout } = await verify(dir);
    expect(code).toBe(3);
    expect(stdout).toContain('lost: exactly 2 events (seq 5, 20)');
    expect(stdout).toContain('E_SNAPSHOT_BLOCK');
    const lines = (await verify(dir, '-o', 'ndjson')).stdout.trim().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ kind: 'wal.verify', findings: lines.length - 1, exit: 3 });
  });

  it('tells a torn tail from damage: 4, and safe to trim', async () => {
    const dir = copy();
    const last = segments(dir).at(-1) ?? '';
    rmSync(join(dir, 'HEAD'));
    rmSync(join(dir, 'snapshots'), { recursive: true });
    const { offset } = await frameOf(dir, 36);
    truncateSync(last, offset + 50);
    const { code, stdout } = await verify(dir);
    expect({ code, stdout }).toMatchObject({ code: 4, stdout: expect.stringContaining('TORN  50 bytes from offset') });
    // Without HEAD a log that was cut short looks the same.
    expect(stdout).not.toContain('nothing acknowledged is lost');
    expect(stdout).toContain('if more than that is gone, nothing beside the log says so');
    expect(stdout).toContain(`next: walq wal repair ${dir} --mode trim`);
    expect((await verify(dir, '--fail-on', 'degraded')).code).toBe(0);
    expect((await verify(dir, '--fail-on', 'note')).code).toBe(4);
  });

  it('calls a bad snapshot degraded: 3, but 0 for whoever asks for corruption only', async () => {
    const dir = copy();
    damage(join(dir, 'snapshots', '00000000000000000036.snap'), 100);
    expect(await verify(dir)).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('DEGRADED  a snapshot is bad; nothing is lost'),
    });
    expect((await verify(dir, '--fail-on', 'corrupt')).code).toBe(0);
    expect((await walq(['snapshot', 'verify', dir])).code).toBe(3);
    expect((await walq(['snapshot', 'list', dir])).stdout).toMatch(/36\t-\t.*BAD/);
  });

  it('ends with 1 on a mere note when asked to', async () => {
    const dir = copy();
    writeFileSync(join(dir, 'wal', 'readme.txt'), 'hello');
    expect(await verify(dir)).toMatchObject({ code: 0, stdout: expect.stringContaining('note: wal/readme.txt') });
    expect((await verify(dir, '--fail-on', 'note')).code).toBe(1);
  });

  it('sees a missing segment and swapped segments', async () => {
    const gap = copy();
    const names = segments(gap);
    rmSync(names[1] ?? '');
    expect(await verify(gap)).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/E_MISSING_SEGMENT[\s\S]*CORRUPT {2}lost:/),
    });
    const swapped = copy();
    const [first = '', second = ''] = segments(swapped);
    renameSync(first, join(swapped, 'x'));
    renameSync(second, first);
    renameSync(join(swapped, 'x'), second);
    expect((await verify(swapped)).code).toBe(3);
  });

  it('says 5 for a newer format, whole, and 3 for the same byte as damage', async (context) => {
    const dir = copy();
    const { crc32 } = await import('node:zlib');
    const [first = ''] = segments(dir);
    const bytes = readFileSync(first);
    bytes.writeUInt16LE(9, 8);
    bytes.writeUInt16LE(9, 10);
    const damaged = join(scratch(), 'damaged.wal');
    writeFileSync(damaged, bytes);
    expect((await walq(['wal', 'verify', damaged])).code).toBe(3);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 12)), 12);
    writeFileSync(first, bytes);
    const unknown = Buffer.from(bytes);
    unknown.write('WALQnew\n', 0, 'latin1');
    unknown.writeUInt32LE(crc32(unknown.subarray(0, 12)), 12);
    const file = join(scratch(), 'file');
    writeFileSync(file, unknown);
    const newer = [dir, first, file];
    for (const path of newer) expect((await walq(['wal', 'verify', path])).code, path).toBe(5);
    tried(context, 'versions', { 'newer: exit 5': newer.length });
  });

  it('takes a wal folder, a segment, a snapshot and standard input', async () => {
    const [first = ''] = segments(whole);
    const snapshot = join(whole, 'snapshots', '00000000000000000036.snap');
    for (const path of [join(whole, 'wal'), first, snapshot]) {
      expect(await walq(['wal', 'verify', path])).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nOK/) });
    }
    for (const path of [first, snapshot]) {
      const input = readFileSync(path);
      expect(await walq(['wal', 'verify', '-'], { input })).toMatchObject({ code: 0 });
      input[200] = (input[200] ?? 0) ^ 1;
      expect(await walq(['wal', 'verify', '-'], { input })).toMatchObject({ code: 3 });
    }
    const renamed = join(scratch(), 'some.bin');
    copyFileSync(first, renamed);
    expect(await walq(['wal', 'verify', renamed])).toMatchObject({ code: 0 });
    damage(renamed, 3);
    expect(await walq(['wal', 'verify', renamed])).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('E_SEGMENT_HEADER'),
    });
  });

  it('reads foreign logs and judges them the same way', async () => {
    const file = join(scratch(), 'wal.log');
    const good = [1, 2, 3].map((seq) => raftLine(seq, 'ENQUEUE', `job-${seq}`));
    writeFileSync(file, good.join(''));
    expect(await walq(['wal', 'verify', file])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('3 events (seq 1..3)'),
    });
    writeFileSync(file, good.join('').slice(0, -20));
    expect(await walq(['wal', 'verify', file])).toMatchObject({ code: 4, stdout: expect.stringContaining('TORN') });
    writeFileSync(file, good.join('').replace('job-2', 'job-9'));
    expect(await walq(['wal', 'verify', file])).toMatchObject({ code: 3, stdout: expect.stringContaining('CORRUPT') });
    writeFileSync(file, [good[0], good[2]].join(''));
    expect(await walq(['wal', 'verify', file])).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('lost: 1 event missing (seq 2)'),
    });
  });

  it('says permission denied with 74, not damage', async () => {
    const missing = await walq(['wal', 'verify', '/proc/self/mem']);
    expect(missing).toMatchObject({ code: 74, stderr: expect.stringContaining('[E_IO]') });
    expect(missing.stderr).not.toMatch(/\n\s+at /);
  });
});
