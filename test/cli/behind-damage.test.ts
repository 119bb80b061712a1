import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { redacted } from '../../src/commands/doctor/redact.ts';
import { makeStore } from './make-store.ts';
import { scratch, walq } from './run-walq.ts';

/** What commands say when the answer lies behind damage. */

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

test('of a job that stands behind a fault nobody says that there is none', async () => {
  const store = join(scratch(), 'store');
  cpSync(join(fixtures, 'clean'), store, { recursive: true });
  for (const name of readdirSync(join(store, 'snapshots'))) rmSync(join(store, 'snapshots', name));
  const path = join(store, 'wal', readdirSync(join(store, 'wal')).sort()[1] ?? '');
  writeFileSync(path, readFileSync(path).fill(0, 700, 703));
  for (const args of [
    ['queue', 'show', 'job_9', '--store', store],
    ['wal', 'inspect', store, '--job', 'job_9', '--explain'],
  ]) {
    const { code, stderr } = await walq(args);
    expect({ args, code }).toEqual({ args, code: 3 });
    expect(stderr).toMatch(
      /has no job job_9 up to seq \d+, and what lies behind is damaged: wal\/.*\[E_FRAME_HEADER\]/,
    );
  }
  expect((await walq(['queue', 'show', 'nobody', '--store', join(fixtures, 'clean')])).code).toBe(1);
});

test('the state of a snapshot is known although the segment that it stands in is gone', async () => {
  const store = join(scratch(), 'store');
  await makeStore(store, 30, { segmentBytes: 2000, snapshotAfter: 15 });
  const list = JSON.parse((await walq(['snapshot', 'list', store, '--json'])).stdout) as {
    snapshots: { seq: number; summary: { stateHash: string } }[];
  };
  const oldest = list.snapshots.toSorted((a, b) => a.seq - b.seq)[0];
  const names = readdirSync(join(store, 'wal')).sort();
  const own = names.findLast((name) => Number(/-(\d+)\.wal$/.exec(name)?.[1]) <= (oldest?.seq ?? 0));
  expect(names.indexOf(own ?? '')).toBeGreaterThan(0);
  rmSync(join(store, 'wal', own ?? ''));
  const { code, stdout } = await walq(['wal', 'state-hash', store, String(oldest?.seq)]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: `${oldest?.summary.stateHash}  seq ${oldest?.seq}\n` });
});

test('a damaged segment pins what lies behind it, and not more', async () => {
  const store = join(scratch(), 'store');
  await makeStore(store, 30, { segmentBytes: 2000, snapshotAfter: 15 });
  const held = async (): Promise<string | undefined> =>
    /\d+ segments? holds? records after seq \d+/.exec((await walq(['doctor', store])).stdout)?.[0];
  const before = await held();
  expect(before).toBeDefined();
  const path = join(store, 'wal', readdirSync(join(store, 'wal')).sort()[0] ?? '');
  writeFileSync(path, readFileSync(path).fill(0x55, 200, 230));
  expect(await held()).toBe(before);
});

test('a seq behind damage is not the fault of who asks', async () => {
  const store = join(scratch(), 'store');
  cpSync(join(fixtures, 'clean'), store, { recursive: true });
  for (const name of readdirSync(join(store, 'snapshots'))) rmSync(join(store, 'snapshots', name));
  const path = join(store, 'wal', readdirSync(join(store, 'wal')).sort()[1] ?? '');
  writeFileSync(path, readFileSync(path).fill(0, 700, 703));
  expect((await walq(['wal', 'replay', store, '--until', '30'])).code).toBe(3);
  expect((await walq(['wal', 'replay', store, '--until', '300'])).code).toBe(2);
});

test('text that was written over a header is no header in a bundle', () => {
  const secret = Buffer.from(
    '{"card":"4111-1111-1111-1111","secret":"hunter2","more":"0123456789 0123456789 0123456789 012"}',
  );
  const segment = Buffer.alloc(256);
  secret.copy(segment);
  expect(Buffer.from(redacted(segment, { from: 0, isSegment: true, faultAt: 0 })).toString('latin1')).not.toMatch(
    /4111|hunter|\d{4}/,
  );
  const sound = readFileSync(
    join(fixtures, 'clean', 'wal', readdirSync(join(fixtures, 'clean', 'wal')).sort()[0] ?? ''),
  );
  // A damaged one without text in it is what a bundle is for.
  for (const at of [20, 50, 100, 120]) {
    const damaged = Buffer.from(sound.subarray(0, 136));
    damaged[at] = (damaged[at] ?? 0) ^ 0x80;
    expect(Buffer.from(redacted(damaged, { from: 0, isSegment: true, faultAt: 96 }))).toEqual(damaged);
  }
  const shown = redacted(sound.subarray(0, 136), { from: 0, isSegment: true, faultAt: 0 });
  expect(Buffer.from(shown)).toEqual(sound.subarray(0, 136));
});

test('settings and a plan say what is wrong with the files that they were read from', async () => {
  const cut = join(scratch(), 'cut');
  cpSync(join(fixtures, 'clean'), cut, { recursive: true });
  const last = join(cut, 'wal', readdirSync(join(cut, 'wal')).sort().at(-1) ?? '');
  writeFileSync(last, readFileSync(last).fill(0x55, 300, 400));
  const told: [store: string, code: number, what: RegExp][] = [
    [join(fixtures, 'torn'), 4, /^torn: wal\/.*\[E_TORN_TAIL\]\nTORN {2}the answer is whole\n$/],
    [join(fixtures, 'bad-snapshot'), 3, /^degraded: .*\[E_SNAPSHOT_BLOCK\]\nDEGRADED {2}the answer is whole\n$/],
    [cut, 3, /^corrupt: wal\/[\s\S]*\]\nCORRUPT {2}this is the queue up to seq \d+; what lies behind is not in it\n$/],
  ];
  for (const [store, code, what] of told) {
    for (const words of ['schedule list', 'schedule next', 'limit', 'prune --dry-run --keep 1']) {
      const ran = await walq(['queue', '--store', store, ...words.split(' ')]);
      expect({ store, words, code: ran.code }).toEqual({ store, words, code });
      expect(ran.stderr).toMatch(what);
    }
  }
});
