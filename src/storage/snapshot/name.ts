import { assert } from '../../base/errors.ts';

/** The folder of a store that holds its snapshots. */
export const snapshotFolder = 'snapshots';

const digits = 20;

/** `1234` -> `00000000000000001234.snap`: the last seq covered, so that names sort as the snapshots do. */
export function snapshotFileName(seq: number): string {
  assert(Number.isSafeInteger(seq) && seq >= 0, 'a seq is a non-negative safe integer');
  return `${String(seq).padStart(digits, '0')}.snap`;
}

/**
 * The seq in a name of exactly that form; `undefined` for every other name (and for a number above 2^53-1, which no
 * store writes).
 */
export function parseSnapshotFileName(name: string): number | undefined {
  const text = /^([0-9]{20})\.snap$/.exec(name)?.[1];
  if (text === undefined) return undefined;
  const seq = Number(text);
  return Number.isSafeInteger(seq) ? seq : undefined;
}

/** How findings and summaries name a file: `snapshots/NAME` inside a store's folder, `NAME` elsewhere. */
export function shownSnapshotName(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  const name = parts.at(-1) ?? path;
  return parts.at(-2) === snapshotFolder ? `${snapshotFolder}/${name}` : name;
}
