import { describe, expect, test } from 'vitest';
import { lastJournal, nextJournalName } from '../../../src/storage/repair-journal.ts';
import { undoRepair } from '../../../src/storage/repair-undo.ts';
import { openStore } from '../../../src/storage/store.ts';
import { bytesOf, putFile, putLink, removeFile } from '../../support/sim-edit.ts';
import { appendSome, dir, diskOf, flipped, imageOf, make } from '../damage/image.ts';
import { filesOf, flippedStore, healing, journalFile, repair, repaired, undoAll } from './support.ts';

test('repair and its undo give back every byte, once', async () => {
  const { env, damaged } = await repaired();
  await undoRepair(env, dir);
  expect(filesOf(imageOf(env.fs))).toEqual(filesOf(damaged));
  await expect(undoRepair(env, dir)).rejects.toMatchObject({ code: 'E_NOTHING_TO_UNDO', exit: 1 });
});

test('repairs are taken back in the order of their numbers, beyond 9999 too', async () => {
  const { env, damaged } = await repaired();
  await env.fs.rename(journalFile, `${dir}/quarantine/repair-9999.json`);
  await undoRepair(env, dir);
  await repair(env);
  expect([...imageOf(env.fs).keys()]).toContain(`${dir}/quarantine/repair-10000.json`);
  await undoAll(env);
  expect(filesOf(imageOf(env.fs))).toEqual(filesOf(damaged));
});

test('repairs are counted by their numbers and not by their names, beyond 9999 too', async () => {
  const { env } = await repaired();
  const journal = bytesOf(env.fs, journalFile);
  for (const number of [9999, 10_000]) putFile(env.fs, `${dir}/quarantine/repair-${number}.json`, journal);
  expect(await nextJournalName(env, dir)).toBe('repair-10001.json');
  expect(await lastJournal(env, dir)).toMatchObject({ name: 'repair-10000.json' });
});

describe('evidence is not put back', () => {
  test.each(['flipped', 'cut', 'gone'])('when it is %s: not one file changes', async (how) => {
    for (const which of ['tail', 'other'] as const) {
      const { env, [which]: evidence } = await repaired();
      const bytes = bytesOf(env.fs, evidence);
      if (how === 'gone') removeFile(env.fs, evidence);
      else putFile(env.fs, evidence, how === 'cut' ? bytes.slice(0, -1) : flipped(bytes, bytes.length - 1));
      const before = imageOf(env.fs);
      await expect(undoRepair(env, dir), which).rejects.toMatchObject({ code: 'E_EVIDENCE', exit: 3 });
      expect(imageOf(env.fs)).toEqual(before);
    }
  });

  test('when a link leads to it', async () => {
    const { env, tail } = await repaired();
    await env.fs.rename(tail, '/elsewhere');
    putLink(env.fs, tail, '/elsewhere');
    await expect(undoRepair(env, dir)).rejects.toMatchObject({ code: 'E_READ', exit: 74 });
  });

  test('when its folder is a link', async () => {
    const { env } = await repaired();
    await env.fs.rename(`${dir}/quarantine`, '/elsewhere');
    putLink(env.fs, `${dir}/quarantine`, '/elsewhere');
    await expect(undoRepair(env, dir)).rejects.toMatchObject({ code: 'E_READ', exit: 74 });
  });
});

const trim = {
  kind: 'trim',
  file: 'wal/0000000003-00000000000000000009.wal',
  offset: 96,
  bytes: 8,
  sha256: '0'.repeat(64),
  quarantine: 'copy',
};
const identity = { id: '0'.repeat(32), createdMs: 0 };
const storeFile = { kind: 'write-store-file', file: 'STORE.json', identity };
const move = { ...trim, kind: 'move', offset: undefined, bytes: undefined };
const replace = { ...move, kind: 'replace', file: 'HEAD', after: '0'.repeat(64) };
const heal = { ...trim, kind: 'heal', what: 'payload', at: 96, bit: 7, sha256After: '1'.repeat(64) };
const journalOf = (action: unknown) => JSON.stringify({ walq: 1, appliedMs: 0, actions: [action] });

test.each([
  '',
  '{bad',
  'null',
  '{}',
  '{"walq":1}',
  '{"walq":0,"appliedMs":0,"actions":[]}',
  '{"walq":1,"appliedMs":1}',
  '{"walq":1,"appliedMs":1,"actions":[],"undo":true}',
  '{"walq":1,"appliedMs":1,"actions":[],"mark":"abc"}',
  journalOf(null),
  journalOf({ ...trim, quarantine: '../STORE.json' }),
  journalOf({ ...trim, quarantine: '..' }),
  journalOf({ ...trim, quarantine: undefined }),
  journalOf({ ...trim, file: '../victim' }),
  journalOf({ ...trim, file: 'wal/../STORE.json' }),
  journalOf({ ...trim, file: `wal/../${trim.file}` }),
  journalOf({ ...trim, file: 'HEAD' }),
  journalOf({ ...trim, offset: -1 }),
  journalOf({ ...trim, bytes: 1.5 }),
  journalOf({ ...trim, sha256: 'abc' }),
  journalOf({ ...storeFile, file: 'HEAD' }),
  journalOf({ ...storeFile, identity: { ...identity, id: '..' } }),
  journalOf({ ...storeFile, quarantine: 'copy' }),
  journalOf({ ...storeFile, sha256: trim.sha256 }),
  journalOf({ ...heal, at: 95 }),
  journalOf({ ...heal, at: 104 }),
  journalOf({ ...heal, bit: 8 }),
  journalOf({ ...heal, sha256After: 'abc' }),
  journalOf({ ...heal, quarantine: undefined }),
  journalOf({ kind: 'delete', file: 'STORE.json' }),
  journalOf({ ...move, file: 'HEAD' }),
  journalOf({ ...move, file: 'snapshots/../STORE.json' }),
  journalOf({ ...move, file: 'snapshots/note.txt' }),
  journalOf({ ...move, quarantine: undefined }),
  journalOf({ ...replace, after: 'abc' }),
  journalOf({ ...replace, file: 'STORE.json' }),
  journalOf({ ...replace, file: 'snapshots/00000000000000000008.snap' }),
  journalOf({ ...replace, quarantine: undefined }),
  journalOf({ ...replace, file: trim.file, quarantine: undefined, sha256: undefined }),
])('a journal that is damaged or forged takes nothing back: %s', async (text) => {
  const { env } = await repaired();
  putFile(env.fs, journalFile, Buffer.from(text));
  const before = imageOf(env.fs);
  await expect(undoRepair(env, dir)).rejects.toMatchObject({ code: 'E_REPAIR_JOURNAL', exit: 3 });
  expect(imageOf(env.fs)).toEqual(before);
});

