import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock, systemRandom } from '../../src/base/node-clock.ts';
import { nodeFs } from '../../src/fs/node-fs.ts';
import { enqueueDefaults } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { scanStore, verifyStore } from '../../src/storage/read.ts';
import { restoreTo } from '../../src/storage/restore.ts';
import { applyRestore, planRestore } from '../../src/storage/restore-in-place.ts';
import { planSalvage } from '../../src/storage/salvage.ts';
import { openStore } from '../../src/storage/store.ts';
import { surveyStore } from '../../src/storage/survey.ts';
import { decodeSegmentHeader, encodeSegmentHeader } from '../../src/storage/wal/format.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { makeStore, segments } from '../cli/make-store.ts';
import { scratch } from '../cli/run-walq.ts';

const env = { fs: nodeFs, clock: systemClock, random: systemRandom };
/** No writer is at work: nobody need be waited for. */
const quick = { ...env, clock: { ...systemClock, sleep: () => Promise.resolve() } };
const jobs = 12;
const events = 3 * jobs;

async function storeOf(options: { snapshotAfter?: number } = {}): Promise<string> {
  const dir = join(scratch(), 'store');
  await makeStore(dir, jobs, { segmentBytes: 800, ...options });
  return dir;
}

function destroyHeader(path: string): void {
  const bytes = readFileSync(path);
  for (let at = 16; at < 96; at++) bytes[at] = (bytes[at] ?? 0) ^ 0x55;
  writeFileSync(path, bytes);
}

function salvage(dir: string) {
  return planSalvage(
    env,
    dir,
    () => true,
    async () => () => undefined,
  );
}

test('a file with a name beyond a gap makes no segment before it a left-over one', async () => {
  const dir = await storeOf({ snapshotAfter: jobs });
  const { live } = await surveyStore(env, dir);
  expect(live.length).toBeGreaterThan(3);
  // As if cleaning had kept it and nothing before it: a snapshot covers what comes before its first seq.
  const beyond = (live.at(-1)?.seqFirst ?? 0) + 1;
  expect(beyond - 1).toBeLessThanOrEqual(events);
  for (const stray of [`0000000099-${String(beyond).padStart(20, '0')}.wal`, '0000000099-00000000000000000001.wal']) {
    writeFileSync(join(dir, 'wal', stray), '');
    expect((await surveyStore(env, dir)).live).toHaveLength(live.length + 1);
    expect(await salvage(dir)).toMatchObject({ events, lost: [] });
    rmSync(join(dir, 'wal', stray));
  }
});

test('what an interrupted cleaning left is left over, and salvaged all the same', async () => {
  const dir = await storeOf({ snapshotAfter: jobs });
  const [first = '', second = ''] = segments(dir).sort();
  const lost = (await surveyStore(env, dir)).live.slice(0, 3).map(({ seqFirst }) => seqFirst);
  rmSync(second);
  const { live, leftover } = await surveyStore(env, dir);
  expect(leftover.map(({ name }) => join(dir, 'wal', name))).toEqual([first]);
  expect(live[0]?.ordinal).toBe(3);
  const [, from = 0, to = 0] = lost;
  expect(await salvage(dir)).toMatchObject({ seqFirst: 1, lost: [{ seqFirst: from, seqLast: to - 1 }] });
});

test('before a gap that cleaning left, a file of nobody is reported, and no writer removes it', async () => {
  const dir = await storeOf({ snapshotAfter: jobs });
  const [first = '', second = ''] = segments(dir).sort();
  const own = readFileSync(first);
  rmSync(second);
  const other = await storeOf();
  const [theirs = ''] = segments(other).sort();
  for (const bytes of [readFileSync(theirs), Buffer.alloc(2900, 0xa5)]) {
    writeFileSync(first, bytes);
    expect((await verifyStore(env, dir)).verdict).toBe('corrupt');
    await expect(openStore(env, dir, { machine: () => new QueueMachine() })).rejects.toMatchObject({ exit: 3 });
    expect(readFileSync(first)).toEqual(bytes);
  }
  writeFileSync(first, own);
  expect((await verifyStore(env, dir)).verdict).toBe('clean');
});

