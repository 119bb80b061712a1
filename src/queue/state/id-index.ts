import { hashOfText } from './id-hash.ts';

/** What a slot holds in place of a place. */
const free = 0;
const grave = -1;
/** With fewer jobs the `Map` has them all: it needs no compiler, and a process that adds one job does not live so long. */
const tableFrom = 2048;
const probesMax = 64;

/** Who stands where. */
export interface Places {
  isAt(place: number, id: string): boolean;
  idAt(place: number): string;
}

/**
 * Places by id: a `Map` that takes half the time for ids that were just read, of which opening a long queue has a
 * million. A slot is a pair of integers, the place + 1 and the hash of the id, so that a look at it rarely needs the
 * one who stands there.
 *
 * The hash is no secret: who may choose ids could choose such that fall together. Those that find no slot among 64 go
 * into a `Map`, so nobody waits longer than that for them.
 */
export class IdIndex {
  readonly #places: Places;
  readonly #hashOf: (id: string) => number;
  #slots = new Int32Array(0);
  /** Slots that are not free. At most half of all. */
  #used = 0;
  #crowded = new Map<string, number>();
  /** An id is looked up before it is put: its hash is wanted twice. */
  #lastId = '';
  #lastHash: number;
  /** Where the last search ended: in the slot of the id, or in a free one; -1 where there was none. */
  #slot = -1;

  constructor(places: Places, hashOf = hashOfText) {
    this.#places = places;
    this.#hashOf = hashOf;
    this.#lastHash = hashOf('');
  }

  hashOf(id: string): number {
    if (id !== this.#lastId) {
      this.#lastHash = this.#hashOf(id);
      this.#lastId = id;
    }
    return this.#lastHash;
  }

  /** The place of this id; -1 where there is none. */
  find(id: string): number {
    if (this.#slots.length === 0) return this.#crowded.get(id) ?? -1;
    const hash = this.hashOf(id);
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    for (let slot = hash & mask, probe = 0; probe < probesMax; slot = (slot + 1) & mask, probe++) {
      const taken = slots[2 * slot] ?? free;
      if (taken === free) {
        this.#slot = slot;
        return -1;
      }
      if (taken === grave || slots[2 * slot + 1] !== hash || !this.#places.isAt(taken - 1, id)) continue;
      this.#slot = slot;
      return taken - 1;
    }
    this.#slot = -1;
    return this.#crowded.get(id) ?? -1;
  }

  /** To be built anew before one more is put into it, of which there are `size`. */
  isFull(size: number): boolean {
    return this.#slots.length === 0 ? size >= tableFrom : 4 * (this.#used + 1) > this.#slots.length;
  }

  /** The id that `find` was asked for last, and that is not there. */
  add(id: string, place: number): void {
    this.#occupy(this.#slot, id, this.#lastHash, place);
  }

  /** False as long as so few ids are there that nobody asks for their hashes. */
  get knowsHashes(): boolean {
    return this.#slots.length > 0;
  }

  /**
   * One that is not there, by its hash alone. False, and nothing is done, where one with that hash is there, or too
   * many with others like it: then `find` has to look.
   */
  addHash(hash: number, place: number): boolean {
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    for (let slot = hash & mask, probe = 0; probe < probesMax; slot = (slot + 1) & mask, probe++) {
      const taken = slots[2 * slot] ?? free;
      if (taken === free) {
        this.#occupy(slot, '', hash, place);
        return true;
      }
      if (taken !== grave && slots[2 * slot + 1] === hash) return false;
    }
    return false;
  }

  /** The id that `find` was asked for last, and that is there. */
  delete(id: string): void {
    if (this.#slot < 0) this.#crowded.delete(id);
    else this.#slots[2 * this.#slot] = grave;
  }

  /** For so many, and without graves. `moved`: where each place has gone; they have not where it is absent. */
  rebuild(size: number, moved: Int32Array | undefined): void {
    const old = { slots: this.#slots, crowded: this.#crowded };
    let slotCount = size < tableFrom ? 0 : tableFrom;
    while (slotCount < 4 * size && slotCount > 0) slotCount *= 2;
    this.#slot = -1;
    this.#slots = new Int32Array(2 * slotCount);
    this.#used = 0;
    this.#crowded = new Map();
    const placeNow = (before: number): number => (moved === undefined ? before : (moved[before] ?? 0));
    for (let at = 0; at < old.slots.length; at += 2) {
      const taken = old.slots[at] ?? free;
      if (taken > 0) this.#put(old.slots[at + 1] ?? 0, placeNow(taken - 1));
    }
    for (const [id, place] of old.crowded) this.#put(this.#hashOf(id), placeNow(place));
  }

  /** Into a table that has no such id, and no graves. */
  #put(hash: number, place: number): void {
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    let slot = hash & mask;
    let probe = 0;
    for (; probe < probesMax && slots[2 * slot] !== free; probe++) slot = (slot + 1) & mask;
    if (probe < probesMax) this.#occupy(slot, '', hash, place);
    else this.#occupy(-1, this.#places.idAt(place), hash, place);
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
}
