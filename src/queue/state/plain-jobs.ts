import { varintBytesMax, writeVarint } from '../../base/varint.ts';
import { eventLimits } from '../events/event-types.ts';
import type { EntrySource } from './entry-source.ts';
import { FreshJob } from './fresh-job.ts';
import { hashOfBytes } from './id-hash.ts';
import type { Job, JobOptions } from './job.ts';
import { backoffTag, entryForm, nameTag, numberTags, type PlainForm, payloadTag } from './plain-form.ts';

/** Longer ids, and those that are not ASCII, are read in full. */
const idLengthMax = 127;
/** Seven bytes: all times and seqs there will be for a while. */
const varintMax = 7;
const kindsMax = 8192;
const nothing = Buffer.alloc(0);

/** The bytes of the options that jobs have in common: name; priority, attempts, timeout and backoff; group. */
interface Kind {
  readonly options: JobOptions;
  readonly parts: readonly Buffer[];
}

/**
 * Knows fresh jobs (`FreshJob`) by the bytes of their entries, or of their ENQUEUE, without reading them: those whose
 * options are, byte by byte, the options of one that was read. The rest is an id, a time, a payload and a seq, and all
 * rules for these are looked at. What is not known so must be read, and says whether it is damaged.
 */
export class PlainJobs implements EntrySource {
  /** Of the one that was known last: what `hashOfText` makes of its id. */
  hash = 0;
  /** The same, in an entry. */
  seq = 0;
  readonly #form: PlainForm;
  #bytes: Buffer = nothing;
  #from = 0;
  #to = 0;
  #at = 0;
  /** Where the parts begin and end of what was looked at last; whether it has no others. */
  readonly #ends = [0, 0, 0, 0, 0, 0];
  #hasShape = false;
  readonly #kinds = new Map<number, Kind>();
  readonly #hashMask: number;

  /** `hashMask`: how much of the hash of options is looked at, by default all. */
  constructor(form: PlainForm, hashMask = -1) {
    this.#form = form;
    this.#hashMask = hashMask;
  }

  /** The options of the job that is bytes[from, to); undefined when that has to be read. */
  optionsOf(bytes: Buffer, from: number, to: number, seq = 0): JobOptions | undefined {
    this.#bytes = bytes;
    this.#from = from;
    this.#to = to;
    this.seq = seq;
    return this.#look(from);
  }

  /** Of the one that was known last, while its bytes are what they were. */
  get entryBytesMax(): number {
    return this.#to - this.#from + 1 + varintBytesMax;
  }

