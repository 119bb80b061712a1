import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openQueue } from '../../src/index.ts';
import { contents, damage, segments } from './make-store.ts';
import { scratch, walq } from './run-walq.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

/** A copy of a fixture, to be damaged. */
function copy(name: string): string {
  const dir = join(scratch(), name);
  cpSync(join(fixtures, name), dir, { recursive: true });
  return dir;
}

/** Without what was set aside and the lock. */
function filesIn(dir: string) {
  return Object.fromEntries(Object.entries(contents(dir)).filter(([name]) => !/quarantine|LOCK/.test(name)));
}

describe('wal repair --mode heal', () => {
  it('is what verify leads to, gives back the whole store, and is taken back', async () => {
    const dir = copy('bit-flip');
    const before = filesIn(dir);
    const verified = await walq(['wal', 'verify', dir]);
    expect(verified).toMatchObject({
      code: 3,
      stdout: expect.stringContaining(`next: walq wal repair ${dir} --mode heal\n`),
    });
    const plan = await walq(['wal', 'repair', dir, '--mode', 'heal']);
    expect(plan).toMatchObject({ code: 7, stdout: expect.stringContaining(`--mode heal --apply\n`) });
    expect(filesIn(dir)).toEqual(before);
    const applied = await walq(['wal', 'repair', dir, '--mode', 'heal', '--apply']);
    expect(applied).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/turned bit 0 .*payload, seq 3\); kept in quarantine/),
    });
    const [first = ''] = segments(dir).sort();
    expect(readFileSync(first)).toEqual(readFileSync(first.replace(dir, join(fixtures, 'clean'))));
    expect(await walq(['wal', 'verify', dir])).toMatchObject({ code: 0 });
    expect((await walq(['wal', 'repair', dir, '--undo'])).code).toBe(0);
    expect(filesIn(dir)).toEqual(before);
  });

  it('says why it leaves a place alone, and changes nothing', async () => {
    const dir = copy('bit-flip');
    const [first = ''] = segments(dir).sort();
    const bytes = readFileSync(first);
    bytes.fill(0x20, 460, 468);
    writeFileSync(first, bytes);
    const before = filesIn(dir);
    const { code, stdout } = await walq(['wal', 'repair', dir, '--mode', 'heal', '--apply']);
    expect({ code, stdout }).toMatchObject({ code: 3, stdout: expect.stringContaining('more than one bit differs') });
    expect(filesIn(dir)).toEqual(before);
  });

  it('names the bit of a large payload with its odds, and does not turn it', async () => {
    const dir = join(scratch(), 'store');
    const payload = JSON.stringify({ text: 'x'.repeat(20_000) });
    for (const id of ['a', 'b']) {
      expect((await walq(['queue', 'enqueue', 'mail', '--id', id, '-d', payload, '--store', dir])).code).toBe(0);
    }
    const [first = ''] = segments(dir);
    const bytes = readFileSync(first);
    bytes[5000] = (bytes[5000] ?? 0) ^ 4;
    writeFileSync(first, bytes);
    const { code, stdout } = await walq(['wal', 'repair', dir, '--mode', 'heal', '--apply']);
    expect(code).toBe(3);
    expect(stdout).toContain('only a candidate, not healed: bit 2 of the byte at offset 5000');
    expect(stdout).toMatch(/looks the same once in 2\d,\d{3}\n/);
    expect(readFileSync(first)).toEqual(bytes);
    const saved = await walq(['wal', 'repair', dir, '--mode', 'salvage', '--to', `${dir}-new`, '--apply']);
    expect(saved.stdout).toMatch(
      /bit 2 of the byte at offset 5000 .* \(other damage looks the same once in 2\d,\d{3}\)/,
    );
    expect(saved.stdout).toContain('lost: nothing');
    expect((await walq(['wal', 'inspect', `${dir}-new`, '1'])).stdout).toContain(payload);
  });
});

