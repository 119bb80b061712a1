import { describe, expect, test } from 'vitest';
import { FakeClock } from '../support/fake-clock.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { crashState, crashStates } from '../support/sim-crash.ts';
import { bytesOf, putFile, setMode } from '../support/sim-edit.ts';
import { SimFs } from '../support/sim-fs.ts';
import { SimCrash, type SyncFailure } from '../support/sim-ops.ts';
import { errnoOf, text, utf8 } from './helpers.ts';

async function opened(): Promise<{ fs: SimFs; file: Awaited<ReturnType<SimFs['open']>> }> {
  const fs = new SimFs();
  putFile(fs, '/a', utf8('old'));
  return { fs, file: await fs.open('/a', 'r+') };
}

test('every call is numbered and recorded with its kind, path, place and outcome', async () => {
  const { fs, file } = await opened();
  await file.write(utf8('xy'), 7);
  file.writeSync(utf8('z'), 0);
  await errnoOf(fs.unlink('/none'));
  fs.note('here');
  await fs.rename('/a', '/b');
  expect(fs.log.map(({ op, kind, path, result }) => [op, kind, path, result])).toEqual([
    [1, 'open', '/a', 'ok'],
    [2, 'write', '/a', 'ok'],
    [3, 'write', '/a', 'ok'],
    [4, 'unlink', '/none', 'ENOENT'],
    [4, 'note', 'here', 'ok'],
    [5, 'rename', '/a', 'ok'],
  ]);
  expect(fs.log[1]).toMatchObject({ offset: 7, length: 2, done: 2, bytes: utf8('xy') });
  expect(fs.log[5]).toMatchObject({ to: '/b', ino: fs.log[1]?.ino });
});

test('a fault hits the nth matching call once, or from then on', async () => {
  const { fs, file } = await opened();
  fs.inject({ nth: 2, errno: 'ENOSPC', match: (op) => op.kind === 'write' });
  fs.inject({ nth: 4, errno: 'EIO', match: (op) => op.kind === 'write', persistent: true });
  const results: string[] = [];
  for (let index = 0; index < 5; index++) results.push(await errnoOf(file.write(utf8(String(index)), index)));
  expect(results).toEqual(['ok', 'ENOSPC', 'ok', 'EIO', 'EIO']);
  expect(() => file.writeSync(utf8('x'), 0)).toThrow(expect.objectContaining({ code: 'EIO' }));
  fs.ops.clearFaults();
  expect(await errnoOf(file.write(utf8('x'), 0))).toBe('ok');
});

test('a short write writes so many bytes, a short read reads so many', async () => {
  const { fs, file } = await opened();
  fs.inject({ nth: 1, short: 2, match: (op) => op.kind === 'write' });
  fs.inject({ nth: 1, short: 1, match: (op) => op.kind === 'read' });
  expect(await file.write(utf8('new'), 0)).toBe(2);
  const buffer = new Uint8Array(3);
  expect(await file.read(buffer, 0)).toBe(1);
  expect(text(bytesOf(fs, '/a'))).toBe('ned');
});

test('a failed call changes nothing; a failed close still closes', async () => {
  const { fs, file } = await opened();
  fs.inject({ nth: 1, errno: 'EIO', persistent: true, match: (op) => ['rename', 'write', 'close'].includes(op.kind) });
  expect(await errnoOf(fs.rename('/a', '/b'))).toBe('EIO');
  expect(await errnoOf(file.write(utf8('new'), 0))).toBe('EIO');
  expect(text(bytesOf(fs, '/a'))).toBe('old');
  expect(await errnoOf(file.close())).toBe('EIO');
  expect(await errnoOf(file.size())).toBe('EBADF');
});

test.each([
  ['before', 'old'],
  ['after', 'new'],
] as const)('a process that dies %s a write throws SimCrash from then on', async (die, left) => {
  const { fs, file } = await opened();
  fs.dieAt(2, die);
  await expect(file.write(utf8('new'), 0)).rejects.toThrow(SimCrash);
  await expect(file.close()).rejects.toThrow(SimCrash);
  await expect(fs.lstat('/a')).rejects.toThrow(SimCrash);
  expect(() => file.writeSync(utf8('x'), 0)).toThrow(SimCrash);
  expect(fs.dead).toBe(true);
  expect(text(bytesOf(crashState(fs, 'kill'), '/a'))).toBe(left);
});

