import { usageError, WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
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
    findings,
  };
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
      return await loadState(env, storeDir, await surveyStore(env, storeDir), make, options);
    } catch (error) {
      if (attempt === 3 || !(error instanceof WalqError && error.code === 'E_NO_BASE')) throw error;
      await env.clock.sleep(50);
    }
  }
}
