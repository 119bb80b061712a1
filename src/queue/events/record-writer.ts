import { clampText, loneSurrogate } from '../../base/clamp-text.ts';
import { varintBytesMax, varintLength, writeVarint } from '../../base/varint.ts';
import { PackedRecords } from '../../storage/wal/records.ts';
import type { Packed } from './packed.ts';
import { type ExtraField, fieldError, idBytesMax, isHoleLike, type ListLimits, mustBeText } from './record.ts';

/** Before any field: type, id length, id, time. */
const headBytesMax = 1 + 2 + idBytesMax + varintBytesMax;

/** Records are built one behind the other in buffers of this size, and handed out where they are. */
const arenaBytes = 32 * 1024;
/** Longer texts are written by the runtime; a call to it costs more than a few characters. */
const shortText = 64;

const nothing = Buffer.alloc(0);

/** Builds one record after another. What was given out stays as it is. */
export class RecordWriter {
  #buffer = Buffer.allocUnsafe(arenaBytes);
  /** What lies before it was given out. */
  #given = 0;
  /** Of the last record that is whole, and how many there are behind `#given`. */
  #end = 0;
  #count = 0;
  /** Of the record being built: behind as many bytes as the length of the last one took. */
  #start = 0;
  #at = 0;
  #lengthBytes = 1;

  /** `id` may be empty only for records that concern no single job. Throws usageError E_FIELD. */
  begin(type: number, id: string, at: number): void {
    this.#at = this.#end;
    this.#room(varintBytesMax + headBytesMax);
    this.#start = this.#end + this.#lengthBytes;
    this.#at = this.#start;
    this.#buffer[this.#at++] = type;
    this.#putText(id, idBytesMax, 'id');
    this.#checkInt(at, Number.MAX_SAFE_INTEGER, 'at');
    this.#at = writeVarint(this.#buffer, this.#at, at);
  }

  int(tag: number, value: number | undefined, max: number, name: string, fallback?: number): void {
    if (value === undefined || value === fallback) return;
    this.#checkInt(value, max, name);
    this.#tag(tag);
    this.#at = writeVarint(this.#buffer, this.#at, value);
  }

  positive(tag: number, value: number | undefined, max: number, name: string): void {
    if (value === undefined) return;
    this.#checkInt(value, max, name, 1);
    this.int(tag, value, max, name);
  }

  /** Small negative numbers stay short: 0, -1, 1, -2 become 0, 1, 2, 3. */
  signed(tag: number, value: number | undefined, max: number, name: string, fallback?: number): void {
    if (value === undefined || value === fallback) return;
    if (!Number.isSafeInteger(value) || Math.abs(value) > max)
      throw fieldError(name, `must be a whole number from -${max} to ${max}`);
    this.#tag(tag);
    this.#at = writeVarint(this.#buffer, this.#at, value < 0 ? -2 * value - 1 : 2 * value);
  }

  text(tag: number, value: string | undefined, bytesMax: number, name: string, fallback?: string): void {
    if (value === undefined || value === fallback) return;
    mustBeText(value, name);
    this.#tag(tag);
    this.#putText(value, bytesMax, name);
  }

  /** Text that must not be empty: an id, a key. */
  word(tag: number, value: string | undefined, bytesMax: number, name: string): void {
    if (value === '') throw fieldError(name, 'must not be empty');
    this.text(tag, value, bytesMax, name);
  }

  /**
   * Text from outside, which may hold anything: NUL is shown as U+2400, half of a surrogate pair as U+FFFD, and what is
   * too long is cut.
   */
  foreignText(tag: number, value: string | undefined, bytesMax: number, name: string): void {
    if (value === undefined) return;
    mustBeText(value, name);
    this.text(tag, clampText(value, bytesMax), bytesMax, name);
  }

  bytes(tag: number, value: Uint8Array | undefined, bytesMax: number, name: string): void {
    if (value === undefined) return;
    if (value.length > bytesMax) throw fieldError(name, `takes ${value.length} bytes, allowed are ${bytesMax}`);
    if (value.includes(0)) throw fieldError(name, 'holds a NUL byte');
    this.#tag(tag);
    this.#putBytes(value);
  }

  /** Bytes in the form the state keeps them. */
  packed(tag: number, value: Packed | undefined, bytesMax: number, name: string): void {
    if (typeof value !== 'string') {
      this.bytes(tag, value, bytesMax, name);
      return;
    }
    const length = value.length;
    if (length > bytesMax) throw fieldError(name, `takes ${length} bytes, allowed are ${bytesMax}`);
    if (value.includes('\0')) throw fieldError(name, 'holds a NUL byte');
    this.#tag(tag);
    this.#room(varintBytesMax + length);
    this.#at = writeVarint(this.#buffer, this.#at, length);
    this.#at += this.#buffer.write(value, this.#at, 'latin1');
  }

