import { expect, test } from 'vitest';
import { verifyStore } from '../../../src/storage/read.ts';
import { openStore } from '../../../src/storage/store.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { type SimEnv, simEnv } from '../../support/env.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill } from '../../support/sim-image.ts';
import { ListMachine } from '../crash/list-machine.ts';

const aheadBytes = 8000;
const record = Buffer.from('x'.repeat(100));
const walFile = /\/wal\/.*\.wal$/;

function open(env: SimEnv, options: { aheadBytes?: number; segmentBytes?: number } = {}) {
  return openStore(env, '/s', { machine: () => new ListMachine(), create: true, aheadBytes, ...options });
}

/** Sizes of the segments. */
async function sizes(env: SimEnv): Promise<number[]> {
  const names = (await env.fs.readdir('/s/wal')).filter((name) => name.endsWith('.wal'));
  return await Promise.all(names.map(async (name) => (await env.fs.lstat(`/s/wal/${name}`))?.size ?? 0));
}

test('the file of a busy writer grows once for many frames, that of a quiet one with each', async () => {
  const env = simEnv();
  const store = await open(env);
  const grown: number[] = [];
  for (let number = 0, before = 0; number < 60; number++) {
    await store.append(packed([record]));
    const [size = 0] = await sizes(env);
    grown.push(size - before);
    before = size;
  }
  const quiet = grown.slice(0, 4);
  expect(quiet.every((bytes) => bytes > 0 && bytes < 400)).toBe(true);
  expect(grown.slice(4).filter((bytes) => bytes > 0)).toEqual([aheadBytes + 144]);
});

test('a store that was closed, and a segment that is sealed, end with their last frame', async () => {
  const env = simEnv();
  const store = await open(env, { segmentBytes: 5000 });
  for (let number = 0; number < 60; number++) await store.append(packed([record]));
  await store.close();
  const report = await verifyStore(env, '/s');
  expect({ verdict: report.verdict, findings: report.findings, records: report.records }).toEqual({
    verdict: 'clean',
    findings: [],
    records: 60,
  });
  expect((await sizes(env)).every((size) => size <= 5048)).toBe(true);
});

test('so they do after one large write, behind which there are no zeros to cut off', async () => {
  const env = simEnv();
  const store = await open(env);
  await store.append(packed([Buffer.from('x'.repeat(aheadBytes))]));
  const [before = 0] = await sizes(env);
  await store.rotate();
  expect((await sizes(env))[0]).toBeLessThan(before + 100);
  await store.append(packed([Buffer.from('y'.repeat(aheadBytes))]));
  const [, large = 0] = await sizes(env);
  await store.close();
  expect((await sizes(env))[1]).toBeLessThan(large + 100);
  expect((await verifyStore(env, '/s')).verdict).toBe('clean');
});

test('zeros ahead never make a segment larger than it may be', async () => {
  const env = simEnv();
  const store = await open(env, { segmentBytes: 5000 });
  let grownAhead = 0;
  for (let number = 0; number < 60; number++) {
    const before = await sizes(env);
    await store.append(packed([record]));
    const after = await sizes(env);
    expect(Math.max(...after)).toBeLessThanOrEqual(5048);
    if ((after.at(-1) ?? 0) - (before.at(-1) ?? 0) > 1000) grownAhead++;
  }
  expect(grownAhead).toBeGreaterThan(0);
});

test('zeros ahead that a killed writer leaves are no damage, and the next opening cuts them off', async () => {
  const env = simEnv();
  const store = await open(env);
  for (let number = 0; number < 20; number++) await store.append(packed([record]));
  const killed = simEnv({ fs: new SimFs(imageAfterKill(env.fs.root)), seed: 2 });
  expect((await verifyStore(killed, '/s')).verdict).toBe('padded');
  const again = await open(killed);
  expect(again.machine.items).toHaveLength(20);
  expect(again.recovery.trimmed).toBeUndefined();
  await again.close();
  expect((await verifyStore(killed, '/s')).verdict).toBe('clean');
});

test('a disk without room for zeros still takes the frames, each by itself', async () => {
  const env = simEnv();
  const store = await open(env);
  for (let number = 0; number < 4; number++) await store.append(packed([record]));
  env.fs.inject({
    nth: 1,
    persistent: true,
    errno: 'ENOSPC',
    match: ({ kind, path, bytes }) => kind === 'write' && walFile.test(path) && (bytes?.length ?? 0) > aheadBytes,
  });
  for (let number = 0; number < 20; number++) await expect(store.append(packed([record]))).resolves.toBe(5 + number);
  expect(store.machine.items).toHaveLength(24);
  expect(store.poison).toBeUndefined();
  await store.close();
  expect((await verifyStore(env, '/s')).verdict).toBe('clean');
});

test('without zeros ahead every frame makes the file longer', async () => {
  const env = simEnv();
  const store = await open(env, { aheadBytes: 0 });
  for (let number = 0; number < 60; number++) await store.append(packed([record]));
  const [size = 0] = await sizes(env);
  expect(size).toBeLessThan(60 * 200);
});
