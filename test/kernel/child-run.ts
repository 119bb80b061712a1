import { spawnSync } from 'node:child_process';
import { afterAll } from 'vitest';
import { type Done, Resident, type Task } from './resident.ts';

/** What a process under test told, and how it ended. */
export interface ChildRun {
  signal: NodeJS.Signals | null;
  /** Of one that stays: 0, after its work. */
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
  /** All that it wrote. */
  output: string;
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

/** More calls of one name than a thread makes for any work. */
const period = 50;

/** strace counts calls for each thread: so the thread pool has one. */
function underStrace({ call, what, threads }: Omit<Injection, 'nth'>, when: string): Promise<Resident> {
  const options = ['-qy', '-e', `trace=${call}`, '-e', `inject=${call}:${what}:when=${when}`];
  if (threads === 'all') options.push('-f');
  // It stops a process at these calls alone, wants all threads to be followed, and does not deliver signals.
  if (threads === 'all' && !what.startsWith('signal')) options.push('--seccomp-bpf');
  return Resident.start(':', ['strace', ...options]);
}

/** Those that nothing ends, by what strace does to them. */
const residents = new Map<string, Promise<Resident>>();
afterAll(async () => {
  for (const resident of residents.values()) (await resident).end();
});

function staying(name: string, start: () => Promise<Resident>): Promise<Resident> {
  const resident = residents.get(name) ?? start();
  residents.set(name, resident);
  return resident;
}

async function once(started: Promise<Resident>, task: Task): Promise<ChildRun> {
  const resident = await started;
  const done = await resident.does(task);
  resident.end();
  return runOf(done);
}

export async function runInjected(store: string, work: Work, injection: Injection): Promise<ChildRun> {
  const { call, what, nth, threads } = injection;
  if (what.startsWith('signal')) return once(underStrace(injection, `${nth}`), { store, work });
  const resident = await tampered(call, what);
  const left = { main: nth, pool: threads === 'all' ? nth : period };
  return runOf(await resident.does({ store, work, aim: { call, period, left } }));
}

const tampered = (call: string, what: string): Promise<Resident> =>
  staying(`${call}:${what}`, () => underStrace({ call, what, threads: 'all' }, `${period}+${period}`));

/** How many calls of this name the main thread makes for some work, or the thread that makes most. */
export async function callsOf(store: string, work: Work, { call, threads }: Pick<Injection, 'call' | 'threads'>) {
  const resident = await tampered(call, 'error=EIO');
  const done = await resident.does({ store, work, aim: { call, period, left: { main: period, pool: period } } });
  const [, main = ''] = /^idle (\d+)$/m.exec(done.output) ?? [];
  const counts: Record<string, number> = {};
  for (const line of callsIn(done)) {
    const [, pid = ''] = /^\[pid +(\d+)\] \w+\(/.exec(line) ?? [];
    counts[pid] = (counts[pid] ?? 0) + 1;
  }
  const most = Math.max(0, ...Object.values(counts));
  if (most >= period) throw new Error(`${most} times ${call}: some were hit when they were counted`);
  return threads === 'main' ? (counts[main] ?? 0) : most;
}

/** Lines of strace, without those calls by which a process took aim. */
const callsIn = ({ log }: Done): string[] => log.split('\n').filter((line) => !line.includes('/dev/null'));

/** In a shell that sets limits first. */
export const runLimited = (store: string, work: Work, limits: string): Promise<ChildRun> =>
  once(Resident.start(limits), { store, work });

export async function runPlain(store: string, work: Work): Promise<ChildRun> {
  const resident = await staying('plain', () => Resident.start());
  return runOf(await resident.does({ store, work }));
}

function runOf(done: Done): ChildRun {
  const { output, code, signal } = done;
  const calls = callsIn(done);
  const hits =
    signal === null
      ? calls.filter((line) => line.includes('(INJECTED)'))
      : calls.filter((line) => /\w\(/.test(line)).slice(-1);
  return { output, code, signal, hits, ...told(output) };
}

function told(output: string): Pick<ChildRun, 'during' | 'acked' | 'asked' | 'refusals'> {
  const run = { during: '', acked: 0, asked: 0, refusals: [] as string[] };
  let asking = 0;
  let unknown = 0;
  for (const line of output.split('\n')) {
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
