import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { binary, scratch, walq } from './run-walq.ts';

const names = ['enqueue-1', 'enqueue-64', 'enqueue-batch', 'drain-64', 'verify', 'replay'];

test('bench measures the disk of a folder and leaves nothing in it', async () => {
  const folder = scratch();
  const { code, stdout, stderr } = await walq(['bench', '--quick', '--dir', folder, '--json']);
  expect([code, stderr]).toEqual([0, '']);
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({ walq: 1, kind: 'bench', dir: folder, quick: true });
  expect(document.sync.p99Ms).toBeGreaterThanOrEqual(document.sync.p50Ms);
  expect(document.rows.map((row: { name: string }) => row.name)).toEqual(names);
  for (const { value, size } of document.rows) expect(Math.min(value, size)).toBeGreaterThan(0);
  expect(readdirSync(folder)).toEqual([]);
});

test('bench measures where the store is or would be', async () => {
  const folder = scratch();
  const { stdout } = await walq(['bench', '--quick', '--store', join(folder, 'jobs'), '--json']);
  expect(JSON.parse(stdout).dir).toBe(folder);
  expect(readdirSync(folder)).toEqual([]);
});

test('bench in a pipe is a table with tabs, a line as soon as a row is known', async () => {
  const seen: number[] = [];
  const { code, stdout } = await walq(['bench', '--quick', '--dir', scratch()], {
    onStdout: (text) => seen.push(text.split('\n').length),
  });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^WHAT\tWALQ\tCEILING\tSHARE$/m);
  expect(stdout).toMatch(/^durable enqueue, 64 in flight\t[\d,]+ jobs\/s\t[\d,]+ jobs\/s\t(< )?\d+%$/m);
  expect(stdout).toMatch(/^replay it into the state\t[\d,]+ events\/s\t-\t-$/m);
  expect(new Set(seen).size).toBeGreaterThan(names.length);
});

test('bench wants a folder that is there', async () => {
  const missing = await walq(['bench', '--dir', '/nowhere/at/all']);
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('E_NO_TARGET')]);
  const file = await walq(['bench', '--dir', binary]);
  expect([file.code, file.stderr]).toEqual([2, expect.stringContaining('E_WRONG_TARGET')]);
});

describe.runIf(process.platform === 'linux')('bench on Linux', () => {
  test.runIf(existsSync('/dev/shm'))('says that syncs cost nothing in memory', async () => {
    const folder = mkdtempSync('/dev/shm/walq-test-');
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const { code, stdout } = await walq(['bench', '--quick', '--dir', folder]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('IN MEMORY: syncs cost nothing here')]);
  });

  test.each([
    ['SIGINT', 'folder', 130],
    ['SIGTERM', 'WHAT', 143],
    ['SIGINT', '64 in flight', 130],
    ['SIGTERM', 'verify', 143],
  ] as const)('ended by %s after %s leaves no folder', async (signal, word, code) => {
    const folder = scratch();
    const bench = spawn(process.execPath, [binary, 'bench', '--dir', folder], { stdio: ['ignore', 'pipe', 'ignore'] });
    const closed = once(bench, 'close');
    await new Promise<void>((resolve) => {
      let seen = '';
      bench.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.toString();
        if (seen.includes(word)) resolve();
      });
    });
    expect(readdirSync(folder)).toHaveLength(1);
    bench.kill(signal);
    expect((await closed)[0]).toBe(code);
    expect(readdirSync(folder)).toEqual([]);
  });
});