describe('wal repair --mode salvage', () => {
  /** Seqs 1, 9 and 10 are destroyed; without snapshots, unless asked for. */
  function holed(snapshots: boolean): string {
    const dir = copy('clean');
    if (!snapshots) rmSync(join(dir, 'snapshots'), { recursive: true });
    const [first = ''] = segments(dir).sort();
    const bytes = readFileSync(first);
    bytes.fill(0xee, 230, 260);
    bytes.fill(0xee, 900, 960);
    writeFileSync(first, bytes);
    return dir;
  }

  it('is what heal leads to where it cannot help, and only a plan without --apply', async () => {
    const dir = holed(false);
    const before = contents(dir);
    const heal = await walq(['wal', 'repair', dir, '--mode', 'heal']);
    expect(heal).toMatchObject({ code: 3, stdout: expect.stringContaining('--mode salvage --to NEWSTORE\n') });
    const to = `${dir}-new`;
    const plan = await walq(['wal', 'repair', dir, '--mode', 'salvage', '--to', to]);
    expect(plan).toMatchObject({ code: 7, stdout: expect.stringContaining(`--to ${to} --apply\n`) });
    expect(contents(dir)).toEqual(before);
    expect(existsSync(to)).toBe(false);
  });

  it('names what is lost and which jobs that may touch, and the new store runs', async () => {
    const dir = holed(false);
    const to = `${dir}-new`;
    const made = await walq(['wal', 'repair', dir, '--mode', 'salvage', '--to', to, '--apply']);
    expect(made.code).toBe(0);
    for (const line of [
      'lost: exactly 3 events (seq 1, 9..10)',
      'possibly touched: job_2, job_3, not finished when events were lost',
      'skipped: seq 4 (job_1): DISPATCH does not fit the state: the job is unknown',
      'skipped: seq 11 (job_2): ACK does not fit the state: the job is pending',
    ]) {
      expect(made.stdout).toContain(line);
    }
    const verified = await walq(['wal', 'verify', to]);
    expect(verified).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/note: .*\(seq 9\.\.10\) \[E_LOST\]\nOK\n/),
    });
    const replayed = await walq(['wal', 'replay', to]);
    expect(replayed).toMatchObject({ code: 0, stderr: expect.stringContaining('note: 3 events skipped') });
    expect((await walq(['queue', 'run', '--exec', 'true', '--drain', '--store', to])).code).toBe(0);
    expect((await walq(['wal', 'compact', to, '--keep', '1'])).code).toBe(0);
    expect((await walq(['wal', 'verify', to])).code).toBe(0);
  });

  it('loses nothing of the state that a snapshot holds', async () => {
    const dir = holed(true);
    const to = `${dir}-new`;
    const made = await walq(['wal', 'repair', dir, '--mode', 'salvage', '--to', to, '--apply']);
    expect(made.stdout).toContain('3 lost events before a snapshot: gone from the history, not from the state');
    const table = async (store: string) => (await walq(['wal', 'replay', store, '-o', 'table'])).stdout;
    expect(await table(to)).toBe(await table(join(fixtures, 'clean')));
  });

  it('leaves a row in the place of the lost ones, from both ends and by type', async () => {
    const dir = holed(false);
    const to = `${dir}-new`;
    await walq(['wal', 'repair', dir, '--mode', 'salvage', '--to', to, '--apply']);
    const seqs = async (...args: string[]) => {
      const { stdout } = await walq(['wal', 'inspect', to, ...args]);
      return stdout.split('\n').map((line) => /^\[seq=(\d+)\] (LOST)?/.exec(line)?.slice(1).join(' ')?.trim());
    };
    expect((await seqs('..11')).slice(0, -1)).toEqual(['1 LOST', '2', '3', '4', '5', '6', '7', '8', '9 LOST', '11']);
    expect((await seqs('8..11', '-r')).slice(0, -1)).toEqual(['11', '9 LOST', '8']);
    expect((await seqs('10')).slice(0, -1)).toEqual(['9 LOST']);
    expect((await seqs('--type', 'LOST')).slice(0, -1)).toEqual(['1 LOST', '9 LOST']);
  });

  it('is read by the library over the holes, from before, within and behind them', async () => {
    const dir = holed(false);
    const to = `${dir}-new`;
    await walq(['wal', 'repair', dir, '--mode', 'salvage', '--to', to, '--apply']);
    const queue = await openQueue(to);
    for (const [from, expected] of [
      [1, [2, 3, 4, 5, 6, 7, 8, 11, 12]],
      [10, [11, 12]],
      [12, [12]],
    ] as const) {
      const seqs: number[] = [];
      for await (const { seq } of queue.events({ from })) if (seqs.push(seq) === expected.length) break;
      expect(seqs).toEqual(expected);
    }
    await queue.close();
  });

  it('makes nothing where something is, and wants to be told where', async () => {
    const dir = holed(false);
    const taken = copy('torn');
    for (const args of [[], ['--apply']]) {
      const refused = await walq(['wal', 'repair', dir, '--mode', 'salvage', '--to', taken, ...args]);
      expect(refused).toMatchObject({ code: 7, stderr: expect.stringContaining('[E_PLACE]') });
    }
    expect((await walq(['wal', 'repair', dir, '--mode', 'salvage'])).code).toBe(2);
    expect((await walq(['wal', 'repair', dir, '--to', `${dir}-new`])).code).toBe(2);
  });
});

