import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { scratch, walq } from './run-walq.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

/** A copy of a fixture, to be damaged or written to. */
export function copyOf(name: string): string {
  const dir = join(scratch(), name);
  cpSync(join(fixtures, name), dir, { recursive: true });
  return dir;
}

/** Salvages into a store beside it, which must be sound. */
export async function salvaged(dir: string): Promise<{ told: string; totals: string }> {
  const to = `${dir}-saved`;
  const { code, stdout } = await walq(['wal', 'repair', dir, '--mode', 'salvage', '--to', to, '--apply']);
  expect(code).toBe(0);
  expect((await walq(['wal', 'verify', to, '--deep'])).code).toBe(0);
  return { told: stdout, totals: await totalsOf(to) };
}

/** The hash of the state. */
export async function totalsOf(dir: string): Promise<string> {
  return (await walq(['wal', 'state-hash', dir])).stdout.split(/\s/)[0] ?? '';
}
