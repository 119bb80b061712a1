import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { verifyStore } from '../../src/storage/read.ts';
import { applyRestore, planRestore } from '../../src/storage/restore-in-place.ts';
import { openStore } from '../../src/storage/store.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { ListMachine } from '../storage/crash/list-machine.ts';
import { undoAll } from '../storage/repair/support.ts';
import { tried } from '../support/tried.ts';
import { count, everyOther } from './calls.ts';
import { type ChildRun, orNotRun, runPlain, straceWorks } from './child-run.ts';
import { env, filesOf, hit, mustHold, records } from './stores.ts';

/**
 * The real kernel kills, or refuses, at call after call of a process that turns flipped bits back, cuts a store, takes
 * that back, or saves what is left of a store into a new one.
 */

const slugs = { 'signal=KILL': 'kill-9', 'error=EIO': 'write-error', 'error=ENOSPC': 'disk-full' } as const;
type Fault = keyof typeof slugs;
/** Killed at all of them, refused at some: a refusal is met in few places. */
const each = (...calls: string[]) => [
  ...calls.map((call) => ['signal=KILL', call] as const),
  ...['pwrite64', 'fsync', 'rename'].map((call) => ['error=EIO', call] as const),
  ...['pwrite64', 'rename'].map((call) => ['error=ENOSPC', call] as const),
];

const added = 3;
const cutAt = 9;

/** Three frames more, of which the first stays. */
async function goOn(dir: string): Promise<void> {
  const store = await openStore(env, dir, { machine: () => new ListMachine(), segmentBytes: 4096 });
  for (let seq = records + 1; seq <= records + added; seq++) await store.append(packed([Buffer.from(`${seq} more`)]));
  await store.close();
}

function lastSegment(dir: string): string {
  return `${dir}/wal/${readdirSync(`${dir}/wal`).sort().at(-1)}`;
}

/** One bit in the header of the segment, and one in a record. */
async function flipBits(dir: string): Promise<void> {
  await goOn(dir);
  const path = lastSegment(dir);
  const bytes = readFileSync(path);
  for (const at of [20, bytes.indexOf('9 more')]) bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at);
  writeFileSync(path, bytes);
}

/** A record that nothing can bring back. */
async function tear(dir: string): Promise<void> {
  await goOn(dir);
  const path = lastSegment(dir);
  const bytes = readFileSync(path);
  bytes.fill(0x55, bytes.indexOf('9 more'), bytes.indexOf('9 more') + 6);
  writeFileSync(path, bytes);
}

async function cut(dir: string): Promise<void> {
  await goOn(dir);
  await applyRestore(env, dir, await planRestore(env, dir, { seq: cutAt }));
  await mustHold(dir, cutAt, 'cut');
}

function mustSayWhy({ refusals }: ChildRun, fault: Fault, what: string): boolean {
  const code = fault === 'error=EIO' ? /^E_(IO|SNAPSHOT_WRITE)$/ : /^E_(NO_SPACE|SNAPSHOT_WRITE)$/;
  for (const refusal of refusals) expect(refusal, what).toMatch(code);
  return refusals.length > 0;
}

const outcomeOf = (run: ChildRun, refused: boolean): string =>
  refused || run.signal !== null ? 'finished by the next' : 'goes on';

test.skipIf(!straceWorks).for(each('pwrite64', 'fdatasync', 'fsync', 'rename', 'mkdir'))(
  `${orNotRun}%s at ${everyOther} %s of a heal: the next one finishes, and undo brings the damaged bytes back`,
  async ([fault, call], context) => {
    const outcomes: Record<string, number> = {};
    const { cases, before } = await hit('heal', { call, what: fault }, flipBits);
    for await (const { run, dir, what } of cases) {
      const refused = mustSayWhy(run, fault, what);
      expect((await runPlain(dir, 'heal')).refusals, what).toEqual([]);
      await mustHold(dir, records + added, what);
      await undoAll(env, dir);
      expect(filesOf(dir), what).toEqual(before);
      count(outcomes, outcomeOf(run, refused));
    }
    tried(context, slugs[fault], outcomes);
  },
);

test.skipIf(!straceWorks).for(each('pwrite64', 'fdatasync', 'fsync', 'rename', 'mkdir'))(
  `${orNotRun}%s at ${everyOther} %s of a cut: the next one finishes, and undo brings all of it back`,
  async ([fault, call], context) => {
    const outcomes: Record<string, number> = {};
    const { cases } = await hit('cut', { call, what: fault }, goOn);
    for await (const { run, dir, what } of cases) {
      const refused = mustSayWhy(run, fault, what);
      expect((await runPlain(dir, 'cut')).refusals, what).toEqual([]);
      await mustHold(dir, cutAt, what);
      await undoAll(env, dir);
      await mustHold(dir, records + added, what);
      count(outcomes, outcomeOf(run, refused));
    }
    tried(context, slugs[fault], outcomes);
  },
);

test.skipIf(!straceWorks).for(each('pwrite64', 'fdatasync', 'fsync', 'rename'))(
  `${orNotRun}%s at ${everyOther} %s of an undo: the next one finishes`,
  async ([fault, call], context) => {
    const outcomes: Record<string, number> = {};
    const { cases } = await hit('undo', { call, what: fault }, cut);
    for await (const { run, dir, what } of cases) {
      const refused = mustSayWhy(run, fault, what);
      await undoAll(env, dir);
      await mustHold(dir, records + added, what);
      count(outcomes, outcomeOf(run, refused));
    }
    tried(context, slugs[fault], outcomes);
  },
);

test.skipIf(!straceWorks).for(each('pwrite64', 'fdatasync', 'fsync', 'rename', 'mkdir'))(
  `${orNotRun}%s at ${everyOther} %s of a salvage: a whole new store or none, and the damaged one as it was`,
  async ([fault, call], context) => {
    const outcomes: Record<string, number> = {};
    const { cases, before } = await hit('salvage', { call, what: fault }, tear);
    for await (const { run, dir, what } of cases) {
      const refused = mustSayWhy(run, fault, what);
      const copy = `${dir}.copy`;
      if (refused) expect([existsSync(copy), existsSync(`${copy}.salvaging`)], what).toEqual([false, false]);
      const made = existsSync(copy);
      if (!made) {
        rmSync(`${copy}.salvaging`, { recursive: true, force: true });
        expect((await runPlain(dir, 'salvage')).refusals, what).toEqual([]);
      }
      const { verdict, records: saved, seqLast } = await verifyStore(env, copy);
      expect({ verdict, saved, seqLast }, what).toEqual({ verdict: 'clean', saved: 4, seqLast: records + added });
      expect(filesOf(dir), what).toEqual(before);
      count(outcomes, made ? 'was made' : 'made by the next');
    }
    tried(context, slugs[fault], outcomes);
  },
);
