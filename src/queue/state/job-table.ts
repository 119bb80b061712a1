import { assert } from '../../base/errors.ts';
import type { Job } from './job.ts';

/** What a slot holds in place of a job. */
const free = 0;
const grave = -1;
/** With fewer jobs the `Map` has them all: it needs no compiler, and a process that adds one job does not live so long. */
const tableFrom = 2048;
const probesMax = 64;
const chunkBits = 10;
const chunkLength = 1 << chunkBits;

/**
 * Jobs by id, in the order in which they came: a `Map` that takes half the time for ids that were just read, of which
 * opening a long queue has a million. Jobs stand in places, one behind the other; a table of slots says which id is
 * where. A slot is a pair of integers, the place + 1 and the hash of the id, so that a look at it rarely needs the job.
 *
 * The hash is no secret: who may choose ids could choose such that fall together. Those that find no slot among 64 go
 * into a `Map`, so nobody waits longer than that for them.
 */
export class JobTable {
  readonly #hashOf: (id: string) => number;
  #slots = new Int32Array(0);
  /** Slots that are not free. At most half of all. */
  #used = 0;
  #crowded = new Map<string, number>();
  #chunks: (Job | undefined)[][] = [];
  /** Places given out; some are empty again. */
  #places = 0;
  #size = 0;
  /** A job is looked up before it is put: its hash is wanted twice. */
  #lastId = '';
  #lastHash: number;
  /** Where the last search ended: in the slot of the id, or in a free one; -1 where there was none. */
  #slot = -1;

  constructor(hashOf = hashOfText) {
    this.#hashOf = hashOf;
    this.#lastHash = hashOf('');
  }

  get size(): number {
    return this.#size;
  }

  get(id: string): Job | undefined {
    const place = this.#placeOf(id);
    return place < 0 ? undefined : this.#chunks[place >> chunkBits]?.[place & (chunkLength - 1)];
  }

  /** In the place of the job with the same id, or behind all others. */
  set(job: Job): void {
    const place = this.#placeOf(job.id);
    if (place < 0) {
      if (this.#slots.length === 0 ? this.#size >= tableFrom : 4 * (this.#used + 1) > this.#slots.length) {
        this.#rebuild();
        this.#placeOf(job.id);
      }
      this.#occupy(this.#slot, job.id, this.#lastHash, this.#places);
      this.#add(job);
      return;
    }
    const chunk = this.#chunks[place >> chunkBits];
    assert(chunk, 'a place is in a chunk');
    chunk[place & (chunkLength - 1)] = job;
  }