describe('a plan in a file', () => {
  it.each([
    ['bit-flip', ['--mode', 'heal']],
    ['torn', ['--mode', 'trim']],
    ['clean', ['--mode', 'cut', '--at', '21']],
    ['bit-flip', ['--mode', 'salvage', '--to', 'NEW']],
  ])('of %s %j is carried out as it was read, and not once the store has changed', async (name, how) => {
    const dir = copy(name);
    const args = how.map((word) => (word === 'NEW' ? `${dir}-new` : word));
    const file = `${dir}.plan`;
    const run = (...more: string[]) => walq(['wal', 'repair', dir, ...args, ...more]);
    expect(await run('--apply', '--plan', file)).toMatchObject({ code: 2 });
    expect((await run('--plan', file)).stdout).toContain(` --apply --plan ${file}\n`);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ walq: 1 });
    expect(await run('--plan', file)).toMatchObject({ code: 7, stderr: expect.stringContaining('E_FILE_EXISTS') });
    const changed = `${dir}-changed`;
    cpSync(dir, changed, { recursive: true });
    // Near the flipped bit of the one, behind the end of the others.
    const [first = '', , last = ''] = segments(changed).sort();
    if (name === 'bit-flip') damage(first, 400);
    else writeFileSync(last, Buffer.concat([readFileSync(last), Buffer.alloc(24, 9)]));
    const there = args.map((word) => (word === `${dir}-new` ? `${changed}-new` : word));
    const other = await walq(['wal', 'repair', changed, ...there, '--apply', '--yes', '--plan', file]);
    expect(other).toMatchObject({ code: 7, stderr: expect.stringContaining('E_PLAN_STALE') });
    expect((await run('--apply', '--plan', file)).code).toBe(0);
  });
});

describe('wal repair --mode cut', () => {
  it('makes a new store of the log up to a point, in whatever way it is named, and that store goes on', async () => {
    const dir = copy('clean');
    const before = contents(dir);
    const state = async (store: string, ...args: string[]) =>
      (await walq(['wal', 'replay', store, '-o', 'document', ...args])).stdout;
    for (const [at, seq] of [
      ['20', 20],
      ['@snap', 31],
      ['@-10', 29],
      ['0', 0],
    ] as const) {
      const to = join(scratch(), 'new');
      const plan = await walq(['wal', 'repair', dir, '--mode', 'cut', '--at', at, '--to', to]);
      expect(plan).toMatchObject({
        code: 7,
        stdout: expect.stringContaining(`cut after seq ${seq}: ${38 - seq} events`),
      });
      expect(plan.stdout).toContain(`--mode cut --at ${at} --to ${to} --apply`);
      const made = await walq(['wal', 'repair', dir, '--mode', 'cut', '--at', at, '--to', to, '--apply']);
      expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('lost: nothing') });
      expect(await walq(['wal', 'verify', to])).toMatchObject({ code: 0, stdout: expect.not.stringContaining('note') });
      expect(await state(to)).toBe(await state(dir, '--until', String(seq)));
      expect((await walq(['queue', 'enqueue', 'mail', '--id', 'later', '-d', '1', '--store', to])).code).toBe(0);
      expect((await walq(['wal', 'inspect', to, String(seq + 1)])).stdout).toContain('ENQUEUE later');
    }
    expect(contents(dir)).toEqual(before);
  });

  it('takes the store itself back, keeps what came after, and puts it back', async () => {
    const dir = copy('clean');
    const before = contents(dir);
    const plan = await walq(['wal', 'repair', dir, '--mode', 'cut', '--at', '@-18']);
    expect(plan).toMatchObject({ code: 7, stdout: expect.stringContaining('back to seq 21, 17 events (seq 22..38)') });
    expect(plan.stdout).toContain(`next: walq wal repair ${dir} --mode cut --at 21 --apply`);
    expect(contents(dir)).toEqual(before);
    const cut = await walq(['wal', 'repair', dir, '--mode', 'cut', '--at', '21', '--apply', '--json']);
    expect(JSON.parse(cut.stdout)).toMatchObject({ changed: true, plan: { seq: 21, to: { seq: 21 } }, exit: 0 });
    expect((await walq(['wal', 'verify', dir])).stdout).toContain('(seq 1..21)');
    const other = join(scratch(), 'other');
    cpSync(dir, other, { recursive: true });
    expect((await walq(['queue', 'enqueue', 'mail', '--id', 'later', '--store', other])).code).toBe(0);
    expect((await walq(['wal', 'inspect', other, '22'])).stdout).toContain('ENQUEUE later');
    expect((await walq(['wal', 'repair', dir, '--undo'])).code).toBe(0);
    const after = contents(dir);
    for (const [path, bytes] of Object.entries(before)) if (path !== '/LOCK') expect(after[path], path).toEqual(bytes);
  });

  it('refuses a point that is not there, and flags that say half', async () => {
    const dir = copy('clean');
    const to = `${dir}-new`;
    for (const args of [
      ['--at', '39', '--to', to],
      ['--at', 'x', '--to', to],
      ['--to', to],
    ]) {
      expect(await walq(['wal', 'repair', dir, '--mode', 'cut', ...args, '--apply'])).toMatchObject({ code: 2 });
    }
    expect(existsSync(to)).toBe(false);
  });
});
