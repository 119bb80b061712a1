import type { Finding } from '../../base/finding.ts';
import { join } from '../../base/path.ts';
import { VarintReader } from '../../base/varint.ts';
import { runnerName } from '../../queue/events/event-details.ts';
import { eventTypes } from '../../queue/events/event-types.ts';
import { recordTime, recordType } from '../../queue/events/events.ts';
import { listWal, readSegmentHeader, walFolder } from '../../storage/folder.ts';
import { scanStore } from '../../storage/read.ts';
import type { FrameView, StorageEnv, Verdict } from '../../storage/types.ts';

/** How much happened in the time before now. */
export interface Rate {
  windowMs: number;
  /** Less where the log does not reach back so far. */
  spanMs: number;
  enqueued: number;
  completed: number;
  dead: number;
}

/** The last time somebody opened the store and wrote to it. */
export interface Opening {
  atMs: number;
  pid: number;
  /** As DISPATCH names it, if it is one. */
  runner: string;
  /** 'crash': the writer before did not end well. */
  after: 'creation' | 'close' | 'crash' | 'unknown';
}

export interface LogFacts {
  rates: Rate[];
  opening?: Opening;
  /** The last one that followed a crash. */
  recovery?: Opening;
  /** Of the part that was read. */
  verdict: Verdict;
  findings: Finding[];
  /** First seq of that part. */
  readFromSeq: number;
}

const windowsMs = [60_000, 300_000];
/** A busy log may have written a gigabyte in the time asked about: the last part of it is enough for a rate. */
const segmentsMax = 3;

/** What the end of the log says about the last minutes, and whether it is sound. Reads a few segments at most. */
export async function readLogFacts(env: StorageEnv, store: string): Promise<LogFacts> {
  const now = env.clock.now();
  const fromSeq = await startOf(env, store, now - Math.max(...windowsMs));
  const counted = new Map<number, number[]>([
    [eventTypes.ENQUEUE, []],
    [eventTypes.ACK, []],
    [eventTypes.DEAD, []],
  ]);
  const openings = new Openings();
  let first: { seq: number; atMs: number } | undefined;
  const report = await scanStore(
    env,
    store,
    {
      frame(frame) {
        openings.take(frame);
        return undefined;
      },
      record({ bytes, seq }) {
        const ages = counted.get(recordType(bytes));
        if (ages === undefined && first !== undefined) return undefined;
        const at = timeOf(bytes);
        first ??= { seq, atMs: at };
        windowsMs.forEach((windowMs, index) => {
          if (ages !== undefined && at > now - windowMs) ages[index] = (ages[index] ?? 0) + 1;
        });
        return undefined;
      },
    },
    { fromSeq },
  );
  const reach = first === undefined || first.seq === 1 ? Number.POSITIVE_INFINITY : Math.max(1000, now - first.atMs);
  const count = (type: number, index: number): number => counted.get(type)?.[index] ?? 0;
  return {
    rates: windowsMs.map((windowMs, index) => ({
      windowMs,
      spanMs: Math.min(windowMs, reach),
      enqueued: count(eventTypes.ENQUEUE, index),
      completed: count(eventTypes.ACK, index),
      dead: count(eventTypes.DEAD, index),
    })),
    ...(openings.last && { opening: openings.last }),
    ...(openings.recovery && { recovery: openings.recovery }),
    verdict: report.verdict,
    findings: report.findings,
    readFromSeq: report.seqFirst ?? fromSeq,
  };
}

/** First seq of the newest segment that was begun before `sinceMs`. */
async function startOf(env: StorageEnv, store: string, sinceMs: number): Promise<number> {
  const folder = join(store, walFolder);
  const newestFirst = (await listWal(env, folder)).segments.reverse().slice(0, segmentsMax);
  for (const { name, seqFirst } of newestFirst) {
    // What cannot be read is named by the scan.
    const header = await readSegmentHeader(env, join(folder, name)).catch(() => undefined);
    if (header !== undefined && header.createdMs <= sinceMs) return seqFirst;
  }
  return newestFirst.at(-1)?.seqFirst ?? 1;
}

/** A record that cannot be read counts as old: the scan says what is wrong with it. */
function timeOf(record: Uint8Array): number {
  try {
    return recordTime(record);
  } catch {
    return 0;
  }
}

class Openings {
  last: Opening | undefined;
  recovery: Opening | undefined;
  #before: FrameView['type'] | undefined;

  take({ type, payload, seqFirst }: FrameView): void {
    if (type === 'open') {
      this.last = opening(payload, seqFirst === 1 ? 'creation' : this.#after()) ?? this.last;
      if (this.last?.after === 'crash') this.recovery = this.last;
    }
    this.#before = type;
  }

  #after(): Opening['after'] {
    if (this.#before === undefined) return 'unknown';
    return this.#before === 'close' ? 'close' : 'crash';
  }
}

function opening(payload: Uint8Array, after: Opening['after']): Opening | undefined {
  try {
    const reader = new VarintReader(payload);
    const runner = runnerName(reader.next());
    return { runner, atMs: reader.next(), pid: reader.next(), after };
  } catch {
    return undefined;
  }
}
