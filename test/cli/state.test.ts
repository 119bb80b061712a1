import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { openQueue } from '../../src/index.ts';
import { contents, damage, firstMs, makeStore, open, segments } from './make-store.ts';
import { folderForAll, scratch, walq } from './run-walq.ts';

const base = folderForAll();
const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
const whole = join(base, 'whole');

function copy(): string {
  const dir = join(scratch(), 'store');
  cpSync(whole, dir, { recursive: true });
  return dir;
}

/** The state as the document writes it. */
async function state(args: string[], code = 0): Promise<{ Jobs: Record<string, { Status: string }>; LastSeq: number }> {
  const ran = await walq(['wal', 'replay', ...args, '-o', 'document']);
  expect({ args, code: ran.code, stderr: ran.code === 0 ? '' : ran.stderr }).toMatchObject({ args, code });
  return JSON.parse(ran.stdout);
}

beforeAll(async () => {
  await makeStore(whole, 12, { segmentBytes: 1500, snapshotAfter: 4 });
});

describe('wal replay', () => {
  it('takes a wal/ folder for its store, however its path is spelled; alone it may lack a base', async () => {
    const dir = copy();
    expect(await walq(['wal', 'compact', dir, '--keep', '1'])).toMatchObject({ code: 0 });
    const { stdout } = await walq(['wal', 'replay', dir, '-o', 'document']);
    const inside = await walq(['wal', 'replay', '.', '-o', 'document'], { cwd: join(dir, 'wal') });
    expect(inside).toMatchObject({ code: 0, stdout });
    const alone = join(scratch(), 'log');
    cpSync(join(dir, 'wal'), alone, { recursive: true });
    const [segment = ''] = readdirSync(alone);
    for (const path of [alone, join(alone, segment)]) {
      const ran = await walq(['wal', 'replay', path]);
      expect(ran).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('[E_NO_BASE]') });
    }
  });

  it('gives the state at every seq, from the snapshot or from the start', async () => {
    const statuses = ['pending', 'in_flight', 'completed'];
    for (const until of [0, 1, 2, 3, 11, 12, 13, 35, 36]) {
      for (const snapshot of ['auto', 'none']) {
        const { Jobs, LastSeq } = await state([whole, '--until', String(until), '--snapshot', snapshot]);
        expect(LastSeq).toBe(until);
        const expected = Array.from(
          { length: Math.ceil(until / 3) },
          (_, at) => statuses[Math.min(2, until - 1 - at * 3)],
        );
        expect(Object.values(Jobs).map((job) => job.Status)).toEqual(expected);
      }
    }
  });

  it('takes times, @snap, @tail and places from the tail', async () => {
    const until = async (selector: string) => (await state([whole, '--until', selector])).LastSeq;
    expect(await until(new Date(firstMs + 4500).toISOString())).toBe(5);
    expect(await until('@snap')).toBe(36);
    expect(await until('@tail')).toBe(36);
    expect(await until('-2')).toBe(35);
    for (const wrong of ['37', '@-37', 'x', '1..2', '1999-01-01']) {
      expect(await walq(['wal', 'replay', whole, '--until', wrong])).toMatchObject({ code: 2, stdout: '' });
    }
  });

  it('inserts payloads as they were written', async () => {
    for (const form of ['document', 'json', 'ndjson', 'table']) {
      const { stdout } = await walq(['wal', 'replay', whole, '--until', '1', '-o', form]);
      expect(stdout).toContain('{"n":1,"big":9007199254740993}');
    }
    const { stdout } = await walq(['wal', 'replay', whole, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      walq: 1,
      kind: 'wal.replay',
      seq: 36,
      counts: { completed: 12 },
      exit: 0,
    });
  });

  it('says which part of a compacted log is gone', async () => {
    const dir = copy();
    expect((await walq(['wal', 'compact', dir, '--keep', '1'])).code).toBe(0);
    const { code, stderr } = await walq(['wal', 'replay', dir, '--until', '5']);
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the earliest is seq 36 [E_BEFORE_BASE]'),
    });
    expect((await walq(['wal', 'replay', dir, '--snapshot', 'none'])).code).toBe(2);
    expect((await walq(['wal', 'inspect', dir, '1..5'])).code).toBe(2);
    expect((await state([dir])).LastSeq).toBe(36);
  });

  it('stops before the first fault, says so, and ends with 3', async () => {
    const dir = copy();
    const row = JSON.parse((await walq(['wal', 'inspect', dir, '14', '-o', 'ndjson'])).stdout.split('\n')[0] ?? '');
    damage(join(dir, row.file), row.offset + 44);
    const fromStart = await state([dir, '--snapshot', 'none'], 3);
    expect(fromStart.LastSeq).toBe(13);
  });

  it('saves a detached snapshot that shows the same, and overwrites nothing', async () => {
    const file = join(scratch(), 'saved.snap');
    expect((await walq(['wal', 'replay', whole, '--until', '14', '--save', file])).code).toBe(0);
    const shown = await walq(['snapshot', 'show', file, '-o', 'document']);
    expect(JSON.parse(shown.stdout)).toEqual(await state([whole, '--until', '14']));
    expect(await walq(['snapshot', 'verify', file])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('detached at seq 14'),
    });
    const bytes = readFileSync(file);
    expect((await walq(['wal', 'replay', whole, '--save', file])).code).toBe(7);
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect((await walq(['wal', 'replay', whole, '--save', join(file, 'x')])).code).not.toBe(70);
  });

  it("replays the document's text lines to the document's snapshot", async () => {
    const file = join(scratch(), 'log.txt');
    writeFileSync(file, '[seq=1] ENQUEUE job_1\n[seq=2] DISPATCH job_1\n[seq=3] ACK job_1\n');
    const { code, stdout } = await walq(['wal', 'replay', file, '-o', 'document']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"Jobs":{"job_1":{"Status":"completed"}},"LastSeq":3}\n' });
    const snapshot = join(scratch(), 'state.json');
    writeFileSync(snapshot, stdout);
    expect((await walq(['snapshot', 'show', snapshot, '-o', 'document'])).stdout).toBe(stdout);
    expect((await state([file, '--until', '2'])).Jobs).toEqual({ job_1: { Status: 'in_flight' } });
  });
});

