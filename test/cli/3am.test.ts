import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { copyOf } from './fixture-copy.ts';
import { contents, segments } from './make-store.ts';
import { scratch, walq } from './run-walq.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

function segment(dir: string, at: number): string {
  const path = segments(dir).sort()[at];
  if (path === undefined) throw new Error('no such segment');
  return path;
}

describe('what stands in a store in place of a file', () => {
  it('a pipe under the name of a segment is named at once: nobody waits for its other end', async () => {
    const dir = copyOf('clean');
    rmSync(segment(dir, 1));
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(dir, 'wal/0000000002-00000000000000000014.wal')]);
    for (const args of [
      ['wal', 'verify'],
      ['wal', 'inspect'],
      ['wal', 'repair'],
    ]) {
      const { code, stdout, stderr } = await walq([...args, dir]);
      expect({ args, code }).toEqual({ args, code: 3 });
      expect(stdout + stderr).toContain('a pipe, socket or device stands where segment 2 should be [E_NOT_A_FILE]');
    }
  });

  it('what the system refuses is said in words', async () => {
    const dir = copyOf('clean');
    rmSync(join(dir, 'wal'), { recursive: true });
    writeFileSync(join(dir, 'wal'), '');
    const { code, stderr } = await walq(['wal', 'verify', dir]);
    expect(code).toBe(74);
    expect(stderr).toContain('/wal: it is not a folder [E_READ]');
    mkdirSync(join(dir, 'folder'));
    expect((await walq(['wal', 'verify', join(dir, 'folder')])).stderr).toContain('a folder without a store in it');
    mkdirSync(join(dir, 'folder', '.walq'));
    const around = await walq(['doctor', join(dir, 'folder')]);
    expect(around.stderr).toContain(`next:  name the one in it: ${join(dir, 'folder', '.walq')}\n`);
  });
});

describe('a verdict says no more than what is known', () => {
  it('a segment of a newer walq is NEWER, although a snapshot reaches into it', async () => {
    const dir = copyOf('clean');
    const path = segment(dir, 2);
    const bytes = readFileSync(path);
    bytes.writeUInt16LE(9, 8);
    bytes.writeUInt16LE(9, 10);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 12)), 12);
    writeFileSync(path, bytes);
    for (const command of ['verify', 'replay', 'inspect']) {
      const { code, stdout, stderr } = await walq(['wal', command, dir]);
      expect({ command, code }).toEqual({ command, code: 5 });
      expect(stdout + stderr).toContain('NEWER');
      expect(stdout + stderr).not.toContain('CORRUPT');
    }
  });

  it('inspect does not end with 0 when what came before the log is gone', async () => {
    const dir = copyOf('clean');
    rmSync(segment(dir, 0));
    expect((await walq(['wal', 'inspect', dir])).code).toBe(0);
    rmSync(join(dir, 'snapshots'), { recursive: true });
    const { code, stdout, stderr } = await walq(['wal', 'inspect', dir]);
    expect(code).toBe(3);
    expect(stdout).toContain('[seq=14] DISPATCH job_4');
    expect(stderr).toContain('(seq 1..13) [E_NO_BASE]\nNO BASE  ');
  });

  it('repair does not call a store OK whose snapshot is bad', async () => {
    const dir = copyOf('bad-snapshot');
    const before = contents(dir);
    const { code, stdout } = await walq(['wal', 'repair', dir]);
    expect(code).toBe(3);
    expect(stdout).toContain('trim does not mend this: E_SNAPSHOT_BLOCK');
    expect(stdout).toContain(`DEGRADED  nothing was changed\nnext: walq snapshot create ${dir}\n`);
    expect(contents(dir)).toEqual(before);
    expect(await walq(['wal', 'repair', copyOf('clean')])).toMatchObject({
      code: 0,
      stdout: 'OK  nothing to repair\n',
    });
  });

  it('snapshot show of a store says that the newest is bad, and which state it shows instead', async () => {
    const { code, stdout, stderr } = await walq(['snapshot', 'show', copyOf('bad-snapshot')]);
    expect(code).toBe(3);
    expect(stdout).toContain('last seq 12');
    expect(stderr).toContain('[E_SNAPSHOT_BLOCK]\nDEGRADED  a newer snapshot is bad: this is the state at seq 12');
  });

  it('replay says that the state is whole when only STORE.json is bad, and else how far it reaches', async () => {
    const dir = copyOf('clean');
    rmSync(join(dir, 'STORE.json'));
    const whole = await walq(['wal', 'replay', dir]);
    expect(whole).toMatchObject({ code: 3, stdout: expect.stringContaining('last seq 38') });
    expect(whole.stderr).toContain('CORRUPT  the state is whole');
    const flipped = await walq(['wal', 'replay', copyOf('bit-flip'), '--snapshot', 'none']);
    expect(flipped).toMatchObject({ code: 3, stdout: expect.stringContaining('last seq 2') });
    expect(flipped.stderr).toContain('CORRUPT  this is the state up to seq 2; what lies behind the fault is');
  });

  it('inspect and verify give a log of another system the same verdict, in the same words', async () => {
    for (const [file, verdict] of [
      ['raft-recovery/torn.log', 'TORN  the last record (seq 16) never became whole; nothing else is missing'],
      ['document/gap.log', 'CORRUPT  lost: 2 events missing (seq 4..5)'],
    ] as const) {
      const path = join(fixtures, file);
      expect((await walq(['wal', 'verify', path])).stdout).toContain(verdict);
      expect((await walq(['wal', 'inspect', path])).stderr).toContain(verdict);
    }
  });
});

