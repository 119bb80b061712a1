import { isError, WalqError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import { VarintReader } from '../../base/varint.ts';
import { phaseOf } from '../../queue/state/phase.ts';
import { verifyStore } from '../../storage/read.ts';
import { verdictOf } from '../../storage/report.ts';
import type { FrameView, LogReport, SnapshotCheck, Verdict } from '../../storage/types.ts';
import type { LogVisitor } from '../../storage/wal/scan-log.ts';
import type { CommandContext } from '../context.ts';
import { hasFlippedBit } from '../flipped-bit.ts';
import { type Step, stepsFor } from '../next-steps.ts';
import { lookAtQueue, type QueueLook } from '../queue/look.ts';
import { openStoreTarget } from '../store-target.ts';
import { worstFirst } from '../verdict.ts';
import { type DiskUse, diskUse } from './disk-use.ts';
import { traceOf } from './traces.ts';

/** How the writing of the log ended, as its last frames say. */
export type Ending = 'never written' | 'closed' | 'at work' | 'broken off' | 'unknown';

/** A job that somebody had when its runner went away. */
export interface Interrupted {
  id: string;
  name: string;
  attempt: number;
  maxAttempts: number;
  startedAt: number;
}

export interface JobsInQuestion {
  counts: Readonly<Record<'pending' | 'in_flight' | 'completed' | 'dead', number>>;
  /** Last seq in the state that this says; the log may go on behind a hole. */
  seq: number;
  running: number;
  leased: number;
  /** In flight at a runner that is gone: perhaps done, and to be run again. The first of them, and how many. */
  interrupted: Interrupted[];
  interruptedCount: number;
}

export interface Diagnosis {
  store: string;
  verdict: Verdict;
  /** Worst first. */
  findings: Finding[];
  /** What the bytes at a finding show, by its place in `findings`. */
  traces: (string | undefined)[];
  log: LogReport;
  ending: Ending;
  /** The last opening of the log: when, and by which process. */
  opening?: { atMs: number; pid: number };
  /** Absent where no state can be computed; `jobsError` says why. */
  jobs?: JobsInQuestion;
  jobsError?: { code: string; message: string };
  snapshots: SnapshotCheck[];
  /** Seq of the newest good snapshot, 0 without one: a recovery begins there. */
  baseSeq: number;
  /** Some of the lost events came after it: the state lacks them. */
  stateLacks: boolean;
  disk: DiskUse;
  /** At most three, in the order to be done. */
  steps: Step[];
}

const interruptedShown = 5;
/** Faults whose bytes are looked at. */
const tracesMax = 3;

/** Somebody who wants to see the log go by while it is read for a diagnosis. */
export interface LogWatch {
  visitor: Omit<LogVisitor, 'progress'>;
  /** The log is read: memory that was needed for that may go. */
  read(): Promise<void>;
}

/**
 * Everything about a store that a person wants to know first when something is wrong. Takes no lock and writes
 * nothing, also beside a live writer. Damage is the answer, not an error. Rejects with E_NO_STORE (1),
 * E_WRONG_TARGET (2), E_READ (74), and what makes a folder no store at all.
 */
export async function diagnose(context: CommandContext, args: readonly string[], watch?: LogWatch): Promise<Diagnosis> {
  const { env } = context;
  const store = await openStoreTarget(context, args);
  const frames = new FramesSeen();
  const { snapshots, ...log } = await verifyStore(env, store, {
    ...watch?.visitor,
    frame: (frame) => {
      frames.take(frame);
      return watch?.visitor.frame?.(frame);
    },
    progress: (bytes) => context.progress(bytes, undefined),
  });
  await watch?.read();
  const look = await lookAtQueue({ ...context, store }).catch((error: unknown) => {
    if (error instanceof WalqError) return error;
    throw error;
  });
  const findings = worstFirst([...log.findings, ...unreplayable(look)]);
  const verdict = verdictOf(findings);
  const good = snapshots.flatMap(({ summary }) => summary ?? []);
  const baseSeq = Math.max(0, ...good.map(({ seq }) => seq));
  const { opening, last } = frames.ofLog(log.strays);
  const runnerLives = !(look instanceof WalqError) && look.runner.known !== undefined;
  return {
    store,
    verdict,
    findings,
    traces: await Promise.all(findings.slice(0, tracesMax).map((finding) => traceOf(env, store, finding))),
    log,
    ending: runnerLives ? 'at work' : isUnreadable(log) ? 'unknown' : endingOf(last),
    ...(opening && { opening }),
    ...(look instanceof WalqError ? { jobsError: { code: look.code, message: look.message } } : { jobs: jobsOf(look) }),
    snapshots,
    baseSeq,
    stateLacks: log.lostUnknown || log.lost.some(({ seqLast }) => seqLast > baseSeq),
    disk: await diskUse(env, store, log.storeId ?? '', log.strays),
    steps: stepsFor({
      target: { kind: 'store', path: store },
      verdict,
      findings,
      snapshots,
      oneBit: await hasFlippedBit(env, store, findings),
      seqLast: log.seqLast,
      strays: log.strays,
    }),
  };
}

/** Every checksum holds, and yet nobody can open it: an event that does not fit the state before it. */
function unreplayable(look: QueueLook | WalqError): Finding[] {
  if (!(look instanceof WalqError) || look.code !== 'E_REPLAY') return [];
  const { file, offset, seq } = look.data as { file: string; offset: number; seq: number };
  const message = isError(look.cause) ? look.cause.message : look.message;
  return [{ code: look.code, severity: 'corrupt', file, offset, seqFirst: seq, message }];
}

/** What stood at the end of the log cannot be read: neither who wrote there nor how it ended. */
function isUnreadable({ verdict, findings, lost, lostUnknown, seqLast, segments }: LogReport): boolean {
  if (segments.length === 0) return true;
  if (findings.some(({ code, file }) => code === 'E_DISPLACED' && file === segments.at(-1)?.file)) return true;
  if (verdict === 'newer' && seqLast === undefined) return true;
  return lostUnknown || (lost.at(-1)?.seqLast ?? 0) > (seqLast ?? 0);
}

function jobsOf({ machine, seq, phases }: QueueLook): JobsInQuestion {
  const jobs: JobsInQuestion = {
    counts: { ...machine.counts },
    seq,
    running: 0,
    leased: 0,
    interrupted: [],
    interruptedCount: 0,
  };
  for (const job of machine.inFlight()) {
    const { kind } = phaseOf(job, phases);
    if (kind === 'leased') jobs.leased++;
    else if (kind === 'orphaned') {
      const { id, options, attempt, startedAt } = job;
      jobs.interruptedCount++;
      if (jobs.interrupted.length >= interruptedShown) continue;
      jobs.interrupted.push({ id, name: options.name, attempt, maxAttempts: options.maxAttempts, startedAt });
    } else jobs.running++;
  }
  return jobs;
}

type Opening = NonNullable<Diagnosis['opening']>;

/** Watches OPEN and the last frame of each file go by. */
class FramesSeen {
  readonly #files: { file: string; last: FrameView['type']; opening?: Opening | 'unknown' }[] = [];

  take({ file, type, payload }: FrameView): undefined {
    if (this.#files.at(-1)?.file !== file) this.#files.push({ file, last: type });
    const own = this.#files.at(-1);
    if (own === undefined) return;
    own.last = type;
    if (type === 'open') own.opening = openingOf(payload);
  }

  /** Who opened the log last, and its last frame; files behind its end are no part of it. */
  ofLog(strays: readonly string[]): { opening?: Opening; last?: FrameView['type'] } {
    const files = this.#files.filter(({ file }) => !strays.includes(file));
    const opening = files.findLast((each) => each.opening !== undefined)?.opening;
    const last = files.at(-1)?.last;
    return { ...(opening !== undefined && opening !== 'unknown' && { opening }), ...(last !== undefined && { last }) };
  }
}

/** A sound frame with other contents than ours is of somebody we know nothing about. */
function openingOf(payload: Uint8Array): Opening | 'unknown' {
  try {
    const reader = new VarintReader(payload);
    reader.next();
    return { atMs: reader.next(), pid: reader.next() };
  } catch {
    return 'unknown';
  }
}

function endingOf(last: FrameView['type'] | undefined): Ending {
  if (last === undefined) return 'never written';
  return last === 'close' ? 'closed' : 'broken off';
}
