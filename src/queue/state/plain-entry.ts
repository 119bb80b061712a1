import { VarintReader } from '../../base/varint.ts';
import { eventLimits } from '../events/event-types.ts';
import { ColdJob } from './cold-job.ts';
import { FreshJob } from './fresh-job.ts';
import type { Job, JobOptions } from './job.ts';
import { hashOfBytes } from './job-table.ts';

/** Type byte, and the tags that are looked for; EVENTS.md has all. */
const pending = 2;
const nameTag = 1;
const payloadTag = 2;
const seqTag = 9;
const groupTag = 44;

/** Longer ids, and those that are not ASCII, are read in full. */
const idLengthMax = 127;
/** Seven bytes: all times and seqs there will be for a while. */
const varintMax = 7;
const kindsMax = 16;

/** The bytes of the options that entries have in common: what stands before the payload, before the seq, behind it. */
interface Kind {
  readonly options: JobOptions;
  readonly before: Uint8Array;
  readonly between: Uint8Array;
  readonly after: Uint8Array;
}

/**
 * Knows entries of fresh jobs (`FreshJob`) without reading them: those whose options are, byte by byte, the options of
 * one that was read. The rest of such an entry is an id, a time, a payload and a seq, and all rules for these are
 * looked at. What is not known so must be read, and says whether it is damaged.
 */
export class PlainEntries {
  /** Of the job that was made last: what `hashOfText` makes of its id. */
  hash = 0;
  #seq = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #to = 0;
  readonly #kinds: Kind[] = [];

  /** The job of the entry bytes[from, to), which it keeps; undefined when that has to be read. */
  jobOf(bytes: Buffer, from: number, to: number): ColdJob | undefined {
    this.#bytes = bytes;
    this.#to = to;
    const start = from + 2;
    const length = bytes[from + 1] ?? 0;
    if (bytes[from] !== pending || length === 0 || length > idLengthMax || start + length >= to) return undefined;
    if (!isAscii(bytes, start, start + length)) return undefined;
    const at = this.#behindVarint(start + length);
    if (at < 0) return undefined;
    for (const [place, kind] of this.#kinds.entries()) {
      if (!this.#isOf(kind, at)) continue;
      if (place > 0) this.#kinds.unshift(...this.#kinds.splice(place, 1));
      this.hash = hashOfBytes(bytes, start, length);
      return new ColdJob(bytes, from, to, this.#seq, kind.options);
    }
    return undefined;
  }

  #isOf({ before, between, after }: Kind, start: number): boolean {
    const bytes = this.#bytes;
    if (!this.#has(before, start)) return false;
    let at = start + before.length;
    if (bytes[at] === payloadTag) {
      const payload = this.#behindVarint(at + 1);
      if (payload < 0) return false;
      const length = this.#value(at + 1, payload);
      if (length > eventLimits.payloadBytes || length > this.#to - payload) return false;
      at = payload + length;
      const nul = bytes.indexOf(0, payload);
      if (nul >= 0 && nul < at) return false;
    }
    if (!this.#has(between, at)) return false;
    at += between.length;
    if (at >= this.#to || bytes[at] !== seqTag) return false;
    const end = this.#behindVarint(at + 1);
    if (end < 0 || this.#to - end !== after.length || !this.#has(after, end)) return false;
    this.#seq = this.#value(at + 1, end);
    return true;
  }

  #has(part: Uint8Array, at: number): boolean {
    if (part.length > this.#to - at) return false;
    for (let index = 0; index < part.length; index++) if (part[index] !== this.#bytes[at + index]) return false;
    return true;
  }

  /** -1 where there is none in its shortest form, or a long one. */
  #behindVarint(from: number): number {
    const bytes = this.#bytes;
    const most = Math.min(this.#to, from + varintMax);
    for (let at = from; at < most; at++) {
      const byte = bytes[at] ?? 0;
      if (byte < 0x80) return byte === 0 && at > from ? -1 : at + 1;
    }
    return -1;
  }

  #value(from: number, to: number): number {
    let value = 0;
    for (let at = to - 1; at >= from; at--) value = value * 0x80 + ((this.#bytes[at] ?? 0) & 0x7f);
    return value;
  }

  /** Others like this one, which was read, need not be. What it has besides, they may not have. */
  learn(bytes: Buffer, from: number, to: number, job: Job): void {
    if (!(job instanceof FreshJob) || job.options.command !== undefined) return;
    const reader = new VarintReader(bytes, from + 1, to);
    const pass = (): void => {
      const length = reader.next();
      reader.offset += length;
    };
    const passField = (tag: number, isText: boolean): void => {
      if (bytes[reader.offset] !== tag || reader.offset >= to) return;
      reader.offset++;
      if (isText) pass();
      else reader.next();
    };
    const part = (take: () => void): Uint8Array => {
      const start = reader.offset;
      take();
      return Uint8Array.from(bytes.subarray(start, reader.offset));
    };
    pass();
    reader.next();
    const before = part(() => passField(nameTag, true));
    passField(payloadTag, true);
    const between = part(() => {
      for (const tag of [3, 4, 6]) passField(tag, false);
      passField(7, true);
    });
    passField(seqTag, false);
    const after = part(() => passField(groupTag, true));
    this.#kinds.unshift({ options: job.options, before, between, after });
    if (this.#kinds.length > kindsMax) this.#kinds.pop();
  }
}

function isAscii(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0 || byte > 0x7f) return false;
  }
  return true;
}
