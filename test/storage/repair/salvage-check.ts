import { expect } from 'vitest';
import { scanStore, verifyStore } from '../../../src/storage/read.ts';
import type { SalvagePlan } from '../../../src/storage/salvage.ts';
import { openStore } from '../../../src/storage/store.ts';
import type { StorageEnv } from '../../../src/storage/types.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { dir, diskOf, type Image, imageOf, sampleStore, textOf } from '../damage/image.ts';
import { salvage, seqMachine, to } from './salvage-support.ts';
import { filesOf } from './support.ts';

/** What is held against every salvage of the sample store. */

export const all = Array.from({ length: 12 }, (_, at) => at + 1);

function lostSeqs({ lost }: SalvagePlan): number[] {
  return lost.flatMap(({ seqFirst, seqLast }) =>
    Array.from({ length: seqLast - seqFirst + 1 }, (_, at) => seqFirst + at),
  );
}

export async function recordsIn(env: StorageEnv): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  await scanStore(env, to, {
    record: ({ seq, bytes }) => {
      found.set(seq, Buffer.from(bytes).toString());
      return undefined;
    },
  });
  return found;
}

/** The whole promise: every event but the lost ones is there, the store is clean, says what it lacks, and can be written to. */
export async function check(damaged: Image, lost: readonly number[]): Promise<StorageEnv> {
  const env = await diskOf(damaged);
  const planned = await salvage(env);
  expect(lostSeqs(planned)).toEqual(lost);
  expect(filesOf(ofStore(env, dir)), 'the damaged store is only read').toEqual(filesOf(damaged));
  const kept = all.filter((seq) => !lost.includes(seq));
  expect(await recordsIn(env)).toEqual(new Map(kept.map((seq) => [seq, textOf(seq)])));
  const report = await verifyStore(env, to);
  expect(report.verdict).toBe('clean');
  const noted = report.findings.filter(({ code }) => code === 'E_LOST');
  expect(noted.flatMap(({ seqFirst, seqLast }) => span(Number(seqFirst), Number(seqLast)))).toEqual(lost);
  const store = await openStore(env, to, { machine: seqMachine });
  expect(store.seqLast).toBe(12);
  await store.append(packed([Buffer.from(textOf(13))]));
  await store.checkpoint();
  await store.close();
  const again = await openStore(env, to, { machine: seqMachine });
  expect(again.machine.items.get(13)).toBe(textOf(13));
  await again.close();
  expect((await verifyStore(env, to)).verdict).toBe('clean');
  return env;
}

export function ofStore(env: StorageEnv, folder: string): Image {
  const fs = (env as Awaited<ReturnType<typeof diskOf>>).fs;
  return new Map([...imageOf(fs)].filter(([path]) => path.startsWith(`${folder}/`)));
}

export function span(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

export async function imageWith(snapshots: boolean): Promise<Image> {
  const image = await sampleStore({ closed: true });
  return snapshots ? image : new Map([...image].filter(([path]) => !path.includes('.snap')));
}
