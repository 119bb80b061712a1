import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { makeStore } from './make-store.ts';
import { folderForAll, walq } from './run-walq.ts';

/** A store of twelve jobs with a snapshot on the way, and the same one compacted, for all tests of a file. */
export function storesToCompare(): { base: string; whole: string; compacted: string } {
  const base = folderForAll();
  const whole = join(base, 'whole');
  const compacted = join(base, 'compacted');
  beforeAll(async () => {
    await makeStore(whole, 12, { segmentBytes: 1500, snapshotAfter: 4 });
    cpSync(whole, compacted, { recursive: true });
    expect((await walq(['wal', 'compact', compacted, '--keep', '1'])).code).toBe(0);
  });
  return { base, whole, compacted };
}

/** The change lines of the text form, without their details. */
export async function changes(args: readonly string[], code = 0): Promise<string[]> {
  const ran = await walq(['wal', 'diff', ...args]);
  expect({ args, code: ran.code, stderr: code === 0 ? ran.stderr : '' }).toEqual({ args, code, stderr: '' });
  return ran.stdout.split('\n').flatMap((line) => /^([-+~] \S+ {2}[^,]*?)(?: {2}.*)?$/.exec(line)?.[1] ?? []);
}

export async function document(args: readonly string[], code = 0) {
  const ran = await walq([...args, '--json']);
  expect({ args, code: ran.code, stderr: code === 0 ? ran.stderr : '' }).toEqual({ args, code, stderr: '' });
  return JSON.parse(ran.stdout);
}
