import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll } from 'vitest';

const built = fileURLToPath(new URL('../../build/', import.meta.url));
let child: Promise<string> | undefined;
const made: string[] = [];
afterAll(() => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});

/**
 * The child in one file: to find and read a hundred is most of what a traced process does. Beside the built sources,
 * where it finds the packages that they find.
 */
function bundled(): Promise<string> {
  child ??= bundle();
  return child;
}

async function bundle(): Promise<string> {
  const outDir = mkdtempSync(`${built}kernel-child-`);
  made.push(outDir);
  const input = fileURLToPath(new URL('./child.js', import.meta.url));
  const rollupOptions = { input, output: { entryFileNames: 'child.mjs' } };
  await build({ configFile: false, logLevel: 'warn', build: { ssr: true, target: 'node20', outDir, rollupOptions } });
  return `${outDir}/child.mjs`;
}

/** What a process under test told, and how it ended. */
export interface ChildRun {
  signal: NodeJS.Signals | null;
  code: number | null;
  /** The kind of work it was in when it ended. */
  during: string;
  /** Records whose answer it got: all up to this one. */
  acked: number;
  /** Records that may be on the disk: all up to this one, at most. */
  asked: number;
  /** Codes of what was refused, in order. */
  refusals: string[];
  /** The calls that were tampered with, as strace shows them. */
  hits: string[];
  stderr: string;
}

export type Work = 'history' | 'repair' | 'backup' | 'restore' | 'back' | 'heal' | 'cut' | 'undo' | 'salvage' | 'fill';

/** What is done to one system call. */
export interface Injection {
  /** Its name in the kernel: pwrite64, fdatasync, fsync, ftruncate, rename, unlink, mkdir. */
  call: string;
  /** `signal=KILL`, `error=EIO`, `retval=0`. */
  what: string;
  /** Of each thread its nth. */
  nth: number;
  /** The main thread alone, or the one of the thread pool too. */
  threads: 'main' | 'all';
}

/** Can processes be traced here? Not everywhere where strace is. */
export const straceWorks =
  process.platform === 'linux' && spawnSync('strace', ['-f', '--seccomp-bpf', '-o', '/dev/null', 'true']).status === 0;

/** For names of tests. */
export const orNotRun = straceWorks ? '' : 'NOT RUN, strace is missing or may not trace here: ';

/** Runs the child under strace, which counts calls for each thread: so the thread pool has one. */
export async function runInjected(store: string, work: Work, injection: Injection, logFile: string): Promise<ChildRun> {
  const { call, what, nth, threads } = injection;
  const options = ['-y', '-o', logFile, '-e', `trace=${call}`, '-e', `inject=${call}:${what}:when=${nth}`];
  if (threads === 'all') options.push('-f');
  // It is faster, wants all threads to be followed, and does not deliver signals.
  if (threads === 'all' && !what.startsWith('signal')) options.push('--seccomp-bpf');
  const strace = [...options, process.execPath, await bundled(), store, work];
  const ran = await runCommand('strace', strace);
  const log = readFileSync(logFile, 'utf8').split('\n');
  const isHit = (line: string): boolean => line.includes('(INJECTED)') || /killed by SIGKILL/.test(line);
  const killed = log.filter((line) => line.includes(`${call}(`)).at(-1) ?? '';
  return { ...ran, hits: what === 'signal=KILL' ? (log.some(isHit) ? [killed] : []) : log.filter(isHit) };
}

/** Without strace, in a shell that sets limits first. */
export async function runLimited(store: string, work: Work, limits: string): Promise<ChildRun> {
  const args = ['-c', `${limits}; exec "$@"`, 'bash', process.execPath, await bundled(), store, work];
  return { ...(await runCommand('bash', args)), hits: [] };
}

export const runPlain = (store: string, work: Work): Promise<ChildRun> => runLimited(store, work, ':');

function runCommand(command: string, args: readonly string[]): Promise<Omit<ChildRun, 'hits'>> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH ?? '', UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' };
    const running = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    running.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    running.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    running.on('error', reject);
    running.on('close', (code, signal) => resolve({ code, signal, stderr, ...told(stdout) }));
  });
}

function told(stdout: string): Pick<ChildRun, 'during' | 'acked' | 'asked' | 'refusals'> {
  const run = { during: '', acked: 0, asked: 0, refusals: [] as string[] };
  let asking = 0;
  let unknown = 0;
  for (const line of stdout.split('\n')) {
    const [word, value = ''] = line.split(' ');
    if (word === 'begin') run.during = value;
    else if (word === 'ask') asking = Number(value);
    else if (word === 'ack') run.acked = Number(value);
    else if (word === 'no') {
      run.refusals.push(value);
      // Of these it is sure that nothing was written.
      if (!/^E_(NO_SPACE|POISONED)$/.test(value)) unknown = Math.max(unknown, asking);
      asking = 0;
    }
    run.asked = Math.max(run.acked, unknown, asking);
  }
  return run;
}