  /** Into the next place. */
  #add(job: Job): void {
    const place = this.#places++;
    if ((place & (chunkLength - 1)) === 0) this.#chunks.push(new Array(chunkLength));
    const chunk = this.#chunks.at(-1);
    assert(chunk, 'a place is in a chunk');
    chunk[place & (chunkLength - 1)] = job;
    this.#size++;
  }

  /**
   * Behind all others, without a look at its id; `hash`: what `hashOfText` makes of that. False, and nothing is done,
   * where a job with that hash is there, or so few that there is no table: then `set` has to look.
   */
  append(job: Job, hash: number): boolean {
    if (this.#slots.length > 0 && 4 * (this.#used + 1) > this.#slots.length) this.#rebuild();
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    if (mask < 0) return false;
    for (let slot = hash & mask, probe = 0; probe < probesMax; slot = (slot + 1) & mask, probe++) {
      const taken = slots[2 * slot] ?? free;
      if (taken !== free) {
        if (taken !== grave && slots[2 * slot + 1] === hash) return false;
        continue;
      }
      this.#occupy(slot, '', hash, this.#places);
      this.#add(job);
      return true;
    }
    return false;
  }

  delete(id: string): boolean {
    const place = this.#placeOf(id);
    const chunk = this.#chunks[place >> chunkBits];
    if (place < 0 || chunk === undefined) return false;
    if (this.#slot < 0) this.#crowded.delete(id);
    else this.#slots[2 * this.#slot] = grave;
    chunk[place & (chunkLength - 1)] = undefined;
    this.#size--;
    if (this.#places > chunkLength && 2 * this.#size < this.#places) this.#rebuild();
    return true;
  }

  /** In order. What is put or deleted meanwhile may be among them or not. */
  *values(): IterableIterator<Job> {
    for (const chunk of this.#chunks) for (const job of chunk) if (job !== undefined) yield job;
  }

  list(): Job[] {
    const jobs: Job[] = [];
    for (const chunk of this.#chunks) for (const job of chunk) if (job !== undefined) jobs.push(job);
    return jobs;
  }

  #placeOf(id: string): number {
    if (this.#slots.length === 0) return this.#crowded.get(id) ?? -1;
    if (id !== this.#lastId) {
      this.#lastHash = this.#hashOf(id);
      this.#lastId = id;
    }
    const hash = this.#lastHash;
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    for (let slot = hash & mask, probe = 0; probe < probesMax; slot = (slot + 1) & mask, probe++) {
      const taken = slots[2 * slot] ?? free;
      if (taken === free) {
        this.#slot = slot;
        return -1;
      }
      if (taken === grave || slots[2 * slot + 1] !== hash) continue;
      const place = taken - 1;
      if (this.#chunks[place >> chunkBits]?.[place & (chunkLength - 1)]?.id !== id) continue;
      this.#slot = slot;
      return place;
    }
    this.#slot = -1;
    return this.#crowded.get(id) ?? -1;
  }

  #occupy(slot: number, id: string, hash: number, place: number): void {
    if (slot < 0) {
      this.#crowded.set(id, place);
      return;
    }
    this.#slots[2 * slot] = place + 1;
    this.#slots[2 * slot + 1] = hash;
    this.#used++;
  }

  /** More slots, or the same without graves; and no empty places, where they are many. */
  #rebuild(): void {
    const old = { slots: this.#slots, crowded: this.#crowded };
    const moved = 2 * this.#size < this.#places ? this.#closeRanks() : undefined;
    let slotCount = this.#size < tableFrom ? 0 : tableFrom;
    while (slotCount < 4 * this.#size && slotCount > 0) slotCount *= 2;
    this.#slot = -1;
    this.#slots = new Int32Array(2 * slotCount);
    this.#used = 0;
    this.#crowded = new Map();
    for (let at = 0; at < old.slots.length; at += 2) {
      const taken = old.slots[at] ?? free;
      if (taken > 0) this.#place(old.slots[at + 1] ?? 0, taken - 1, moved);
    }
    for (const [id, place] of old.crowded) this.#place(this.#hashOf(id), place, moved);
  }

  /** Into a table that has no job of this id, and no graves. */
  #place(hash: number, before: number, moved: Int32Array | undefined): void {
    const place = moved === undefined ? before : (moved[before] ?? 0);
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    let slot = hash & mask;
    let probe = 0;
    for (; probe < probesMax && slots[2 * slot] !== free; probe++) slot = (slot + 1) & mask;
    const id = probe < probesMax ? '' : (this.#chunks[place >> chunkBits]?.[place & (chunkLength - 1)]?.id ?? '');
    this.#occupy(probe < probesMax ? slot : -1, id, hash, place);
  }

  /** Where each place has gone. */
  #closeRanks(): Int32Array {
    const moved = new Int32Array(this.#places);
    const jobs: (Job | undefined)[][] = [];
    let place = 0;
    for (const [at, chunk] of this.#chunks.entries()) {
      for (const [within, job] of chunk.entries()) {
        if (job === undefined) continue;
        if ((place & (chunkLength - 1)) === 0) jobs.push(new Array(chunkLength));
        const last = jobs.at(-1);
        assert(last, 'a place is in a chunk');
        last[place & (chunkLength - 1)] = job;
        moved[at * chunkLength + within] = place++;
      }
    }
    this.#chunks = jobs;
    this.#places = place;
    return moved;
  }
}

/** The same of an id that is ASCII, where it lies. */
export function hashOfBytes(bytes: Uint8Array, from: number, length: number): number {
  let hash = length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const two = (bytes[from + at] ?? 0) | ((bytes[from + at + 1] ?? 0) << 16);
    const more = (bytes[from + at + 2] ?? 0) | ((bytes[from + at + 3] ?? 0) << 16);
    hash = mixed(hash, two, more);
  }
  for (; at < length; at++) hash = Math.imul(hash ^ (bytes[from + at] ?? 0), 0x5bd1e995);
  return finished(hash);
}

function mixed(hash: number, two: number, more: number): number {
  const next = Math.imul(hash ^ two ^ Math.imul(more, 0x2c1b3c6d), 0x5bd1e995);
  return next ^ (next >>> 15);
}

function finished(hash: number): number {
  const next = Math.imul(hash ^ (hash >>> 13), 0x5bd1e995);
  return next ^ (next >>> 15);
}

/** Four characters at a time, as MurmurHash2 takes bytes; 32 bits, signed. */
export function hashOfText(text: string): number {
  const { length } = text;
  let hash = length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const two = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16);
    const more = text.charCodeAt(at + 2) | (text.charCodeAt(at + 3) << 16);
    hash = mixed(hash, two, more);
  }
  for (; at < length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x5bd1e995);
  return finished(hash);
}
