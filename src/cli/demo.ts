import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Exit, type ExitCode } from '../base/errors.ts';
import { loadStore } from '../commands/demo/load.ts';
import { recoverSnapshotOnly, recoverStore } from '../commands/demo/measure.ts';
import { makeFolder } from '../fs/folder.ts';
import { placeError } from '../fs/place.ts';
import { copyTree, makeTempFolder, removeTempTree } from '../fs/temp.ts';
import { refusePlace } from '../storage/new-folder.ts';
import { type Measured, printTable } from './demo-table.ts';
import type { Session } from './session.ts';

export interface DemoFlags {
  jobs: number;
  dir?: string;
  /** Hidden: this process is the one to be killed. */
  load?: string;
  snapshotEvery?: number;
}

const binary = fileURLToPath(new URL('../../bin/walq.cjs', import.meta.url));
const storyJobs = 24;

/** Tells the story with real commands on a real store, then measures. Exit 1 when anything was lost. */
export async function demo(session: Session, _args: readonly string[], flags: DemoFlags): Promise<ExitCode> {
  if (flags.load !== undefined) {
    await load(session, flags.load, flags);
    return Exit.ok;
  }
  const folder = flags.dir ?? (await makeTempFolder(`${tmpdir()}/walq-demo-`));
  if (flags.dir !== undefined) await ownFolder(session, flags.dir);
  cleanUpOnSignals(session, flags.dir === undefined ? folder : undefined);
  try {
    await story(session, `${folder}/store`);
    const measured = await measure(session, folder, flags.jobs);
    session.settle();
    const complete = measured.wal.found === measured.wal.answered && measured.both.found === measured.both.answered;
    const exit = complete ? Exit.ok : Exit.failed;
    if (session.json) await session.document({ jobs: flags.jobs, ...measured, exit });
    else await printTable(session, measured, flags.jobs);
    return exit;
  } finally {
    if (flags.dir === undefined) await removeTempTree(folder);
    else await say(session, `\nThe stores are in ${flags.dir}.`);
  }
}

const children = new Set<ChildProcess>();
let leaving = false;

/** Started here, and gone at the latest when this process is told to go. */
function tracked<C extends ChildProcess>(child: C): C {
  if (leaving) child.kill('SIGKILL');
  children.add(child);
  child.on('close', () => children.delete(child));
  return child;
}

/** Its exit code. Never comes once the demo is on its way out: then nothing may be started any more. */
async function endOf(child: ChildProcess): Promise<unknown> {
  const [code] = await once(child, 'close');
  if (leaving) await new Promise(() => {});
  return code;
}

/** Ctrl-C in the middle leaves neither processes nor a temp folder behind. */
function cleanUpOnSignals(session: Session, folder: string | undefined): void {
  session.takeSignals();
  const leave = async (exit: number): Promise<void> => {
    leaving = true;
    const ended = [...children].map((child) => once(child, 'close'));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(ended);
    if (folder !== undefined) await removeTempTree(folder);
    process.exit(exit);
  };
  process.once('SIGINT', () => void leave(130));
  process.once('SIGTERM', () => void leave(143));
}

async function ownFolder(session: Session, dir: string): Promise<void> {
  const { env } = session.context;
  await refusePlace(env, dir);
  await makeFolder(env.fs, dir).catch((error: unknown) => {
    throw placeError(dir, error);
  });
}

async function say(session: Session, text: string): Promise<void> {
  const stream = session.json ? session.err : session.out;
  await stream.line(text);
  // What comes next may take seconds: nobody shall look at a heading late.
  await stream.flush();
}

async function story(session: Session, store: string): Promise<void> {
  const { strong } = session.style;
  await say(session, strong('1. Jobs go into the log: each is on disk before its answer.'));
  const jobs = Array.from(
    { length: storyJobs },
    (_, index) => `{"id":"job_${index + 1}","name":"demo","payload":{"n":${index + 1}}}`,
  );
  await walq(session, store, ['queue', 'enqueue', '-q', '-f', '-'], jobs.join('\n'));
  await walq(session, store, ['wal', 'inspect', '1..3']);

  await say(session, strong('\n2. A runner works them off. In the middle of it: kill -9.'));
  const work = ['queue', 'run', '--exec', 'sleep 0.1', '-j', '3', '--snapshot-every', '12'];
  await killInTheMiddle(session, store, work);
  await walq(session, store, ['queue', 'status']);

  await say(session, strong('\n3. Is the log whole?'));
  await walq(session, store, ['wal', 'verify']);
  await walq(session, store, ['wal', 'inspect', '-n', '5', '-r']);

  await say(session, strong('\n4. The next runner recovers, takes back what was in flight, and finishes.'));
  await walq(session, store, ['queue', 'run', '--exec', 'sleep 0.02', '-j', '8', '-q', '--drain']);
  await walq(session, store, ['queue', 'status']);
  await walq(session, store, ['snapshot', 'create']);
  await walq(session, store, ['snapshot', 'verify']);
}

