import { usageError, WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { besideWriter } from './beside-writer.ts';
import { type Loaded, type LoadOptions, loadState } from './load.ts';
import { stillThere } from './read.ts';
import { surveyStore } from './survey.ts';
import type { SnapshotSummary, StateMachine, StorageEnv } from './types.ts';
import type { LogJudgement } from './wal/judge-log.ts';

export interface ReplayResult<M> {
  machine: M;
  /** Last seq in the state. */
  seq: number;
  /** Last seq the log can give. */
  seqMax: number;
  snapshot?: SnapshotSummary;
  replayed: number;
  /** Nothing up to the point asked for is missing in the state, whatever `findings` say of the rest of the store. */
  whole: boolean;
  findings: Finding[];
}

/**
 * The state after seq `until` (inclusive), or at the end. Read-only, also beside a live writer. On a damaged log the
 * state is built from what lies before the first fault; `findings` says what is wrong. Rejects with E_SEQ_RANGE when
 * `until` is not in the log, E_NO_BASE, E_REPLAY, E_NO_STORE, E_READ.
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
  if (options.until !== undefined && loaded.seq < options.until) {
    const text = `seq ${options.until} is not in the readable log, which ends at ${loaded.seq}`;
    throw usageError('E_SEQ_RANGE', text, { data: { until: options.until, seqLast: loaded.seq } });
  }
  return {
    machine: loaded.machine,
    seq: loaded.seq,
    seqMax,
    ...(loaded.snapshot && { snapshot: loaded.snapshot }),
    replayed: loaded.replayed,
    whole: options.until !== undefined || isWhole(loaded.judgement, loaded.findings),
    findings,
  };
}

function isWhole(judgement: LogJudgement, findings: readonly Finding[]): boolean {
  const endKnown = findings.every((finding) => finding.severity !== 'newer' && finding.code !== 'E_SNAPSHOT_AHEAD');
  return endKnown && judgement.lost.length === 0 && !judgement.lostUnknown && judgement.tail === undefined;
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
        loadState(env, storeDir, await surveyStore(env, storeDir), make, options),
      );
    } catch (error) {
      if (attempt === 3 || !(error instanceof WalqError && error.code === 'E_NO_BASE')) throw error;
      await env.clock.sleep(50);
    }
  }
}