  /** Lengths are stored plus one, so that many empty texts are not a run of zeros. */
  list(tag: number, values: readonly string[] | undefined, limits: ListLimits, name: string): void {
    if (values === undefined) return;
    if (values.length === 0 || values.length > limits.countMax)
      throw fieldError(name, `must have 1 to ${limits.countMax} entries`);
    this.#tag(tag);
    this.#at = writeVarint(this.#buffer, this.#at, values.length);
    let total = 0;
    for (const value of values) {
      total += Buffer.byteLength(value);
      if (total > limits.bytesMax) throw fieldError(name, `takes more than ${limits.bytesMax} bytes`);
      if (limits.ids && value === '') throw fieldError(name, 'must not hold an empty id');
      this.#putText(value, limits.ids ? idBytesMax : limits.bytesMax, name, 1);
    }
  }

  extra(fields: readonly ExtraField[] | undefined): void {
    for (const field of fields ?? []) {
      if (isHoleLike(field.value)) throw fieldError('extra', 'holds 512 zero bytes in a row');
      this.#tag(field.tag);
      this.#putBytes(field.value);
    }
  }

  /** The record alone. */
  finish(): Uint8Array {
    const record = this.#buffer.subarray(this.#start, this.#at);
    this.#end = this.#at;
    this.#give();
    return record;
  }

  /** It becomes one of those that `take` gives out together. */
  add(): void {
    const length = this.#at - this.#start;
    const bytes = varintLength(length);
    if (bytes !== this.#lengthBytes) {
      this.#room(varintBytesMax);
      this.#buffer.copyWithin(this.#end + bytes, this.#start, this.#at);
      this.#lengthBytes = bytes;
    }
    this.#end = writeVarint(this.#buffer, this.#end, length) + length;
    this.#count++;
  }

  /** Those added since, as a frame has them. */
  take(): PackedRecords {
    const taken = new PackedRecords(this.#buffer, this.#given, this.#end, this.#count);
    this.#give();
    return taken;
  }

  /** Those added since are given to nobody. */
  drop(): void {
    this.#end = this.#given;
    this.#count = 0;
  }

  #give(): void {
    // One that was made for something large is not kept for many small ones.
    if (this.#buffer.length > arenaBytes) this.#buffer = nothing;
    this.#given = this.#end;
    this.#count = 0;
  }

  #tag(tag: number): void {
    this.#room(1 + varintBytesMax);
    this.#buffer[this.#at++] = tag;
  }

  #putText(value: string, bytesMax: number, name: string, lengthPlus = 0): void {
    if (value.length <= shortText && value.length <= bytesMax && this.#putAscii(value, lengthPlus)) return;
    const length = Buffer.byteLength(value);
    if (length > bytesMax) throw fieldError(name, `takes ${length} bytes, allowed are ${bytesMax}`);
    if (value.includes('\0')) throw fieldError(name, 'holds a NUL character');
    if (length !== value.length && loneSurrogate.test(value)) throw fieldError(name, 'is not well-formed Unicode');
    this.#room(varintBytesMax + length);
    this.#at = writeVarint(this.#buffer, this.#at, length + lengthPlus);
    if (length !== value.length) this.#at += this.#buffer.write(value, this.#at, 'utf8');
    else this.#at += this.#buffer.write(value, this.#at, 'latin1');
  }

  /** False, and nothing is written, when a character is NUL or needs more than a byte. */
  #putAscii(value: string, lengthPlus: number): boolean {
    this.#room(varintBytesMax + value.length);
    const buffer = this.#buffer;
    let at = writeVarint(buffer, this.#at, value.length + lengthPlus);
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code === 0 || code > 0x7f) return false;
      buffer[at++] = code;
    }
    this.#at = at;
    return true;
  }

  #putBytes(value: Uint8Array): void {
    this.#room(varintBytesMax + value.length);
    this.#at = writeVarint(this.#buffer, this.#at, value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }

  #checkInt(value: number, max: number, name: string, min = 0): void {
    if (!Number.isSafeInteger(value) || value < min || value > max)
      throw fieldError(name, `must be a whole number from ${min} to ${max}`);
  }

  /** Takes a new buffer when this one is full; what was not given out goes along. */
  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const kept = this.#buffer.subarray(this.#given, this.#at);
    this.#buffer = Buffer.allocUnsafe(Math.max(arenaBytes, 2 * (kept.length + bytes)));
    this.#buffer.set(kept);
    this.#start -= this.#given;
    this.#end -= this.#given;
    this.#given = 0;
    this.#at = kept.length;
  }
}