describe('wal repair', () => {
  async function torn(): Promise<string> {
    const dir = copy();
    rmSync(join(dir, 'HEAD'));
    rmSync(join(dir, 'snapshots'), { recursive: true });
    const row = JSON.parse((await walq(['wal', 'inspect', dir, '36', '-o', 'ndjson'])).stdout.split('\n')[0] ?? '');
    truncateSync(join(dir, row.file), row.offset + 50);
    return dir;
  }

  it('plans, applies and takes back, byte for byte', async () => {
    const dir = await torn();
    const before = contents(dir);
    const plan = await walq(['wal', 'repair', dir]);
    expect(plan).toMatchObject({
      code: 7,
      stdout: expect.stringContaining(`next: walq wal repair ${dir} --mode trim --apply`),
    });
    expect(contents(dir)).toEqual(before);
    const applied = await walq(['wal', 'repair', dir, '--mode', 'trim', '--apply']);
    expect(applied).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/cut 50 bytes from offset \d+ .*kept in quarantine[\s\S]*\nOK/),
    });
    expect((await walq(['wal', 'verify', dir])).code).toBe(0);
    expect((await walq(['wal', 'repair', dir])).code).toBe(0);
    expect((await walq(['wal', 'repair', dir, '--undo'])).code).toBe(0);
    const [segment = ''] = Object.keys(before)
      .filter((name) => name.includes('.wal'))
      .slice(-1);
    expect(contents(dir)[segment]).toBe(before[segment]);
    expect((await walq(['wal', 'repair', dir, '--undo'])).code).toBe(1);
  });

  it('says in JSON what it would do and did', async () => {
    const dir = await torn();
    const plan = JSON.parse((await walq(['wal', 'repair', dir, '--json'])).stdout);
    expect(plan).toMatchObject({
      kind: 'wal.repair',
      changed: false,
      exit: 7,
      plan: { actions: [{ kind: 'trim', bytes: 50 }] },
    });
    const applied = JSON.parse((await walq(['wal', 'repair', dir, '--apply', '--json'])).stdout);
    expect(applied).toMatchObject({ changed: true, exit: 0, verdict: 'clean' });
  });

  it('does not touch damage that trimming cannot mend', async () => {
    const dir = copy();
    const [first = ''] = segments(dir);
    damage(first, 200);
    const before = contents(dir);
    for (const flags of [[], ['--apply'], ['--apply', '--yes']]) {
      expect(await walq(['wal', 'repair', dir, ...flags])).toMatchObject({
        code: 3,
        stdout: expect.stringContaining('trim does not mend'),
      });
      const { '/LOCK': _, ...after } = contents(dir);
      const { '/LOCK': __, ...was } = before;
      expect(after).toEqual(was);
    }
  });

  it('finds nothing to do in a whole store and refuses anything but a store', async () => {
    expect(await walq(['wal', 'repair', whole])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing to repair'),
    });
    const [first = ''] = segments(whole);
    expect((await walq(['wal', 'repair', first])).code).toBe(2);
    expect((await walq(['wal', 'repair', whole, '--undo', '--apply'])).code).toBe(2);
  });
});

