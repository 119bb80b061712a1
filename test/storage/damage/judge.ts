import { expect } from 'vitest';
import { WalqError } from '../../../src/base/errors.ts';
import { type StoreReport, verifyStore } from '../../../src/storage/read.ts';
import { openStore } from '../../../src/storage/store.ts';
import { appendSome, dir, diskOf, type Image, imageOf, make, textOf } from './image.ts';

/** What the public API says of a damaged store: a report from the reader, and what an opening does. */
export interface Outcome {
  report: StoreReport;
  opened: 'refused' | 'opened';
  items: string[];
  code?: string;
}

export async function judge(image: Image): Promise<Outcome> {
  const reading = await diskOf(image);
  const report = await verifyStore(reading, dir);
  expect(changed(imageOf(reading.fs), image), 'reading writes nothing').toEqual([]);

  const env = await diskOf(image);
  try {
    const store = await openStore(env, dir, { machine: make });
    const items = [...store.machine.items];
    await store.close();
    return { report, opened: 'opened', items };
  } catch (error) {
    if (!(error instanceof WalqError)) throw error;
    expect(changed(imageOf(env.fs), image), 'a refused opening changes nothing but LOCK').toEqual([]);
    return { report, opened: 'refused', items: [], code: error.code };
  }
}

/** Files that differ, LOCK aside. */
function changed(after: Image, before: Image): string[] {
  const paths = new Set([...after.keys(), ...before.keys()]);
  return [...paths].filter((path) => {
    if (path.endsWith('/LOCK')) return false;
    const [a, b] = [after.get(path), before.get(path)];
    return a === undefined || b === undefined || Buffer.compare(a, b) !== 0;
  });
}

export function texts(count: number): string[] {
  return Array.from({ length: count }, (_, index) => textOf(index + 1));
}

/** After an opening that went well: it can be opened again, changes nothing more, takes an append, and is clean. */
export async function goesOn(image: Image, expected: readonly string[]): Promise<void> {
  const env = await diskOf(image);
  const first = await openStore(env, dir, { machine: make });
  expect(first.machine.items).toEqual(expected);
  await first.close();
  const settled = imageOf(env.fs);
  const second = await openStore(env, dir, { machine: make });
  expect(second.machine.items).toEqual(expected);
  await second.close();
  expect(changed(imageOf(env.fs), settled), 'opening twice changes nothing more').toEqual([]);
  const third = await openStore(env, dir, { machine: make });
  await appendSome(third, expected.length + 1, expected.length + 1);
  await third.close();
  const fourth = await openStore(env, dir, { machine: make });
  expect(fourth.machine.items).toEqual([...expected, textOf(expected.length + 1)]);
  await fourth.close();
  const report = await verifyStore(env, dir);
  expect(report.findings.filter((finding) => !['note', 'degraded'].includes(finding.severity))).toEqual([]);
}
