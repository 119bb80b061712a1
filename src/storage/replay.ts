import { damageError, usageError, WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { besideWriter } from './beside-writer.ts';
import { type Loaded, type LoadOptions, loadState } from './load.ts';
import { stillThere } from './read.ts';
import { surveyStore } from './survey.ts';
import type { SnapshotSummary, StateMachine, StorageEnv } from './types.ts';

export interface ReplayResult<M> {
  machine: M;
  /** Last seq in the state. */
  seq: number;
  /** Last seq the log can give. */
  seqMax: number;
  snapshot?: SnapshotSummary;
  replayed: number;
  storeId: string;
  /** Nothing up to the point asked for is missing in the state, whatever `findings` say of the rest of the store. */
  whole: boolean;
  findings: Finding[];
}

/**
 * The state after seq `until` (inclusive), or at the end. Read-only, also beside a live writer. On a damaged log the
 * newest good snapshot before that point leads past what lies before it: the state ends at the first fault behind it,
 * or, without a snapshot, at the first of all; `findings` says what is wrong. Rejects with E_SEQ_RANGE when
 * `until` is not in the log (2) or a fault lies before it (3), E_NO_BASE, E_REPLAY, E_NO_STORE, E_READ.
 */
export async function replayTo<M extends StateMachine>(
  env: StorageEnv,
  storeDir: string,
  make: () => M,
  options: LoadOptions = {},
): Promise<ReplayResult<M>> {
  const loaded = await loadBesideWriter(env, storeDir, make, options);
  const findings = await stillThere(env, storeDir, loaded.findings);
  const seqMax = loaded.judgement.seqNext - 1;
  if (options.until !== undefined && loaded.seq < options.until) throw unreached(options.until, loaded, seqMax);
  return {
    machine: loaded.machine,
    seq: loaded.seq,
    seqMax,
    ...(loaded.snapshot && { snapshot: loaded.snapshot }),
    replayed: loaded.replayed,
    storeId: loaded.storeId,
    whole: options.until !== undefined || isWhole(loaded),
    findings,
  };
}

/** Nothing can be read there; or something can, and a fault lies between it and the last snapshot before. */
function unreached(until: number, { seq }: Loaded<unknown>, seqMax: number): WalqError {
  const details = { data: { until, seqLast: seq } };
  if (until > seqMax)
    return usageError('E_SEQ_RANGE', `seq ${until} is not in the readable log, which ends at ${seq}`, details);
  const text = `the state at seq ${until} is not known: what comes after seq ${seq} is damaged or missing`;
  return damageError('E_SEQ_RANGE', text, details);
}

/** The log may be another than the one that was written last. */
const endUnknown: readonly string[] = ['E_SNAPSHOT_AHEAD', 'E_HEAD_MISMATCH'];

/** What was lost before the snapshot, the snapshot knows. */
function isWhole({ seq, snapshot, judgement, findings }: Loaded<unknown>): boolean {
  const endKnown = findings.every((finding) => finding.severity !== 'newer' && !endUnknown.includes(finding.code));
  const { lost, lostUnknown, tail, seqNext } = judgement;
  const nothingLost = lost.every(({ seqLast }) => seqLast <= (snapshot?.seq ?? 0));
  return endKnown && nothingLost && !lostUnknown && tail === undefined && seq >= seqNext - 1;
}

/** A writer that cleans up may take away the snapshot or segment just listed; then a fresh listing has newer ones. */
async function loadBesideWriter<M extends StateMachine>(
  env: StorageEnv,
  storeDir: string,
  make: () => M,
  options: LoadOptions,
): Promise<Loaded<M>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await besideWriter(env, storeDir, async () =>
        loadState(env, storeDir, await surveyStore(env, storeDir), make, { ...options, pastHoles: true }),
      );
    } catch (error) {
      if (attempt === 3 || !(error instanceof WalqError && error.code === 'E_NO_BASE')) throw error;
      await env.clock.sleep(50);
    }
  }
}
