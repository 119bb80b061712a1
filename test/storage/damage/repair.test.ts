import { expect, test } from 'vitest';
import { verifyStore } from '../../../src/storage/read.ts';
import { applyRepair, planRepair, undoRepair } from '../../../src/storage/repair.ts';
import type { StorageEnv } from '../../../src/storage/types.ts';
import { crashStates } from '../../support/sim-crash.ts';
import { putFile } from '../../support/sim-edit.ts';
import type { SimFs } from '../../support/sim-fs.ts';
import { SimCrash } from '../../support/sim-ops.ts';
import { bytesAt, dir, diskOf, fileOf, flipped, type Image, imageOf, sampleStore, withFile } from './image.ts';

const journalPath = `${dir}/quarantine/repair-0001.json`;

/** A store whose last write is torn, and whose STORE.json is damaged: a repair of two actions. */
async function damaged(): Promise<{ image: Image; segment: string }> {
  const whole = await sampleStore({ closed: true });
  const segment = fileOf(whole, '0000000003-');
  const bytes = bytesAt(whole, segment);
  const torn = withFile(whole, segment, new Uint8Array([...bytes, ...Buffer.from('half a frame')]));
  return { image: withFile(torn, `${dir}/STORE.json`, new Uint8Array(Buffer.from('{}'))), segment };
}

async function repair(env: StorageEnv): Promise<void> {
  await applyRepair(env, dir, await planRepair(env, dir), { yes: false });
}

/** Undoes all that was applied. */
async function undoAll(env: StorageEnv): Promise<void> {
  for (;;) {
    try {
      await undoRepair(env, dir);
    } catch (error) {
      expect(error).toMatchObject({ code: 'E_NOTHING_TO_UNDO' });
      return;
    }
  }
}

/** Every state in which a process that died at some call of `work` may have left the disk. */
async function* deaths(image: Image, work: (env: StorageEnv & { fs: SimFs }) => Promise<void>): AsyncGenerator<Image> {
  for (let op = 1; ; op++) {
    const env = await diskOf(image);
    env.fs.dieAt(env.fs.log.length + op);
    try {
      await work(env);
      expect(op, 'it takes many calls').toBeGreaterThan(20);
      return;
    } catch (error) {
      if (!(error instanceof SimCrash)) throw error;
    }
    for (const { fs } of crashStates(env.fs, { fills: ['zero'] })) yield imageOf(fs);
  }
}

test('a repair that dies at any call is done by the next one, and whatever was done can be taken back', async () => {
  const { image, segment } = await damaged();
  let states = 0;
  for await (const left of deaths(image, repair)) {
    states++;
    const again = await diskOf(left);
    await repair(again);
    expect((await verifyStore(again, dir)).verdict).toBe('clean');
    const back = await diskOf(left);
    await undoAll(back);
    expect(bytesAt(imageOf(back.fs), segment)).toEqual(bytesAt(image, segment));
    expect(bytesAt(imageOf(back.fs), `${dir}/STORE.json`)).toEqual(bytesAt(image, `${dir}/STORE.json`));
  }
  expect(states).toBeGreaterThan(50);
});

test('an undo that dies at any call is finished by the next one', async () => {
  const { image, segment } = await damaged();
  const env = await diskOf(image);
  await repair(env);
  for await (const left of deaths(imageOf(env.fs), async (dying) => void (await undoRepair(dying, dir)))) {
    const again = await diskOf(left);
    await undoAll(again);
    expect(bytesAt(imageOf(again.fs), segment)).toEqual(bytesAt(image, segment));
    expect(bytesAt(imageOf(again.fs), `${dir}/STORE.json`)).toEqual(bytesAt(image, `${dir}/STORE.json`));
  }
});

const trim = { kind: 'trim', file: 'wal/0000000003-00000000000000000009.wal', offset: 96, bytes: 8, sha256: '' };
const journalOf = (action: object) => JSON.stringify({ walq: 1, appliedMs: 0, actions: [action] });

test.each([
  '',
  '{bad',
  'null',
  '{}',
  '{"walq":1}',
  '{"walq":1,"appliedMs":0,"actions":[null]}',
  journalOf({ ...trim, quarantine: '../STORE.json' }),
  journalOf({ ...trim, file: '../victim', quarantine: 'copy' }),
  journalOf({ ...trim, file: 'wal/../STORE.json', quarantine: 'copy' }),
  journalOf({ ...trim, offset: -1, quarantine: 'copy' }),
  journalOf({ kind: 'write-store-file', file: 'STORE.json', identity: { id: '..', createdMs: 0 } }),
  journalOf({ kind: 'delete', file: 'STORE.json' }),
])('a journal that is damaged or forged takes nothing back: %s', async (text) => {
  const { image } = await damaged();
  const env = await diskOf(image);
  await repair(env);
  putFile(env.fs, journalPath, Buffer.from(text));
  const before = imageOf(env.fs);
  await expect(undoRepair(env, dir)).rejects.toMatchObject({ code: 'E_REPAIR_JOURNAL', exit: 3 });
  expect(imageOf(env.fs)).toEqual(before);
});

test('a journal of a newer walq is no damage', async () => {
  const { image } = await damaged();
  const env = await diskOf(image);
  await repair(env);
  putFile(env.fs, journalPath, Buffer.from('{"walq":2}'));
  await expect(undoRepair(env, dir)).rejects.toMatchObject({ code: 'E_NEWER_FORMAT', exit: 5 });
});

test('a copy in quarantine that was changed is not put back', async () => {
  const { image } = await damaged();
  const env = await diskOf(image);
  await repair(env);
  const [copy = ''] = [...imageOf(env.fs).keys()].filter((path) => path.includes('.tail-'));
  putFile(env.fs, copy, flipped(bytesAt(imageOf(env.fs), copy), 5));
  const before = imageOf(env.fs);
  await expect(undoRepair(env, dir)).rejects.toMatchObject({ code: 'E_REPAIR_JOURNAL' });
  expect(imageOf(env.fs)).toEqual(before);
});