describe('wal compact and snapshots', () => {
  it('drops what the kept snapshots cover and keeps the state', async () => {
    const dir = copy();
    const before = await state([dir]);
    const dry = await walq(['wal', 'compact', dir, '--keep', '1', '--dry-run']);
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringMatching(/would remove wal\/.*\n/) });
    expect(segments(dir)).toHaveLength(segments(whole).length);
    const done = await walq(['wal', 'compact', dir, '--keep', '1']);
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('state before = state after: ') });
    expect(segments(dir).length).toBeLessThan(segments(whole).length);
    expect(await state([dir])).toEqual(before);
    expect((await walq(['wal', 'verify', dir])).code).toBe(0);
  });

  it('creates, lists, shows and prunes snapshots', async () => {
    const dir = join(scratch(), 'store');
    await makeStore(dir, 3);
    expect((await walq(['snapshot', 'show', dir])).code).toBe(1);
    expect(await walq(['snapshot', 'create', dir])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('00000000000000000009.snap'),
    });
    expect((await walq(['snapshot', 'create', dir])).stdout).toContain('covers the state already');
    expect((await walq(['snapshot', 'list', dir])).stdout).toMatch(/^SEQ\tCREATED\t.*\n9\t.*\tOK\t.*\tcheckpoint\t/);
    expect((await walq(['snapshot', 'verify', dir])).code).toBe(0);
    const shown = JSON.parse((await walq(['snapshot', 'show', dir, '-o', 'document'])).stdout);
    expect(shown).toEqual(await state([dir]));
    expect(await walq(['snapshot', 'prune', dir, '--keep', '1'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('kept snapshots/'),
    });
    const pruned = copy();
    expect((await walq(['snapshot', 'prune', pruned, '--keep', '1', '--dry-run'])).stdout).toContain(
      'would remove snapshots/00000000000000000012.snap',
    );
    expect(readdirSync(join(pruned, 'snapshots'))).toHaveLength(2);
    expect((await walq(['snapshot', 'prune', pruned, '--keep', '1'])).code).toBe(0);
    expect(readdirSync(join(pruned, 'snapshots'))).toEqual(['00000000000000000036.snap']);
    expect(segments(pruned)).toHaveLength(segments(whole).length);
  });

  it.each([
    ['snapshot', 'prune'],
    ['wal', 'compact'],
  ])('%s %s ends with 3 beside a bad snapshot, planned, under the lock and through a runner', async (...command) => {
    const store = join(scratch(), 'store');
    cpSync(join(fixtures, 'bad-snapshot'), store, { recursive: true });
    const told = {
      code: 3,
      stderr: expect.stringMatching(/^degraded: snapshots\/00000000000000000031.snap: .* \[E_SNAPSHOT_BLOCK\]\n$/),
    };
    expect(await walq([...command, store, '--dry-run'])).toMatchObject(told);
    const queue = await openQueue(store);
    expect(await walq([...command, store])).toMatchObject(told);
    await queue.close();
    const under = await walq([...command, store, '--json']);
    expect(under.code).toBe(3);
    const { findings, exit } = JSON.parse(under.stdout);
    expect({ findings, exit }).toMatchObject({ findings: [{ code: 'E_SNAPSHOT_BLOCK' }], exit: 3 });
  });

  it('is refused with 6 while another process writes, and reading is not', async () => {
    const dir = copy();
    const writer = await open(dir);
    for (const command of [
      ['wal', 'compact', '--lock-timeout', '100ms'],
      ['snapshot', 'create', '--lock-timeout', '100ms'],
      ['snapshot', 'prune', '--lock-timeout', '100ms'],
      ['wal', 'repair', '--undo'],
    ]) {
      const { code, stderr } = await walq([...command, dir]);
      expect({ command, code }).toEqual({ command, code: 6 });
      expect(stderr).toContain('[E_LOCKED]');
    }
    for (const command of [
      ['wal', 'verify'],
      ['wal', 'inspect'],
      ['wal', 'replay'],
      ['snapshot', 'verify'],
      ['wal', 'repair'],
    ]) {
      expect({ command, code: (await walq([...command, dir])).code }).toEqual({ command, code: 0 });
    }
    await writer.close();
  });
});