  writeEntry(target: Buffer, at: number): number {
    const bytes = this.#bytes;
    const [, , , optionsEnd = 0, seqEnd = 0] = this.#ends;
    const end = at + bytes.copy(target, at, this.#from, this.#form.seqTag === undefined ? optionsEnd : this.#to);
    if (this.#form.seqTag !== undefined) return end;
    target[at] = entryForm.type;
    target[end] = entryForm.seqTag;
    const groupAt = writeVarint(target, end + 1, this.seq);
    const groupEnd = groupAt + bytes.copy(target, groupAt, seqEnd, this.#to);
    if (groupEnd > groupAt) target[groupAt] = entryForm.groupTag;
    return groupEnd;
  }

  /** Whose bytes they were has them to himself again. */
  release(): void {
    this.#bytes = nothing;
    this.#hasShape = false;
  }

  #look(from: number): JobOptions | undefined {
    const bytes = this.#bytes;
    this.#hasShape = false;
    const start = from + 2;
    const length = bytes[from + 1] ?? 0;
    const { type, seqTag, groupTag } = this.#form;
    if (bytes[from] !== type || length === 0 || length > idLengthMax || start + length >= this.#to) return undefined;
    this.#at = start + length;
    if (!isAscii(bytes, start, this.#at) || !this.#passVarint()) return undefined;
    this.#ends[0] = this.#at;
    this.#pass(nameTag, true);
    this.#ends[1] = this.#at;
    const payloadFrom = this.#at;
    this.#pass(payloadTag, true);
    this.#ends[2] = this.#at;
    for (const tag of numberTags) this.#pass(tag, false);
    this.#pass(backoffTag, true);
    this.#ends[3] = this.#at;
    const seq = seqTag === undefined ? this.seq : this.#pass(seqTag, false);
    this.#ends[4] = this.#at;
    this.#pass(groupTag, true);
    this.#ends[5] = this.#at;
    this.#hasShape = seq >= 0 && this.#at === this.#to;
    if (!this.#hasShape) return undefined;
    const options = this.#options();
    if (options === undefined || !this.#isText(payloadFrom, this.#ends[2] ?? 0)) return undefined;
    this.hash = hashOfBytes(bytes, start, length);
    this.seq = seq;
    return options;
  }

  /**
   * Over one field, if it is the next; its number, or the length of its text. -1, and where it was, for one that is not
   * there or not in its shortest form: then the rest will not fit.
   */
  #pass(tag: number, isText: boolean): number {
    const start = this.#at;
    if (start >= this.#to || this.#bytes[start] !== tag) return -1;
    this.#at++;
    const from = this.#at;
    if (!this.#passVarint()) {
      this.#at = start;
      return -1;
    }
    const value = this.#value(from, this.#at);
    // A text that goes beyond the end leaves no place where the entry could end.
    if (isText) this.#at += value;
    return value;
  }

  /** False where there is none in its shortest form, or a long one. */
  #passVarint(): boolean {
    const from = this.#at;
    const most = Math.min(this.#to, from + varintMax);
    for (let at = from; at < most; at++) {
      const byte = this.#bytes[at] ?? 0;
      if (byte >= 0x80) continue;
      this.#at = at + 1;
      return byte !== 0 || at === from;
    }
    return false;
  }

  #value(from: number, to: number): number {
    let value = 0;
    for (let at = to - 1; at >= from; at--) value = value * 0x80 + ((this.#bytes[at] ?? 0) & 0x7f);
    return value;
  }

  /** Of a payload with its tag and length, which are not 0 either where there is a text. */
  #isText(from: number, to: number): boolean {
    if (to - from > eventLimits.payloadBytes) return false;
    if (to - from <= 2) return true;
    const nul = this.#bytes.indexOf(0, from);
    return nul < 0 || nul >= to;
  }

  #options(): JobOptions | undefined {
    const kind = this.#kinds.get(this.#hashOfParts(this.#bytes));
    if (kind === undefined) return undefined;
    for (let part = 0; part < 3; part++) {
      const from = this.#ends[2 * part] ?? 0;
      const to = this.#ends[2 * part + 1] ?? 0;
      const known = kind.parts[part] ?? nothing;
      if (known.length !== to - from) return undefined;
      for (let at = 0; at < known.length; at++) if (known[at] !== this.#bytes[from + at]) return undefined;
    }
    return kind.options;
  }

  #hashOfParts(bytes: Buffer): number {
    let hash = 0;
    for (let part = 0; part < 3; part++) {
      const to = this.#ends[2 * part + 1] ?? 0;
      for (let at = this.#ends[2 * part] ?? 0; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x5bd1e995);
    }
    return hash & this.#hashMask;
  }

  /** What was looked at last had to be read, and is this job: others like it need not be. */
  learn(job: Job): void {
    if (!this.#hasShape || !(job instanceof FreshJob) || this.#kinds.size >= kindsMax) return;
    const bytes = this.#bytes;
    const [a, b, c, d, e, f] = this.#ends;
    const parts = [bytes.subarray(a, b), bytes.subarray(c, d), bytes.subarray(e, f)].map((part) => Buffer.from(part));
    this.#kinds.set(this.#hashOfParts(bytes), { options: job.options, parts });
  }
}

function isAscii(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0 || byte > 0x7f) return false;
  }
  return true;
}
