import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, onTestFinished } from 'vitest';
import { checkAnswer, kindOf } from './answers.ts';

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

/** Settings that change nothing about a process but what a command reads of them. */
const settings = /^(WALQ_\w+|NO_COLOR|FORCE_COLOR|TERM)$/;
/** They start processes that share their streams, or stay until a signal ends them. */
const alone = new Set(['queue.run', 'queue.watch', 'wal.bisect', 'bench', 'demo']);
const ownProcess = new Set<string>();

/**
 * Runs the built command line with nothing of this process's settings. Of each command the first run of a file is a
 * process of its own; those that follow it are made in one that stays, since to start one takes longer than most
 * commands do. Rejects when it answers in JSON that does not fit its schema.
 */
export async function walq(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const kind = kindOf(args) ?? '';
  const first = !ownProcess.has(kind);
  ownProcess.add(kind);
  const special = options.onStdout ?? Object.keys(options.env ?? {}).some((name) => !settings.test(name));
  const ran = await (first || special || alone.has(kind) || busy ? walqAlone : walqResident)(args, options);
  checkAnswer(args, ran.stdout, ran.signal === null);
  return ran;
}

let resident: ChildProcess | undefined;
/** One at a time: what runs beside another has a process of its own. */
let busy = false;

async function walqResident(args: readonly string[], { cwd = tmpdir(), env = {}, input = '' }: RunOptions) {
  resident ??= startResident();
  busy = true;
  try {
    const answer = once(resident, 'message');
    resident.send({ args, cwd, env, input });
    const [ran] = await answer;
    return ran as Ran;
  } finally {
    busy = false;
  }
}

/** It goes when this process does. */
function startResident(): ChildProcess {
  const script = fileURLToPath(new URL('./resident.js', import.meta.url));
  const env = { PATH: process.env.PATH ?? '', TZ: 'UTC' };
  const started = fork(script, { env, execArgv: [], serialization: 'advanced' });
  started.on('exit', (code, signal) => {
    throw new Error(`the process that runs command lines has ended: ${signal ?? code}`);
  });
  started.unref();
  started.channel?.unref();
  return started;
}

function walqAlone(args: readonly string[], options: RunOptions): Promise<Ran> {
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
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
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
