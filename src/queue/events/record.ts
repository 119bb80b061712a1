import { damageError, newerError, usageError, type WalqError } from '../../base/errors.ts';
import { kindOf } from '../../base/kind-of.ts';

/**
 * The shape shared by event records and snapshot entries (EVENTS.md has the bytes):
 *
 *     type: 1 byte | id: varint length, UTF-8 | at: varint | fields, each: tag byte, value
 *
 * Tags ascend strictly. A tag below 64 has a value form fixed by (type, tag); a tag of 64 and above is followed by a
 * length and may be skipped by a reader that does not know it. A field equal to its default is left out, and written
 * out anyway it is damage: every event has one encoding.
 */
export const idBytesMax = 256;
export const skippableTag = 64;
/** The one field common to all events: the seq in the foreign log. */
export const tagFrom = 63;

/**
 * A field of a newer version that this one does not know and may ignore. Kept, so that the record is written back
 * unchanged.
 */
export interface ExtraField {
  tag: number;
  value: Uint8Array;
}

/** Zeros in a log are padding or a hole: no record may hold so many in a row, not even in a field nobody here knows. */
export function isHoleLike(value: Uint8Array): boolean {
  return value.length >= hole.length && Buffer.from(value.buffer, value.byteOffset, value.length).includes(hole);
}
const hole = Buffer.alloc(512);

export interface ListLimits {
  countMax: number;
  /** Of all texts together. */
  bytesMax: number;
  /** Every text is an id: neither empty nor longer than one. */
  ids?: boolean;
}

export function recordError(what: string): WalqError {
  return damageError('E_RECORD', `record cannot be read: ${what}`);
}

export function newerRecord(what: string): WalqError {
  return newerError('E_RECORD_NEWER', `record was written by a newer walq: unknown ${what}`);
}

export function fieldError(name: string, what: string): WalqError {
  return usageError('E_FIELD', `${name} ${what}`, { data: { field: name } });
}

/** An Error in place of its message, say: nobody but TypeScript keeps a program from that. */
export function mustBeText(value: string, name: string): void {
  if (typeof value !== 'string') throw fieldError(name, `must be text, not ${kindOf(value)}`);
}