test('a journal cut short takes nothing back', async () => {
  const { env } = await repaired();
  putFile(env.fs, journalFile, bytesOf(env.fs, journalFile).slice(0, -3));
  await expect(undoRepair(env, dir)).rejects.toMatchObject({ code: 'E_REPAIR_JOURNAL', exit: 3 });
});

test('the journals above are refused for what they name: without it they are followed', async () => {
  for (const action of [
    trim,
    heal,
    move,
    replace,
    storeFile,
    { ...storeFile, quarantine: 'copy', sha256: trim.sha256 },
  ]) {
    const { env } = await repaired();
    putFile(env.fs, journalFile, Buffer.from(journalOf(action)));
    await expect(undoRepair(env, dir)).rejects.toMatchObject({
      code: expect.stringMatching(/^E_(EVIDENCE|PLAN_STALE)$/),
    });
  }
});

test('a journal of a newer walq is no damage', async () => {
  const { env } = await repaired();
  putFile(env.fs, journalFile, Buffer.from('{"walq":2}'));
  await expect(undoRepair(env, dir)).rejects.toMatchObject({ code: 'E_NEWER_FORMAT', exit: 5 });
});

/** Of an undo that stopped before its first byte: then more may stand behind the cut, but no frame. */
function markBegun(fs: Parameters<typeof putFile>[0]): void {
  const journal = JSON.parse(Buffer.from(bytesOf(fs, journalFile)).toString()) as object;
  putFile(fs, journalFile, Buffer.from(JSON.stringify({ ...journal, undo: 'begun' })));
}

test.each(['a repair', 'an undo that was cut short'])('what was written since %s is not lost', async (since) => {
  for (const files of ['frame', 'segment'] as const) {
    const { env } = await repaired();
    if (since !== 'a repair') markBegun(env.fs);
    const store = await openStore(env, dir, { machine: make });
    await appendSome(store, 13, 13);
    if (files === 'segment') await store.rotate();
    await store.close();
    const before = imageOf(env.fs);
    await expect(undoRepair(env, dir)).rejects.toMatchObject({ code: 'E_PLAN_STALE', exit: 7 });
    expect(filesOf(imageOf(env.fs))).toEqual(filesOf(before));
  }
});

test.each([true, false])('a healed bit is not put back once the log goes on, HEAD on disk: %s', async (headOnDisk) => {
  const env = await diskOf((await flippedStore()).damaged);
  await repair(env, healing);
  const head = bytesOf(env.fs, `${dir}/HEAD`);
  const store = await openStore(env, dir, { machine: make });
  await appendSome(store, 13, 13);
  await store.close();
  if (!headOnDisk) putFile(env.fs, `${dir}/HEAD`, head);
  const before = imageOf(env.fs);
  await expect(undoRepair(env, dir)).rejects.toMatchObject({ code: 'E_PLAN_STALE', exit: 7 });
  expect(imageOf(env.fs)).toEqual(before);
});

test('a last write that HEAD says was acknowledged is not lost either, damaged as it is', async () => {
  const { env, segment } = await repaired();
  markBegun(env.fs);
  const store = await openStore(env, dir, { machine: make });
  const at = bytesOf(env.fs, segment).length;
  await appendSome(store, 13, 13);
  await store.close();
  putFile(env.fs, segment, flipped(bytesOf(env.fs, segment), at + 3));
  const before = imageOf(env.fs);
  await expect(undoRepair(env, dir)).rejects.toMatchObject({ code: 'E_PLAN_STALE', exit: 7 });
  expect(filesOf(imageOf(env.fs))).toEqual(filesOf(before));
});

test('a segment that was cleaned away since the repair is no place to put bytes back', async () => {
  const { env } = await repaired();
  const store = await openStore(env, dir, { machine: make, keepSnapshots: 1 });
  for (const number of [13, 14]) {
    await appendSome(store, number, number);
    await store.rotate();
    await store.checkpoint();
  }
  await store.close();
  expect([...imageOf(env.fs).keys()].some((path) => path.includes('/0000000003-') && path.endsWith('.wal'))).toBe(
    false,
  );
  await expect(undoRepair(env, dir)).rejects.toMatchObject({ code: 'E_PLAN_STALE', exit: 7 });
});
