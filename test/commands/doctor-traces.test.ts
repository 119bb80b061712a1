import { expect, test } from 'vitest';
import type { Finding } from '../../src/base/finding.ts';
import { traceOf } from '../../src/commands/doctor/traces.ts';
import { simEnv } from '../support/env.ts';

const file = 'wal/a.wal';
const fault: Finding = { code: 'E_PAYLOAD', severity: 'corrupt', file, message: 'bad', offset: 700, end: 2100 };

/** What is said of a fault at 700..2100 in these bytes. */
async function traceIn(bytes: Uint8Array, more: Partial<Finding> = {}): Promise<string | undefined> {
  const env = simEnv();
  await env.fs.mkdir('/s');
  await env.fs.mkdir('/s/wal');
  const opened = await env.fs.open(`/s/${file}`, 'wx');
  await opened.write(bytes, 0);
  await opened.close();
  return await traceOf(env, '/s', { ...fault, ...more });
}

const filled = (...stretches: [from: number, to: number, value: number][]): Uint8Array => {
  const bytes = new Uint8Array(4096).fill(0x41);
  for (const [from, to, value] of stretches) bytes.fill(value, from, to);
  return bytes;
};

test('sectors of a fault that hold nothing but zeros, or ones, are named', async () => {
  expect(await traceIn(filled())).toBeUndefined();
  expect(await traceIn(filled([1024, 1536, 0]))).toBe('the sector at offset 1024 is all zeros');
  expect(await traceIn(filled([512, 1536, 0xff]))).toBe('2 sectors from offset 512 on are all 0xFF');
  expect(await traceIn(filled([1024, 1535, 0]))).toBeUndefined();
  expect(await traceIn(filled([2048, 2560, 0]))).toBeUndefined();
});

test('a note has no trace, nor has a fault without a place, or in a file that a writer has cleaned away', async () => {
  const zeros = filled([0, 4096, 0]);
  expect(await traceIn(zeros)).toBe('3 sectors from offset 512 on are all zeros');
  expect(await traceIn(zeros, { severity: 'note' })).toBeUndefined();
  expect(await traceIn(zeros, { end: 700 })).toBeUndefined();
  expect(await traceIn(zeros, { file: 'wal/b.wal' })).toBeUndefined();
});
