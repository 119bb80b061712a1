import { asBuffer } from '../../base/bytes.ts';
import type { WalqError } from '../../base/errors.ts';
import { varintBytesMax } from '../../base/varint.ts';
import { packSlice } from './packed.ts';
import {
  type ExtraField,
  idBytesMax,
  isHoleLike,
  type ListLimits,
  newerRecord,
  recordError,
  skippableTag,
} from './record.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const nothing = Buffer.alloc(0);

/**
 * Walks one record. Every method throws damageError E_RECORD and believes no length before it is checked. `Bytes` is
 * what payloads and results are handed out as: views for those who look at an event, a compact form for the state that
 * keeps them.
 */
export class RecordReader<Bytes> {
  #bytes: Buffer = nothing;
  #at = 0;
  #end = 0;
  #tag = 0;
  #extra: ExtraField[] | undefined;
  readonly #take: (bytes: Buffer, from: number, to: number) => Bytes;

  constructor(take: (bytes: Buffer, from: number, to: number) => Bytes) {
    this.#take = take;
  }

  /** One reader serves record after record: replay allocates nothing for it. `decode` must not keep it. */
  read<T>(record: Uint8Array, decode: (reader: this) => T): T {
    return this.readStretch(record, 0, record.length, decode);
  }

  /** The record is bytes[from, to). */
  readStretch<T>(bytes: Uint8Array, from: number, to: number, decode: (reader: this) => T): T {
    this.#bytes = asBuffer(bytes);
    this.#at = from;
    this.#end = to;
    this.#tag = 0;
    this.#extra = undefined;
    try {
      return decode(this);
    } finally {
      this.#bytes = nothing;
    }
  }

  type(): number {
    const type = this.#bytes[this.#at++];
    if (type === undefined || type === 0) throw recordError('no type');
    return type;
  }

  /** The next tag, 0 at the end. */
  nextTag(): number {
    if (this.#at >= this.#end) return 0;
    const tag = this.#bytes[this.#at++] ?? 0;
    if (tag <= this.#tag) throw recordError(tag === 0 ? 'tag 0' : `tag ${tag} after tag ${this.#tag}`);
    this.#tag = tag;
    return tag;
  }

  /** The next integer, up to 2^53-1. */
  next(): number {
    let value = 0;
    let scale = 1;
    for (let read = 0; read < varintBytesMax; read++) {
      if (this.#at >= this.#end) throw this.#bad('integer is cut off');
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && read > 0) throw this.#bad('integer is not in its shortest form');
        if (value > Number.MAX_SAFE_INTEGER) throw this.#bad('integer above 2^53-1');
        return value;
      }
      scale *= 0x80;
    }
    throw this.#bad('integer is too long');
  }

  int(max: number, fallback = -1): number {
    const value = this.next();
    if (value > max) throw this.#bad(`${value} is above ${max}`);
    if (value === fallback) throw this.#bad('default written out');
    return value;
  }

  positive(max: number): number {
    const value = this.int(max);
    if (value === 0) throw this.#bad('is 0');
    return value;
  }

  signed(max: number, fallback?: number): number {
    const raw = this.next();
    const value = raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
    if (Math.abs(value) > max) throw this.#bad(`${value} is out of range`);
    if (value === fallback) throw this.#bad('default written out');
    return value;
  }

  /** Checked UTF-8 without NUL. */
  text(bytesMax: number, fallback?: string): string {
    const value = this.#chars(this.#length(bytesMax));
    if (value === fallback) throw this.#bad('default written out');
    return value;
  }

  /** Text that is not empty: an id, a key. */
  word(bytesMax: number): string {
    const value = this.text(bytesMax);
    if (value === '') throw this.#bad('is empty');
    return value;
  }

  /** Passes over a text without looking at it. */
  skip(bytesMax: number): void {
    const length = this.#length(bytesMax);
    this.#at += length;
  }

  /** Text that nobody needs decoded, checked to be free of NUL. */
  body(bytesMax: number): Bytes {
    const length = this.#length(bytesMax);
    const from = this.#at;
    this.#at += length;
    const nul = this.#bytes.indexOf(0, from);
    if (nul !== -1 && nul < this.#at) throw this.#bad('NUL in text');
    return this.#take(this.#bytes, from, this.#at);
  }

  list(limits: ListLimits): string[] {
    const count = this.int(limits.countMax, 0);
    const values: string[] = [];
    let room = limits.bytesMax;
    for (let at = 0; at < count; at++) {
      const length = this.next() - 1;
      if (length < 0 || length > room || length > this.#end - this.#at) throw this.#bad('list does not fit');
      if (limits.ids && (length === 0 || length > idBytesMax)) throw this.#bad(`id of ${length} bytes`);
      room -= length;
      values.push(this.#chars(length));
    }
    return values;
  }

  /** A tag the caller does not know: kept if it may be skipped. Throws newerError E_RECORD_NEWER otherwise. */
  unknown(tag: number): void {
    if (tag < skippableTag) throw newerRecord(`field ${tag}`);
    const value = this.#raw(this.#end - this.#at);
    if (isHoleLike(value)) throw this.#bad('looks like a hole');
    this.#extra ??= [];
    this.#extra.push({ tag, value });
  }

  get extra(): ExtraField[] | undefined {
    return this.#extra;
  }

  #raw(bytesMax: number): Buffer {
    const length = this.#length(bytesMax);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #length(bytesMax: number): number {
    const length = this.next();
    if (length > bytesMax) throw this.#bad(`length ${length} is above ${bytesMax}`);
    if (length > this.#end - this.#at) throw this.#bad('cut off');
    return length;
  }

  #chars(length: number): string {
    const bytes = this.#bytes;
    const from = this.#at;
    const to = from + length;
    let seen = 0;
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === 0) throw this.#bad('NUL in text');
      seen |= byte;
    }
    this.#at = to;
    if (seen < 0x80) return bytes.toString('latin1', from, to);
    try {
      return utf8.decode(bytes.subarray(from, to));
    } catch {
      throw this.#bad('not UTF-8');
    }
  }

  #bad(what: string): WalqError {
    return recordError(this.#tag === 0 ? what : `field ${this.#tag}: ${what}`);
  }
}

/** Hands payloads and results out as views. */
export const viewReader = new RecordReader((bytes, from, to): Uint8Array => bytes.subarray(from, to));

/** Hands them out in the form the state keeps. */
export const packReader = new RecordReader(packSlice);
