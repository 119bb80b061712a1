import { cpus, loadavg, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { Exit, type ExitCode } from '../base/errors.ts';
import { escapeText } from '../base/escape.ts';
import { folderToMeasure, runBench } from '../commands/bench/bench.ts';
import type { BenchRow, SyncTimes } from '../commands/bench/types.ts';
import { isInMemory } from '../fs/in-memory.ts';
import { placeError } from '../fs/place.ts';
import { makeTempFolder, removeTreeNow } from '../fs/temp.ts';
import { labelledLine } from './labelled.ts';
import type { Session } from './session.ts';
import { type Column, renderAligned, renderTable } from './table.ts';
import { bytes, count, wrap } from './text.ts';

export interface BenchFlags {
  dir?: string;
  quick?: boolean;
}

const full = { budgetMs: 250, rounds: 3 };
const quick = { budgetMs: 100, rounds: 1 };
const labelColumns = 10;

const titles: Readonly<Record<string, string>> = {
  'enqueue-1': 'durable enqueue, one by one',
  'enqueue-64': 'durable enqueue, 64 in flight',
  'enqueue-batch': 'durable enqueue, 1,000 a time',
  'drain-64': 'drain of no-op jobs, 64 slots',
  verify: 'verify a log',
  replay: 'replay it into the state',
};

/** Measures this machine and the disk of one folder. Each line is written as soon as it is known. */
export async function bench(session: Session, _args: readonly string[], flags: BenchFlags): Promise<ExitCode> {
  const dir = resolve(await folderToMeasure(session.context, flags.dir));
  const folder = await tempFolderIn(dir);
  try {
    const inMemory = await isInMemory(folder);
    if (!session.json) await writeHead(session, dir, inMemory);
    const rows: BenchRow[] = [];
    let sync: SyncTimes | undefined;
    await runBench(session.context.env, {
      folder,
      ...(flags.quick ? quick : full),
      async onSync(times) {
        sync = times;
        if (!session.json) await writeSync(session, times);
      },
      async onRow(row) {
        rows.push(row);
        if (!session.json) await show(session, rowLine(session, row));
      },
    });
    if (session.json) {
      const asked = { dir, inMemory, quick: flags.quick === true };
      await session.document({ ...asked, machine, sync, rows, exit: Exit.ok });
    } else await writeFoot(session);
    return Exit.ok;
  } finally {
    removeTreeNow(folder);
  }
}

/** It goes away however the process ends: every way but SIGKILL leads past 'exit'. */
async function tempFolderIn(dir: string): Promise<string> {
  try {
    const folder = await makeTempFolder(`${dir}/.walq-bench-`);
    process.on('exit', () => removeTreeNow(folder));
    return folder;
  } catch (error) {
    throw placeError(dir, error);
  }
}

const machine = {
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
  /** Runnable processes, the mean of the minute before. */
  load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
};

async function writeHead(session: Session, dir: string, inMemory: boolean): Promise<void> {
  const { out, style } = session;
  const { cpu, cores, memoryBytes, node, platform, load } = machine;
  const about = `${cores} x ${escapeText(cpu)}, ${bytes(memoryBytes)}, Node ${node}, ${platform}, load ${load}`;
  await out.line(labelledLine('machine', about, labelColumns, session));
  await out.line(labelledLine('folder', escapeText(dir), labelColumns, session));
  if (inMemory) {
    await out.line(
      style.warn('IN MEMORY: syncs cost nothing here. Name a folder on the disk of your store with --dir.'),
    );
  }
  await out.flush();
}

async function writeSync(session: Session, { samples, p50Ms, p99Ms }: SyncTimes): Promise<void> {
  const text = `p50 ${p50Ms} ms, p99 ${p99Ms} ms, ${count(samples)} times write + fdatasync of 4 KiB`;
  await session.out.line(labelledLine('sync', text, labelColumns, session));
  await show(session, `\n${render(session, [], false)}`);
}

/** Known before the rows are, since they are not waited for. */
const widths = [29, 19, 19, 6];
const columns: Column[] = [
  { title: 'WHAT' },
  { title: 'WALQ', align: 'right' },
  { title: 'CEILING', align: 'right' },
  { title: 'SHARE', align: 'right' },
];

function rowLine(session: Session, row: BenchRow): string {
  const { name, unit, value, ceiling, share } = row;
  const speed = (each: number): string => (unit === 'bytes/s' ? `${bytes(each)}/s` : `${count(each)} ${unit}`);
  const cells = [
    titles[name] ?? name,
    speed(value),
    ceiling === undefined ? '-' : speed(ceiling),
    share === undefined ? '-' : share < 0.01 ? '< 1%' : `${Math.round(share * 100)}%`,
  ];
  return render(session, [cells], true);
}

function render(session: Session, rows: readonly string[][], headless: boolean): string {
  if (session.width === undefined) return renderTable(columns, rows, { ...session, headless });
  return renderAligned(columns, rows, widths, { ...session, headless });
}

async function writeFoot(session: Session): Promise<void> {
  const text =
    'CEILING: the same bytes through the same calls of the system, with nothing of walq in between. ' +
    'Each number is a median; a busy machine makes all of them smaller.';
  await session.out.line(`\n${session.style.dim(wrap(text, session.width ?? 80))}`);
}

async function show(session: Session, text: string): Promise<void> {
  await session.out.write(text);
  await session.out.flush();
}