describe('the next command', () => {
  it('mends a bad STORE.json', async () => {
    const dir = copyOf('clean');
    writeFileSync(join(dir, 'STORE.json'), 'x');
    expect((await walq(['wal', 'verify', dir])).stdout).toContain(`next: walq wal repair ${dir}\n`);
    expect((await walq(['wal', 'repair', dir, '--apply'])).code).toBe(0);
    expect((await walq(['wal', 'verify', dir])).code).toBe(0);
  });

  it('leads from a bad snapshot to a whole store, and does not turn in a circle', async () => {
    const dir = copyOf('bad-snapshot');
    const next = async () => /^next: walq (.*)$/m.exec((await walq(['wal', 'verify', dir])).stdout)?.[1];
    expect(await next()).toBe(`snapshot create ${dir}`);
    await walq(['snapshot', 'create', dir]);
    expect((await walq(['wal', 'verify', dir])).stdout).toMatch(/^next: mkdir -p \S+ && mv -n \S+ \S+$/m);
    await walq(['queue', 'enqueue', 'x', '--store', dir]);
    await walq(['snapshot', 'create', dir]);
    expect(await next()).toBe(`snapshot prune ${dir}`);
    await walq(['snapshot', 'prune', dir]);
    expect(readdirSync(join(dir, 'snapshots'))).toHaveLength(2);
    expect((await walq(['wal', 'verify', dir])).code).toBe(0);
  });

  it.each([
    ['missing-segment', 'trim', '--mode salvage --to NEWSTORE'],
    ['bit-flip', 'trim', '--mode heal'],
    ['missing-segment', 'heal', '--mode salvage --to NEWSTORE'],
    ['torn', 'heal', '--mode trim'],
  ])('of repair that can do nothing for %s by %s leads on', async (name, mode, how) => {
    const dir = copyOf(name);
    const { stdout } = await walq(['wal', 'repair', dir, '--mode', mode]);
    expect(stdout).toContain(`\nnext: walq wal repair ${dir} ${how}\n`);
  });

  it('of a writer before an ambiguous tail is the repair', async () => {
    const dir = copyOf('ambiguous');
    const { code, stderr } = await walq(['queue', 'enqueue', 'x', '--store', dir]);
    expect(code).toBe(3);
    expect(stderr).toContain(`\nnext:  walq wal repair ${dir}\n`);
  });

  it('is there after every error: help of the command, or of the code', async () => {
    const dir = join(fixtures, 'clean');
    for (const [args, next] of [
      [['wal', 'repair', dir, '--apply', '--undo'], 'walq wal repair --help'],
      [['wal', 'inspect', dir, '5..2'], 'walq help E_SELECTOR'],
      [['wal', 'replay', dir, '--until', '99'], 'walq help E_SEQ_RANGE'],
      [['help', 'E_NOPE'], 'walq help codes'],
      [['--store', dir, 'wal', 'inspect', '--frob'], 'walq wal inspect --help'],
      [['wal', 'verify', join(dir, 'HEAD')], `walq wal verify ${dir}`],
    ] as const) {
      expect((await walq(args)).stderr).toMatch(new RegExp(`\nnext: {2}${next}\n$`));
      const { error } = JSON.parse((await walq([...args, '--json'])).stdout);
      expect(error.next).toBe(next);
    }
  });
});

