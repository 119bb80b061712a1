import { usageError } from '../base/errors.ts';
import type { Outcome } from './types.ts';
import { payloadBytesMax } from './wal/format.ts';
import { packedBytes } from './wal/records.ts';

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
  readonly records: readonly Uint8Array[];
  readonly bytes: number;
  readonly outcome: Outcome<unknown>;
  /** What the records say, one by one, for the state machine; undefined for those that it has to read. */
  readonly known: readonly unknown[] | undefined;
  readonly promise: Promise<unknown>;
  readonly resolve: Settle;
  readonly reject: Settle;

  constructor(records: readonly Uint8Array[], outcome: Outcome<unknown>, known: readonly unknown[] | undefined) {
    this.records = records;
    this.bytes = packedBytes(records);
    this.outcome = outcome;
    this.known = known;
    this.promise = new Promise<unknown>(keepEnds);
    this.resolve = resolve;
    this.reject = reject;
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
export const firstSeq: Outcome<number> = { applied: (seqFirst) => seqFirst, failed: () => undefined };

/** Why an operation can never be written; undefined when it can. */
export function faultOf({ records, bytes }: Append): Error | undefined {
  if (records.length === 0) return new RangeError('an operation has at least one record');
  if (bytes > payloadBytesMax) {
    const limit = `the limit is ${payloadBytesMax} bytes`;
    return usageError('E_RECORD_SIZE', `operation of ${bytes} bytes is too large for one frame; ${limit}`);
  }
  // An empty one has no first byte.
  if (records.some((record) => !record[0])) return new RangeError('a record is not empty and does not begin with 0');
  return undefined;
}

export function refuse(work: Work, error: unknown): void {
  const instead = work.kind === 'append' ? work.outcome.failed(error) : undefined;
  if (work.kind === 'append' && instead !== undefined) work.resolve(instead);
  else work.reject(error);
}

export function accept({ outcome, resolve, reject }: Append, seqFirst: number): void {
  try {
    resolve(outcome.applied(seqFirst));
  } catch (error) {
    reject(error);
  }
}

export function recordsOf(batch: readonly Append[]): readonly Uint8Array[] {
  const [first] = batch;
  if (first !== undefined && batch.length === 1) return first.records;
  // As flatMap does, in a fraction of the time.
  const all: Uint8Array[] = [];
  for (const { records } of batch) for (const record of records) all.push(record);
  return all;
}