test('a segment doubled or renamed to any other first seq is found, by readers and writers alike', async () => {
  const dir = await storeOf();
  const { live } = await surveyStore(env, dir);
  const nameOf = (ordinal: number, seq: number): string =>
    join(dir, 'wal', `${String(ordinal).padStart(10, '0')}-${String(seq).padStart(20, '0')}.wal`);
  const isFound = async (what: string): Promise<void> => {
    expect((await verifyStore(quick, dir)).verdict, what).toBe('corrupt');
    expect((await scanStore(quick, dir)).verdict, what).toBe('corrupt');
    await expect(openStore(env, dir, { machine: () => new QueueMachine() }), what).rejects.toMatchObject({ exit: 3 });
  };
  for (const { name, ordinal, seqFirst } of live.slice(0, 4)) {
    for (const seq of [1, seqFirst + 1, seqFirst + 2, events, 1000]) {
      const [from, to] = [join(dir, 'wal', name), nameOf(ordinal, seq)];
      if (from === to) continue;
      renameSync(from, to);
      await isFound(`${name} as seq ${seq}`);
      renameSync(to, from);
    }
    for (const at of live.slice(0, 4)) {
      if (at.ordinal === ordinal) continue;
      const to = nameOf(at.ordinal, seqFirst + 1);
      cpSync(join(dir, 'wal', name), to);
      await isFound(`${name} also as ${to}`);
      rmSync(to);
    }
  }
  expect((await verifyStore(env, dir)).verdict).toBe('clean');
});

test('an unused segment beside the one written in its place is left over, and the next writer removes it', async () => {
  const dir = await storeOf();
  const { live } = await surveyStore(env, dir);
  const written = live.at(-1);
  if (written === undefined) throw new Error('no segment');
  const name = `${String(written.ordinal).padStart(10, '0')}-${String(written.seqFirst - 1).padStart(20, '0')}.wal`;
  const before = { ...written, name, seqFirst: written.seqFirst - 1 };
  const bytes = readFileSync(join(dir, 'wal', written.name));
  const header = decodeSegmentHeader(bytes);
  if (!header.ok) throw new Error('no header');
  writeFileSync(join(dir, 'wal', name), encodeSegmentHeader({ ...header.header, seqFirst: before.seqFirst }));

  const { leftover, live: lives, findings } = await surveyStore(env, dir);
  expect({ leftover, lives }).toEqual({ leftover: [before], lives: live });
  expect(findings).toMatchObject([{ code: 'E_LEFTOVER', severity: 'note', file: `wal/${name}` }]);
  expect((await verifyStore(env, dir)).verdict).toBe('clean');

  // Not ours, or not alone in holding nothing: it counts, and is reported.
  writeFileSync(join(dir, 'wal', name), '');
  expect((await surveyStore(env, dir)).live).toHaveLength(live.length + 1);
  writeFileSync(join(dir, 'wal', name), encodeSegmentHeader({ ...header.header, seqFirst: before.seqFirst }));
  writeFileSync(join(dir, 'wal', written.name), bytes.subarray(0, 96));
  expect((await surveyStore(env, dir)).live).toHaveLength(live.length + 1);
  writeFileSync(join(dir, 'wal', written.name), bytes);

  const store = await openStore(env, dir, { machine: () => new QueueMachine() });
  await store.close();
  expect(existsSync(join(dir, 'wal', name))).toBe(false);
  expect((await surveyStore(env, dir)).findings).toEqual([]);
});

test('of STORE.json, HEAD and segments the one that is alone is of another store', async () => {
  const dir = await storeOf();
  const own = (await surveyStore(env, dir)).identity.id;
  const other = join(scratch(), 'other');
  await makeStore(other, 1);
  for (const name of ['STORE.json', 'HEAD']) {
    const before = readFileSync(join(dir, name));
    cpSync(join(other, name), join(dir, name));
    const { identity, findings } = await surveyStore(env, dir);
    expect(identity.id).toBe(own);
    expect(findings.some(({ code }) => code === 'E_STORE_BAD')).toBe(name === 'STORE.json');
    writeFileSync(join(dir, name), before);
  }
});

