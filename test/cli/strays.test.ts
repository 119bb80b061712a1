import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { enqueueDefaults } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { copyOf, salvaged, totalsOf } from './fixture-copy.ts';
import { contents, damage, open, segments } from './make-store.ts';
import { scratch, walq } from './run-walq.ts';

/** Files that are there and should not be, or are another store's: what is good stays good beside them. */

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

function destroyHeader(path: string): void {
  const bytes = readFileSync(path);
  for (let at = 16; at < 96; at++) bytes[at] = (bytes[at] ?? 0) ^ 0x55;
  writeFileSync(path, bytes);
}

describe('a file behind the end of a log that was closed well', () => {
  it('is what doctor, verify and repair say to move away; a repair does, and takes it back', async () => {
    const dir = copyOf('clean');
    cpSync(segments(dir).sort()[1] ?? '', join(dir, 'wal', '0000000009-00000000000000000099.wal'));
    const before = contents(dir);
    const command = `walq wal repair ${dir}`;
    const { stdout: doctor } = await walq(['doctor', dir]);
    // Of the log alone, though the copy ends in another frame, and was opened at another time.
    for (const fact of [
      '(seq 1..38) in 3 segments\n',
      'ended well by pid 4242',
      ' 3 segments hold records after seq 12',
    ])
      expect(doctor).toContain(fact);
    expect(doctor).toContain('0099.wal: behind the end of the log: header states another ordinal');
    for (const look of [['doctor'], ['wal', 'verify'], ['wal', 'repair', '--mode', 'heal']])
      expect(await walq([...look, dir])).toMatchObject({
        code: 3,
        stdout: expect.stringMatching(`next:? *${command}`),
      });
    expect(await walq(['wal', 'repair', dir])).toMatchObject({
      code: 7,
      stdout: expect.stringContaining('1. move wal/0000000009-00000000000000000099.wal to quarantine/\n'),
    });
    expect(await walq(['wal', 'repair', dir, '--apply'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('OK'),
    });
    expect(await walq(['wal', 'verify', dir])).toMatchObject({ code: 0 });
    expect(await walq(['wal', 'repair', dir, '--undo'])).toMatchObject({ code: 0 });
    const { '/quarantine/repair-0001.json': journal, ...after } = contents(dir);
    // Who holds the lock is written into it.
    expect([journal, { ...after, '/LOCK': '' }]).toEqual([expect.anything(), { ...before, '/LOCK': '' }]);
  });

  it('comes first where something else is wrong too', async () => {
    const dir = copyOf('bit-flip');
    writeFileSync(join(dir, 'wal', '0000000009-00000000000000000099.wal'), 'noise');
    const { stdout } = await walq(['doctor', dir]);
    expect(stdout).toMatch(/^next +walq wal repair \S+ +shows which files .*\n +walq wal repair \S+ --mode heal /m);
  });
});

describe('salvage', () => {
  it('takes over all events beside an empty file with the name of a segment', async () => {
    const dir = copyOf('clean');
    const whole = await totalsOf(dir);
    writeFileSync(join(dir, 'wal', '0000000099-00000000000000000001.wal'), '');
    expect((await walq(['wal', 'verify', dir])).stdout).toContain('38 events (seq 1..38)');
    const { told, totals } = await salvaged(dir);
    expect(told).toContain('38 events of seq 1..38');
    expect(totals).toBe(whole);
  });

  it('takes over a segment that has another name, or stands there twice', async () => {
    const whole = await totalsOf(copyOf('clean'));
    for (const change of [renameSync, cpSync]) {
      const dir = copyOf('clean');
      change(segments(dir).sort()[0] ?? '', join(dir, 'wal', '0000000011-00000000000000000001.wal'));
      const { told, totals } = await salvaged(dir);
      expect(told).toContain('38 events of seq 1..38');
      expect(totals).toBe(whole);
    }
  });

  it('takes over what an interrupted cleaning left, too', async () => {
    const dir = copyOf('clean');
    rmSync(segments(dir).sort()[1] ?? '');
    await walq(['snapshot', 'prune', dir, '--keep', '1']);
    const { told } = await salvaged(dir);
    expect(told).toContain('22 events of seq 1..38');
    expect(told).toContain('lost: exactly 16 events (seq 14..29)');
  });

  it('keeps the snapshot that a log begins with, whatever became of the header it stands on', async () => {
    const dir = copyOf('clean');
    await walq(['wal', 'compact', dir, '--keep', '1']);
    await walq(['queue', 'enqueue', '--store', dir, '--id', 'later']);
    const whole = await totalsOf(dir);
    destroyHeader(segments(dir)[0] ?? '');
    const { told, totals } = await salvaged(dir);
    expect(told).toContain('snapshot snapshots/00000000000000000038.snap');
    expect(told).toContain('lost: nothing');
    expect(totals).toBe(whole);
  });
});

it('STORE.json of another store is known by HEAD and the segments, and written anew', async () => {
  const dir = copyOf('clean');
  const before = contents(dir);
  cpSync(join(fixtures, 'torn', 'STORE.json'), join(dir, 'STORE.json'));
  const other = join(scratch(), 'other');
  await (await open(other)).close();
  cpSync(join(other, 'STORE.json'), join(dir, 'STORE.json'));
  const verified = await walq(['wal', 'verify', dir]);
  expect(verified).toMatchObject({ code: 3, stdout: expect.stringContaining('is of another store than HEAD') });
  expect((await walq(['queue', 'enqueue', 'x', '--store', dir])).code).toBe(3);
  expect((await walq(['wal', 'repair', dir, '--apply'])).code).toBe(0);
  expect((await walq(['wal', 'verify', dir])).code).toBe(0);
  expect(JSON.parse(readFileSync(join(dir, 'STORE.json'), 'utf8'))).toMatchObject({
    id: JSON.parse(Buffer.from(before['/STORE.json'] ?? '', 'hex').toString()).id,
  });
});

it('a cut in place is refused where the log has no base', async () => {
  const dir = copyOf('clean');
  rmSync(segments(dir).sort()[0] ?? '');
  rmSync(join(dir, 'snapshots'), { recursive: true });
  const before = contents(dir);
  const { code, stderr } = await walq(['wal', 'repair', dir, '--mode', 'cut', '--at', '20', '--apply']);
  expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining('[E_NO_BASE]') });
  const { '/LOCK': _, ...after } = contents(dir);
  const { '/LOCK': __, ...was } = before;
  expect(after).toEqual(was);
});

