import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { tried } from '../support/tried.ts';

const script = fileURLToPath(new URL('run.js', import.meta.url));

interface LiveResult {
  cleaned: number;
  records: number;
  counts: Record<string, Record<string, number>>;
  broken?: string;
}

/** The short form of `npm run live`, with real processes on the real disk. */
async function live(...args: string[]): Promise<LiveResult> {
  const child = spawn(process.execPath, [script, '--json', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const ended = new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await ended;
  return JSON.parse(text) as LiveResult;
}

test('readers and backups beside a writer that compacts see no damage and write nothing', async (context) => {
  const { broken, counts, cleaned } = await live('--seconds', '6', '--only', 'verify,scan,replay,backup,commandLine');
  expect(broken).toBeUndefined();
  expect(cleaned, 'the writers cleaned their logs meanwhile').toBeGreaterThan(0);
  const { backup, ...readers } = counts;
  expect(Object.keys(readers).sort()).toEqual(['commandLine', 'replay', 'scan', 'verify']);
  tried(context, 'live-reader', Object.assign({}, ...Object.values(readers)));
  tried(context, 'copy-under-load', backup ?? {});
});

test('a plain copy of a store under load is a whole prefix or is refused, never silently wrong', async (context) => {
  const { broken, counts } = await live('--seconds', '6', '--only', 'plainCopy');
  expect(broken).toBeUndefined();
  const outcomes = counts.plainCopy ?? {};
  expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(5);
  tried(context, 'copy-under-load', outcomes);
});