/** Runs one command of walq as a user would, prints it and what it says. */
async function walq(session: Session, store: string, args: readonly string[], input?: string): Promise<void> {
  const shown = args.map((arg) => (/^[\w./@-]+$/.test(arg) ? arg : `'${arg}'`)).join(' ');
  await say(session, session.style.command(`$ walq ${shown}`));
  const child = tracked(
    spawn(process.execPath, [binary, '--store', store, ...colorOf(session), ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    }),
  );
  child.stdin.end(input ?? '');
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await endOf(child);
  const text = Buffer.concat(output).toString().replaceAll(store, 'STORE').trimEnd();
  if (text !== '') await say(session, text.replace(/^/gm, '  '));
  if (code !== 0) await say(session, session.style.warn(`  (exit ${code})`));
}

function colorOf(session: Session): string[] {
  return session.style.enabled ? ['--color', 'always'] : [];
}

async function killInTheMiddle(session: Session, store: string, args: readonly string[]): Promise<void> {
  await say(
    session,
    session.style.command(`$ walq ${args.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg)).join(' ')} &`),
  );
  const child = tracked(
    spawn(process.execPath, [binary, '--store', store, ...args], { stdio: ['ignore', 'ignore', 'pipe'] }),
  );
  const closed = endOf(child);
  let finished = 0;
  await new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      finished += chunk.toString().split(' completed ').length - 1;
      if (finished >= storyJobs / 2) resolve();
    });
    child.on('close', () => resolve());
  });
  child.kill('SIGKILL');
  await closed;
  await say(session, session.style.command(`$ kill -9 ${child.pid}`));
}

async function measure(session: Session, folder: string, jobs: number): Promise<Measured> {
  const { env } = session.context;
  await say(
    session,
    session.style.strong(
      '\n5. One load on a WAL alone, one with snapshots; each killed with SIGKILL at work, then recovered.',
    ),
  );
  const walAnswered = await killLoaded(`${folder}/wal-only`, jobs, 0);
  const bothAnswered = await killLoaded(`${folder}/both`, jobs, Math.ceil(jobs / 10));
  // Copies first, uncounted: no way shall pay for the first use of the code.
  for (const name of ['wal-only', 'both']) {
    await copyTree(`${folder}/${name}`, `${folder}/copy`);
    await recoverStore(env, `${folder}/copy`, 0);
    await removeTempTree(`${folder}/copy`);
  }
  const snapshot = await recoverSnapshotOnly(env, `${folder}/both`, bothAnswered);
  const both = await recoverStore(env, `${folder}/both`, bothAnswered);
  const wal = await recoverStore(env, `${folder}/wal-only`, walAnswered);
  return { wal, snapshot, both };
}

/** The load in a process of its own, killed once 95 % are answered. Returns how many answers came before the end. */
async function killLoaded(store: string, jobs: number, snapshotEvery: number): Promise<number> {
  const args = [binary, 'demo', '--load', store, '--jobs', String(jobs), '--snapshot-every', String(snapshotEvery)];
  const child: ChildProcess = tracked(spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  let answered = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    answered = Number(chunk.toString().trimEnd().split('\n').at(-1)) || answered;
    if (answered >= jobs * 0.95) child.kill('SIGKILL');
  });
  await endOf(child);
  return answered;
}

async function load(session: Session, store: string, flags: DemoFlags): Promise<void> {
  let told = 0;
  // It is killed at work, and could not take its progress line away.
  session.settle();
  // It never ends by itself: when the demo that started it is gone, however it went, so is this.
  process.stdin.on('end', () => process.exit()).resume();
  await loadStore(session.context.env, {
    store,
    jobs: flags.jobs,
    snapshotEvery: flags.snapshotEvery ?? 0,
    answered: (jobs) => {
      // A line for every fiftieth: the pipe must not become the brake.
      if (jobs - told < 50 && jobs < flags.jobs) return;
      told = jobs;
      process.stdout.write(`${jobs}\n`);
    },
  });
}