describe('after a failed datasync', () => {
  /** What reads show, and what every power loss leaves, after the failure and after one more sync that succeeds. */
  async function fail(sync: SyncFailure): Promise<{ read: string; lost: string[]; thenSynced: string[] }> {
    const { fs, file } = await opened();
    await file.write(utf8('new'), 0);
    fs.inject({ nth: 1, errno: 'EIO', sync, match: (op) => op.kind === 'datasync' });
    expect(await errnoOf(file.datasync())).toBe('EIO');
    const read = text(bytesOf(fs, '/a'));
    const left = (): string[] =>
      [...crashStates(fs, { kill: false, fills: ['zero'] })].map((state) => text(bytesOf(state.fs, '/a'))).sort();
    const lost = left();
    await file.datasync();
    return { read, lost, thenSynced: left() };
  }
  test('pages kept dirty show new bytes, may survive, and a later sync writes them', async () => {
    expect(await fail('kept')).toEqual({ read: 'new', lost: ['new', 'old'], thenSynced: ['new'] });
  });
  test('pages dropped show new bytes, yet the disk keeps the old ones, even after a later sync', async () => {
    expect(await fail('dropped')).toEqual({ read: 'new', lost: ['old'], thenSynced: ['old'] });
  });
  test('pages reverted show the old bytes at once', async () => {
    expect(await fail('reverted')).toEqual({ read: 'old', lost: ['old'], thenSynced: ['old'] });
  });
  test('dropped names are shown until the next start and then gone', async () => {
    const { fs } = await opened();
    fs.inject({ nth: 1, errno: 'EIO', sync: 'dropped', match: (op) => op.kind === 'syncDir' });
    await fs.rename('/a', '/b');
    expect(await errnoOf(fs.syncDir('/'))).toBe('EIO');
    await fs.syncDir('/');
    expect(await fs.readdir('/')).toEqual(['b']);
    expect(await crashState(fs, 'power: nothing').readdir('/')).toEqual(['a']);
  });
});

test('folders and files without permission give EACCES', async () => {
  const { fs } = await opened();
  setMode(fs, '/a', 0o400);
  await (await fs.open('/a', 'r')).close();
  expect(await errnoOf(fs.open('/a', 'r+'))).toBe('EACCES');
  setMode(fs, '/', 0o500);
  expect(await errnoOf(fs.open('/b', 'wx'))).toBe('EACCES');
  expect(await errnoOf(fs.unlink('/a'))).toBe('EACCES');
  setMode(fs, '/', 0);
  expect(await errnoOf(fs.readdir('/'))).toBe('EACCES');
  expect(await errnoOf(fs.lstat('/a'))).toBe('EACCES');
});

test('the fake clock wakes sleepers in order, each at its own time', async () => {
  const clock = new FakeClock({ startMs: 1000 });
  const woken: string[] = [];
  const sleeper = async (name: string, ms: number): Promise<void> => {
    await clock.sleep(ms);
    woken.push(`${name} ${clock.now()}`);
  };
  const all = Promise.all([sleeper('late', 30), sleeper('early', 10).then(() => sleeper('chained', 5))]);
  await clock.advance(20);
  expect(woken).toEqual(['early 1010', 'chained 1015']);
  expect([clock.now(), clock.monotonic(), clock.sleeping]).toEqual([1020, 20, 1]);
  clock.setWall(0);
  await clock.advance(10);
  await all;
  expect(woken.at(-1)).toBe('late 10');
});

test('an automatic clock lets sleeps pass at once and counts them', async () => {
  const clock = new FakeClock({ startMs: 0, auto: true });
  await clock.sleep(30 * 86_400_000);
  expect(clock.now()).toBe(30 * 86_400_000);
});

test('seeded randomness repeats itself and differs between seeds', () => {
  const bytes = (seed: number): string => {
    const buffer = new Uint8Array(64);
    seededRandom(seed)(buffer);
    return buffer.join();
  };
  expect(bytes(1)).toBe(bytes(1));
  expect(bytes(1)).not.toBe(bytes(2));
  expect(new Set(bytes(1).split(',')).size).toBeGreaterThan(30);
});
