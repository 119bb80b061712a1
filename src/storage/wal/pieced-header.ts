import type { ChainPoint } from '../types.ts';
import type { SegmentHeader } from './format.ts';
import type { HeadSlot } from './head.ts';
import type { SegmentName } from './names.ts';

/** Who may know what a damaged header said. */
export interface Witnesses {
  /** Header of the segment after it. */
  next?: SegmentHeader | undefined;
  head?: HeadSlot | undefined;
  /** Of snapshots of this store. */
  points?: readonly Pick<ChainPoint, 'ordinal' | 'salt'>[] | undefined;
}

/**
 * A header beyond reading holds one thing that its frames cannot do without, the salt of their checksums; the segment
 * after it states it too, and so do HEAD and the snapshots. What else a reader of frames needs stands in the name. Of
 * the one before it nothing is known. Undefined where nobody knows the salt.
 */
export function piecedHeader(
  { ordinal, seqFirst }: SegmentName,
  storeId: string,
  { next, head, points }: Witnesses,
): SegmentHeader | undefined {
  const stated = next?.storeId === storeId && next.ordinal === ordinal + 1 ? next.prevSalt : undefined;
  const inHead = head?.storeId === storeId && head.ordinal === ordinal ? head.salt : undefined;
  const salt = stated ?? inHead ?? points?.find((point) => point.ordinal === ordinal)?.salt;
  if (salt === undefined) return undefined;
  return { storeId, ordinal, seqFirst, salt, prevSalt: 0, prevEnd: 0, prevLink: 0, createdMs: 0 };
}
