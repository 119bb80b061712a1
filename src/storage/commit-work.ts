import { usageError } from '../base/errors.ts';
import type { CommitHooks } from './types.ts';
import { payloadBytesMax } from './wal/format.ts';
import type { PackedRecords } from './wal/records.ts';

type Settle = (value: unknown) => void;

/** The ends of the promise made last. A function made for each would hold all around it for as long as it waits. */
let resolve: Settle;
let reject: Settle;
const keepEnds = (onResolve: Settle, onReject: Settle): void => {
  resolve = onResolve;
  reject = onReject;
};

/** One operation that waits for its place in the log. A class and no literal: base/array-of-one.ts says why. */
export class Append {
  readonly kind = 'append';
  readonly records: PackedRecords;
  readonly hooks: CommitHooks<unknown>;
  /** What the records say, one by one, for a state machine that need not read them. */
  readonly known: readonly unknown[] | undefined;
  readonly promise: Promise<unknown>;
  readonly resolve: Settle;
  readonly reject: Settle;

  constructor(records: PackedRecords, hooks: CommitHooks<unknown>, known: readonly unknown[] | undefined) {
    this.records = records;
    this.hooks = hooks;
    this.known = known;
    this.promise = new Promise<unknown>(keepEnds);
    this.resolve = resolve;
    this.reject = reject;
  }

  /** In the payload of its frame. */
  get bytes(): number {
    return this.records.to - this.records.from;
  }
}

/** Something to be done between two batches. */
export interface Control {
  kind: 'control';
  run: () => Promise<void>;
  reject: (error: unknown) => void;
}

export type Work = Append | Control;

/** Resolves with the first seq and does nothing else. */
export const firstSeq: CommitHooks<number> = { applied: (seqFirst) => seqFirst, failed: () => undefined };

/** Why an operation can never be written; undefined when it can. */
export function faultOf({ records, bytes, known }: Append): Error | undefined {
  if (records.count === 0) return new RangeError('an operation has at least one record');
  // Else seqs would be others in the state than in the log.
  if (known !== undefined && known.length !== records.count) return new RangeError('not each record is known');
  if (bytes > payloadBytesMax) {
    const limit = `the limit is ${payloadBytesMax} bytes`;
    return usageError('E_RECORD_SIZE', `operation of ${bytes} bytes is too large for one frame; ${limit}`);
  }
  return undefined;
}

export function refuse(work: Work, error: unknown): void {
  if (work.kind === 'control') {
    work.reject(error);
    return;
  }
  try {
    const instead = work.hooks.failed(error);
    if (instead === undefined) work.reject(error);
    else work.resolve(instead);
  } catch (worse) {
    work.reject(worse);
  }
}

export function accept({ hooks, resolve, reject }: Append, seqFirst: number): void {
  try {
    resolve(hooks.applied(seqFirst));
  } catch (error) {
    reject(error);
  }
}

/** Records of a batch. */
export function countOf(batch: readonly Append[]): number {
  return batch.reduce((sum, { records }) => sum + records.count, 0);
}