it('a cut in place is refused when only a snapshot above it is a base', async () => {
  const dir = copyOf('clean');
  rmSync(segments(dir).sort()[0] ?? '');
  rmSync(join(dir, 'snapshots', '00000000000000000012.snap'));
  const { code, stderr } = await walq(['wal', 'repair', dir, '--mode', 'cut', '--at', '20']);
  expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringMatching(/E_NO_BASE|E_BEFORE_BASE/) });
});

it('a backup does not wait for a HEAD of another store to move', async () => {
  const dir = copyOf('clean');
  const other = join(scratch(), 'other');
  await (await open(other)).close();
  cpSync(join(other, 'HEAD'), join(dir, 'HEAD'));
  const { code } = await walq(['backup', dir, `${dir}-copy`]);
  expect(code).toBe(0);
  expect((await walq(['wal', 'verify', `${dir}-copy`])).stdout).toContain('38 events (seq 1..38)');
});

it('what is no snapshot but is called so is told', async () => {
  const dir = copyOf('clean');
  rmSync(join(dir, 'snapshots', '00000000000000000031.snap'));
  symlinkSync('/dev/null', join(dir, 'snapshots', '00000000000000000031.snap'));
  expect(await walq(['wal', 'verify', dir])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('note: snapshots/00000000000000000031.snap: no file with the name of a snapshot'),
  });
  expect((await walq(['wal', 'verify', dir, '--fail-on', 'note'])).code).toBe(1);
});

describe('a folder that is no store', () => {
  it.each([
    [['queue', 'enqueue', 'x'], 7],
    [['queue', 'run', '--exec', 'true', '--drain'], 7],
    [['queue', 'pause'], 1],
    [['queue', 'cancel', 'x'], 1],
  ])('%s leaves nothing in it', async (command, exit) => {
    const dir = scratch();
    writeFileSync(join(dir, 'a.txt'), 'hi');
    expect((await walq([...command, '--store', dir])).code).toBe(exit);
    expect(readdirSync(dir)).toEqual(['a.txt']);
  });

  it('is not the root folder when --store is empty', async () => {
    for (const command of [
      ['queue', 'enqueue', 'x'],
      ['queue', 'pause'],
      ['queue', 'status'],
    ]) {
      const { code, stderr } = await walq([...command, '--store', '']);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--store is empty') });
    }
    expect(existsSync('/LOCK')).toBe(false);
  });
});

