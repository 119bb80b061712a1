import { damageError, notFoundError, usageError } from '../base/errors.ts';
import { type Finding, findingError, findingKey, worstSeverity } from '../base/finding.ts';
import { join } from '../base/path.ts';
import { goneMeanwhile } from '../fs/gone.ts';
import { type LogFiles, openLogFiles } from './beside-writer.ts';
import { walFolder } from './folder.ts';
import { LogReplay } from './log-replay.ts';
import { checkSnapshot } from './snapshot/read.ts';
import { aheadOfLog, otherPast } from './snapshot-place.ts';
import type { Survey } from './survey.ts';
import type { ChainPoint, SnapshotSummary, StateMachine, StorageEnv } from './types.ts';
import { judgeLog, type LogJudgement } from './wal/judge-log.ts';
import { isReadTo } from './wal/judge-parts.ts';
import { type LogScan, scanLog } from './wal/scan-log.ts';

export interface LoadOptions {
  /** Apply nothing above this seq. */
  until?: number;
  /** Which snapshot to start from: the best one, none, or the one in this file. */
  snapshot?: 'auto' | 'none' | { path: string };
  /** Read no further than `until`. What is found then tells of what was read, and nothing of the rest. */
  partial?: boolean;
  /** Go on behind a hole where a good snapshot leads past it. For readers: a writer has no use for a damaged log. */
  pastHoles?: boolean;
  /** Bytes of the log read so far. */
  progress?: (bytes: number) => void;
}

export interface Loaded<M> {
  machine: M;
  storeId: string;
  /** Last seq in the state. */
  seq: number;
  snapshot?: SnapshotSummary;
  /** The log tells of that snapshot: its writer had synced it, and its folder. */
  snapshotIsTold: boolean;
  replayed: number;
  findings: Finding[];
  log: LogScan;
  judgement: LogJudgement;
}

/**
 * Snapshot plus every later record: the state of the store. Read-only. Candidates are tried newest first; one that is
 * damaged or does not fit the log is a finding, and the next is tried. Faults of the log are findings too: whoever
 * wants to write refuses on them. Rejects with E_NO_BASE when no state can be built, E_REPLAY when a record does not
 * apply, E_READ on I/O errors, and ENOENT when a segment of the survey is gone.
 */
export async function loadState<M extends StateMachine>(
  env: StorageEnv,
  storeDir: string,
  survey: Survey,
  make: () => M,
  options: LoadOptions = {},
): Promise<Loaded<M>> {
  // Before the snapshot is read, which takes its time: a cleaning meanwhile would take the log that follows it.
  const held = await openLogFiles(env, join(storeDir, walFolder), walFolder, survey.live);
  try {
    return await loadHeld(env, storeDir, survey, held, make, options);
  } finally {
    await held.close();
  }
}

async function loadHeld<M extends StateMachine>(
  env: StorageEnv,
  storeDir: string,
  survey: Survey,
  held: LogFiles,
  make: () => M,
  options: LoadOptions,
): Promise<Loaded<M>> {
  const until = options.until ?? Number.POSITIVE_INFINITY;
  const findings = [...survey.findings, ...gapsInNames(survey)];
  for (const candidate of candidates(survey, options, storeDir)) {
    const base = await loadBase(env, candidate, survey, make, until, findings);
    if (base === undefined) continue;
    const loaded = await replayOnto(survey, held, base, options);
    if (loaded === 'unfit') {
      const finding = degraded('E_SNAPSHOT_CHAIN', candidate.file, 'snapshot does not fit the log at its seq');
      if (candidate.named) throw findingError([finding]);
      findings.push(finding);
      continue;
    }
    const ahead = loaded.log.stopped ? [] : aheadOfLog(survey, loaded.log, loaded.judgement);
    const all = [...findings, ...loaded.judgement.findings, ...ahead];
    return { ...loaded, findings: withoutRepeats(all) };
  }
  const first = survey.live[0];
  const worst = worstSeverity(findings);
  if (worst === 'newer') throw findingError(findings);
  throw damageError(
    'E_NO_BASE',
    `the log begins at seq ${first?.seqFirst}, and no good snapshot covers what came before`,
    {
      data: { store: storeDir, findings },
      next: 'walq help E_NO_BASE',
    },
  );
}

interface Candidate {
  file: string;
  path?: string;
  /** The user asked for this file: there is no other to try. */
  named?: true;
  point?: ChainPoint;
}

function candidates(survey: Survey, options: LoadOptions, storeDir: string): Candidate[] {
  const choice = options.snapshot ?? 'auto';
  const start: Candidate[] = survey.live[0]?.seqFirst === 1 ? [{ file: 'wal' }] : [];
  if (choice === 'none') return start;
  if (typeof choice === 'object') return [{ file: choice.path, path: choice.path, named: true }];
  return [...survey.snapshots.map((snapshot) => ({ ...snapshot, path: join(storeDir, snapshot.file) })), ...start];
}

interface Base<M> {
  machine: M;
  seq: number;
  point?: ChainPoint;
  snapshot?: SnapshotSummary;
}

