/**
 * A number of a foreign log: a number while it is safe, a bigint beyond 2^53-1. `<` and `>` work across both, and
 * equal ones are `===`.
 */
export type SeqValue = number | bigint;

const seqMax = (1n << 64n) - 1n;

/** Decimal digits without sign or leading zero, up to 2^64-1; `undefined` for anything else. */
export function parseSeq(text: string): SeqValue | undefined {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value > seqMax ? undefined : normal(value);
}

export function seqNext(seq: SeqValue): SeqValue {
  return typeof seq === 'number' && seq < Number.MAX_SAFE_INTEGER ? seq + 1 : normal(BigInt(seq) + 1n);
}

export function seqBefore(seq: SeqValue): SeqValue {
  return typeof seq === 'number' ? seq - 1 : normal(seq - 1n);
}

/** How many numbers from `first` to `last`, both included. */
export function seqCount(first: SeqValue, last: SeqValue): bigint {
  return BigInt(last) - BigInt(first) + 1n;
}

function normal(value: bigint): SeqValue {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** A finding holds a number where it is exact, text beyond. */
export function shown(seq: SeqValue): number | string {
  return typeof seq === 'number' ? seq : String(seq);
}
