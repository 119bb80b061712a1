import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, onTestFinished } from 'vitest';
import { checkAnswer } from './answers.ts';

export const binary = fileURLToPath(new URL('../../bin/walq.cjs', import.meta.url));

export interface Ran {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  input?: string | Uint8Array;
  /** Called with all of stdout so far, as it grows. */
  onStdout?: (text: string) => void;
}

/**
 * Runs the built command line as a process of its own, with nothing of this process's settings. Rejects when it answers
 * in JSON that does not fit its schema.
 */
export function walq(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [binary, ...args], {
      cwd: options.cwd ?? tmpdir(),
      env: { PATH: process.env.PATH ?? '', TZ: 'UTC', ...options.env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      options.onStdout?.(stdout);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    // A command that does not read its input may be gone before all of it is written.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.on('error', reject);
    child.on('close', (code, signal) => {
      try {
        checkAnswer(args, stdout, signal === null);
      } catch (error) {
        reject(error);
      }
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/** A folder that is gone after the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'walq-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder for all tests of a file. */
export function folderForAll(): string {
  const folder = mkdtempSync(join(tmpdir(), 'walq-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