describe('the command line', () => {
  it('takes a range that begins with a minus wherever --store stands', async () => {
    const dir = join(fixtures, 'clean');
    const last = expect.stringMatching(/^\[seq=37\][^\n]*\n\[seq=38\][^\n]*\n$/);
    for (const args of [
      ['--store', dir, 'wal', 'inspect', '-2..'],
      ['wal', '--store', dir, 'inspect', '-2..'],
      ['wal', 'inspect', '-2..', '--store', dir],
    ])
      expect(await walq(args)).toMatchObject({ code: 0, stdout: last });
  });

  it('takes neither of two stores that were typed; of the environment a PATH wins', async () => {
    const [clean, torn] = [join(fixtures, 'clean'), join(fixtures, 'torn')];
    for (const [command, ...more] of [
      ['doctor'],
      ['report', '-o', 'x.html'],
      ['backup', 'copy'],
      ['wal verify'],
      ['wal inspect', '1'],
      ['wal diff', '1'],
      ['wal repair'],
      ['snapshot list'],
      ['snapshot show'],
      ['snapshot verify'],
      ['snapshot restore'],
      ['snapshot diff', '@snap'],
    ] as const) {
      const args = [...command.split(' '), torn, ...more];
      const { code, stderr } = await walq([...args, '--store', clean], { cwd: scratch() });
      expect({ command, code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('two stores') });
    }
    expect((await walq(['wal', 'verify', torn], { env: { WALQ_STORE: clean } })).code).toBe(4);
  });

  it('takes one form of an answer, under one of its names', async () => {
    const args = ['wal', 'export', join(fixtures, 'clean')];
    for (const both of [
      ['-o', 'csv', '--format', 'ndjson'],
      ['--format', 'ndjson', '-o', 'csv'],
    ]) {
      const { code, stderr } = await walq([...args, ...both]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/--format.*--output/);
    }
    expect((await walq([...args, '--format', 'csv'])).stdout).toBe((await walq([...args, '-o', 'csv'])).stdout);
  });

  it('answers --json without a command with one document', async () => {
    for (const args of [['--json'], ['wal', '--json']]) {
      const { code, stdout } = await walq(args);
      expect(code).toBe(2);
      expect(JSON.parse(stdout)).toMatchObject({ walq: 1, error: { code: 'E_USAGE', exit: 2 } });
    }
  });

  it('names a file that --snapshot takes for a snapshot and that is none', async () => {
    const { code, stderr } = await walq(['wal', 'replay', join(fixtures, 'clean'), '--snapshot', import.meta.filename]);
    expect(code).toBe(3);
    expect(stderr).toContain(`${import.meta.filename}: no snapshot, or its first 16 bytes are damaged`);
  });

  it('calls a runner by one name, in text and in JSON', async () => {
    const args = ['wal', 'inspect', join(fixtures, 'clean'), '4'];
    const { stdout } = await walq([...args, '-o', 'ndjson']);
    const { runner } = JSON.parse(stdout.split('\n')[0] ?? '');
    expect((await walq(args)).stdout).toBe(`[seq=4] DISPATCH job_1  attempt=1 runner=${runner}\n`);
  });

  it('queue status has the word of the verdict, and where to look', async () => {
    const status = async (name: string) => (await walq(['queue', 'status', '--store', copyOf(name)])).stdout;
    expect(await status('clean')).toMatch(/^log +seq 38, OK/m);
    expect(await status('torn')).toMatch(
      /^log +seq 37, TORN {2}\(read from seq 30 on; walq wal verify says what is wrong\)$/m,
    );
    const padded = copyOf('clean');
    const beside = () => walq(['queue', 'status', '--store', padded]);
    const before = (await beside()).stdout.match(/^log .*$/m)?.[0];
    appendFileSync(segments(padded).sort().at(-1) ?? '', new Uint8Array(4096));
    expect((await beside()).stdout.match(/^log .*$/m)?.[0]).toBe(before);
  });
});

describe('the queue', () => {
  it('does not take an empty command for a handler: it would call every job done', async () => {
    const dir = copyOf('clean');
    const before = contents(dir);
    for (const command of ['', '  ']) {
      const { code, stderr } = await walq(['queue', 'run', '--exec', command, '--drain', '--store', dir]);
      expect(code).toBe(2);
      expect(stderr).toContain('--exec: nothing stands after it [E_NO_HANDLER]');
    }
    expect(contents(dir)).toEqual(before);
  });

  it('enqueue says what it moved out of the way when it opens a torn log', async () => {
    const dir = copyOf('torn');
    const { code, stderr } = await walq(['queue', 'enqueue', 'x', '--store', dir]);
    expect(code).toBe(0);
    expect(stderr).toContain('recovered: 43 bytes of a torn write');
    expect(readdirSync(join(dir, 'quarantine'))).toHaveLength(1);
  });

  it('says why a store cannot be created where --store points', async () => {
    const folder = scratch();
    writeFileSync(join(folder, 'file'), '');
    const create = (name: string) => walq(['queue', 'enqueue', 'x', '--store', join(folder, name)]);
    const file = await create('file');
    expect(file).toMatchObject({ code: 2, stderr: expect.stringContaining('is no folder, and a store is one') });
    const deep = await create('a/b/c');
    expect(deep).toMatchObject({ code: 1, stderr: expect.stringContaining(`next:  mkdir -p ${folder}/a/b\n`) });
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('reads jobs from files and standard input, and says so when given a folder', async () => {
    const folder = scratch();
    const ran = await walq(['queue', 'enqueue', '-f', folder, '--store', join(folder, 'store')]);
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining(`${folder} is a folder, not a file`) });
  });
});