async function loadBase<M extends StateMachine>(
  env: StorageEnv,
  candidate: Candidate,
  survey: Survey,
  make: () => M,
  until: number,
  findings: Finding[],
): Promise<Base<M> | undefined> {
  const machine = make();
  if (candidate.path === undefined) return { machine, seq: 0 };
  if (candidate.point && candidate.point.seq > until) return undefined;
  const check = await checkSnapshot(env, candidate.path, {
    file: candidate.file,
    storeId: survey.identity.id,
    ...(machine.loadStretch === undefined
      ? { onEntry: (entry) => machine.load(entry) }
      : { onStretch: (bytes, from, to) => machine.loadStretch?.(bytes, from, to) }),
  }).catch(goneMeanwhile);
  if (candidate.named && check === undefined) {
    throw notFoundError('E_NO_FILE', `no snapshot file ${candidate.path}`, { data: { file: candidate.path } });
  }
  // Of a file that the user named, its own fault is the answer: there is no other to try.
  if (candidate.named && check !== undefined && check.summary === undefined) throw findingError(check.findings);
  findings.push(...(check?.findings ?? []));
  const snapshot = check?.summary;
  if (candidate.named && snapshot !== undefined && snapshot.seq > until) {
    const text = `snapshot ${candidate.path} is at seq ${snapshot.seq}, after the point asked for (seq ${until})`;
    throw usageError('E_SEQ_RANGE', text, { data: { file: candidate.path, seq: snapshot.seq, until } });
  }
  if (snapshot === undefined || snapshot.seq > until) return undefined;
  return { machine, seq: snapshot.seq, point: snapshot.point, snapshot };
}

/** Scans from the segment that holds the base's point and applies what comes after it. */
async function replayOnto<M extends StateMachine>(
  survey: Survey,
  held: LogFiles,
  base: Base<M>,
  options: LoadOptions,
): Promise<Omit<Loaded<M>, 'findings'> | 'unfit'> {
  const { machine, point, snapshot } = base;
  const start = startOf(survey, base, options.until);
  if (start === undefined) return 'unfit';
  const evidence = {
    storeId: survey.identity.id,
    ...(survey.head && { head: survey.head }),
    points: point ? [point] : [],
    ...(options.pastHoles === true && point && { resume: point }),
  };
  const replay = new LogReplay(base, options);
  const log = await scanLog(held.inputs.slice(start.segment), evidence, {
    ...(options.progress && { progress: options.progress }),
    lost: (range) => replay.lost(range),
    snapshot: (payload) => replay.snapshot(payload),
    record: (record) => replay.record(record),
  });
  if (!replay.unbroken) return 'unfit';
  if (point && (start.holdsPoint ? misses(log, point) : otherPast(log, point))) return 'unfit';
  const judgement = judgeLog(log, evidence);
  judgement.findings.push(...replay.skipped);
  const { seq, replayed, snapshotIsTold } = replay;
  const storeId = survey.identity.id;
  return { machine, storeId, seq, snapshotIsTold, replayed, log, judgement, ...(snapshot && { snapshot }) };
}

/** Where to read the log from: the place of a segment among those of the survey, and whether the base's frame is in it. */
function startOf(
  survey: Survey,
  base: Base<unknown>,
  until: number | undefined,
): { segment: number; holdsPoint: boolean } | undefined {
  const { seq, point } = base;
  const own = survey.live.findIndex((name) => name.ordinal === point?.ordinal);
  if (own >= 0) return { segment: own, holdsPoint: true };
  const next = behindGap(survey, base);
  if (next !== undefined) return { segment: next, holdsPoint: false };
  // Where the state asked for is that of the snapshot, no log is needed.
  return point && until === seq ? { segment: survey.live.length, holdsPoint: false } : undefined;
}

/** The segment that follows a snapshot whose own one is gone. */
function behindGap(survey: Survey, { seq, point }: Base<unknown>): number | undefined {
  const index = survey.live.findIndex(({ seqFirst, ordinal }, place) => {
    return seqFirst === seq + 1 && (place === 0 || ordinal === (point?.ordinal ?? 0) + 1);
  });
  return index < 0 ? undefined : index;
}

/** The log that was read first is sound as far as the point, and has no such frame end. */
function misses(log: LogScan, point: ChainPoint): boolean {
  const segment = log.segments[0];
  if (segment === undefined || segment.pointsPassed.get(point) === true) return false;
  const { header, holes } = segment.scan;
  if (header === undefined) return isReadTo(segment, point.offset);
  return !holes.some((hole) => hole.offset < point.offset && hole.kind !== 'zeros');
}

/**
 * Ordinals must run on without a gap, also below the snapshot that recovery starts from: the older snapshot needs
 * them.
 */
function gapsInNames(survey: Survey): Finding[] {
  const findings: Finding[] = [];
  survey.live.forEach((name, index) => {
    const before = survey.live[index - 1];
    if (!before || name.ordinal === before.ordinal + 1) return;
    findings.push({
      code: 'E_MISSING_SEGMENT',
      severity: 'corrupt',
      file: join(walFolder, name.name),
      message: `segment ${before.ordinal + 1} is missing before this one`,
    });
  });
  return findings;
}

function degraded(code: Finding['code'], file: string, message: string): Finding {
  return { code, severity: 'degraded', file, message };
}

/** The gap between two names is seen twice when both segments are also read. */
function withoutRepeats(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter((finding) => {
    const isRepeat = finding.code === 'E_MISSING_SEGMENT' && seen.has(findingKey(finding));
    seen.add(findingKey(finding));
    return !isRepeat;
  });
}