test('a snapshot that a log begins with goes over, though its place is a header that cannot be read', async () => {
  const from = await storeOf({ snapshotAfter: jobs });
  const name = `snapshots/${String(events).padStart(20, '0')}.snap`;
  const dir = join(scratch(), 'restored');
  await restoreTo(env, { path: join(from, name), relativeName: name }, dir, () => new QueueMachine());
  destroyHeader(segments(dir)[0] ?? '');
  expect(await salvage(dir)).toMatchObject({ snapshots: [{ seq: events }], rescued: [expect.any(String)], lost: [] });
});

test('so does one that stands on the segment before', async () => {
  const dir = await storeOf({ snapshotAfter: jobs });
  const store = await openStore(env, dir, { machine: () => new QueueMachine() });
  await store.rotate();
  await store.checkpoint({ keep: 1 });
  await store.close();
  destroyHeader(segments(dir)[0] ?? '');
  expect(await salvage(dir)).toMatchObject({ snapshots: [{ seq: events }], rescued: [expect.any(String)], lost: [] });
});

test('a segment under a wrong name and without a header goes over whole', async () => {
  const dir = await storeOf({ snapshotAfter: jobs });
  const [first = ''] = segments(dir).sort();
  destroyHeader(first);
  renameSync(first, first.replace('1.wal', '4.wal'));
  expect(await salvage(dir)).toMatchObject({ events, lost: [], repeated: 0 });
});

test('going back needs a base that stays', async () => {
  const dir = await storeOf({ snapshotAfter: jobs });
  const [first = ''] = segments(dir).sort();
  rmSync(first);
  const begins = (await surveyStore(env, dir)).live[0]?.seqFirst ?? 0;
  // The only good snapshot is at the end: what is before it would have none.
  await expect(planRestore(env, dir, { seq: begins + 2 })).rejects.toMatchObject({ code: 'E_NO_BASE' });
  expect(await planRestore(env, dir, { seq: events })).toMatchObject({ actions: [] });
});

test('going back leads to the place of a snapshot that is the base, behind the last operation that stays', async () => {
  const dir = await storeOf();
  const machine = () => new QueueMachine();
  const rotated = await openStore(env, dir, { machine });
  await rotated.rotate();
  await rotated.close();
  const store = await openStore(env, dir, { machine });
  await store.checkpoint({ clean: false });
  await store.append(packed([encodeEvent({ type: 'ENQUEUE', id: 'more', at: 1, ...enqueueDefaults, runAt: 1 })]));
  await store.close();
  rmSync(segments(dir).sort()[0] ?? '');
  await applyRestore(env, dir, await planRestore(env, dir, { seq: events }));
  expect(await verifyStore(env, dir)).toMatchObject({ verdict: 'clean' });
  const again = await openStore(env, dir, { machine });
  expect([again.seqLast, again.machine.get('more')]).toEqual([events, undefined]);
  await again.close();
});

test('nobody is handed what a segment of another store holds', async () => {
  const dir = await storeOf();
  const { live } = await surveyStore(env, dir);
  const other = join(scratch(), 'other');
  await makeStore(other, 2);
  const next = (live.at(-1)?.ordinal ?? 0) + 1;
  const name = `${String(next).padStart(10, '0')}-${String(events + 1).padStart(20, '0')}.wal`;
  cpSync(segments(other)[0] ?? '', join(dir, 'wal', name));
  const seqs: number[] = [];
  const files = new Set<string>();
  const report = await verifyStore(env, dir, {
    frame: ({ file }) => void files.add(file),
    record: ({ seq }) => void seqs.push(seq),
  });
  expect(seqs).toEqual(Array.from({ length: events }, (_, index) => index + 1));
  expect(files).not.toContain(`wal/${name}`);
  expect(report).toMatchObject({ records: events, seqFirst: 1, seqLast: events });
  expect(report.findings.map(({ code }) => code)).toContain('E_FOREIGN_SEGMENT');
});