describe('a log that is damaged where a snapshot covers it', () => {
  it.each([
    ['wal', 'compact'],
    ['wal', 'compact', '--dry-run'],
    ['snapshot', 'prune', '--keep', '1'],
    ['snapshot', 'prune', '--keep', '1', '--dry-run'],
  ])('is not cleaned: %s %s %s', async (...[noun = '', verb = '', ...flags]) => {
    const dir = copyOf('bit-flip');
    const files = () => [...readdirSync(join(dir, 'wal')), ...readdirSync(join(dir, 'snapshots'))];
    const before = files();
    const { code, stderr } = await walq([noun, verb, dir, ...flags]);
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining('[E_PAYLOAD]') });
    expect(files()).toEqual(before);
  });
});

it('an event of a newer walq is that, and no damage', async () => {
  const dir = join(scratch(), 'store');
  const store = await open(dir);
  const newer = Uint8Array.from([99, 1, 0x61, 1]);
  await store.append(packed([newer])).catch(() => undefined);
  await store.close();
  for (const command of [
    ['wal', 'replay', dir],
    ['wal', 'verify', '--deep', dir],
    ['queue', 'enqueue', 'x', '--store', dir],
  ]) {
    const { code, stdout, stderr } = await walq(command);
    expect({ command, code }).toEqual({ command, code: 5 });
    expect(stdout + stderr).toContain('E_RECORD_NEWER');
  }
});

it('a segment of another store is judged, and nothing that it holds is taken for an event of this one', async () => {
  const dir = copyOf('clean');
  const whole = await totalsOf(dir);
  const other = join(scratch(), 'other');
  const strange = await open(other);
  await strange.append(packed([encodeEvent({ type: 'ENQUEUE', id: 'strange', at: 1, runAt: 1, ...enqueueDefaults })]));
  await strange.close();
  const last = segments(dir).sort().at(-1) ?? '';
  const name = `${String(Number(last.slice(-35, -25)) + 1).padStart(10, '0')}-00000000000000000039.wal`;
  cpSync(segments(other)[0] ?? '', join(dir, 'wal', name));
  const doctor = await walq(['doctor', dir]);
  expect(doctor.code).toBe(3);
  expect(doctor.stdout).toContain('38 events (seq 1..38)');
  expect(doctor.stdout).toContain(`           walq wal inspect ${dir}/wal/${name}`);
  for (const command of [
    ['wal', 'inspect'],
    ['wal', 'stats', '--json'],
    ['wal', 'export'],
  ]) {
    const { code, stdout } = await walq([...command, dir]);
    expect({ command, code }).toEqual({ command, code: 3 });
    expect(stdout).not.toContain('strange');
  }
  // Alone it is looked at as what it is.
  expect((await walq(['wal', 'inspect', join(dir, 'wal', name)])).stdout).toContain('ENQUEUE strange');
  rmSync(join(dir, 'wal', name));
  expect(await totalsOf(dir)).toBe(whole);
});

it('what came before a log without a base is told beside what is lost in it', async () => {
  const dir = copyOf('clean');
  rmSync(join(dir, 'snapshots'), { recursive: true });
  const [first = '', second = ''] = segments(dir).sort();
  rmSync(first);
  damage(second, 300);
  const { code, stdout } = await walq(['wal', 'verify', dir]);
  expect(code).toBe(3);
  expect(stdout).toMatch(
    /CORRUPT {2}lost: exactly \d+ events? .*\n +and all before seq 14: no good snapshot covers it\n/,
  );
});

it('a point beyond the log is told with where that ends', async () => {
  const { code, stderr } = await walq(['wal', 'repair', copyOf('clean'), '--mode', 'cut', '--at', '5000']);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('readable log, which ends at 38') });
});

it('a path that leads on behind a file is one where nothing is', async () => {
  const path = join(copyOf('clean'), 'STORE.json', 'x');
  for (const command of [
    ['wal', 'verify'],
    ['wal', 'repair'],
    ['snapshot', 'verify'],
    ['snapshot', 'list'],
    ['doctor'],
    ['queue', 'status', '--store'],
  ]) {
    const { code, stderr } = await walq([...command, path]);
    expect({ command, code, stderr }).toEqual({ command, code: 1, stderr: expect.stringMatching(/there is no /) });
  }
});
