import { assert } from '../../base/errors.ts';
import { ColdJob } from './cold-job.ts';
import type { EntrySource } from './entry-source.ts';
import type { FreshJob } from './fresh-job.ts';
import { IdIndex } from './id-index.ts';
import type { Job, JobOptions, PendingJob } from './job.ts';
import { encodeJob } from './job-codec.ts';
import type { ShelfRef } from './pieces.ts';
import type { ReadyJobs } from './ready.ts';
import { Shelf } from './shelf.ts';

const chunkBits = 10;
const chunkLength = 1 << chunkBits;
/** As an entry has one byte for the length of an id, and one for each character. */
const shelfIdMax = 127;
const beyondAscii = /[\u0080-\uffff]/;

/** What stands in a place: a job, or where it lies on the shelf. */
type Held = Job | ShelfRef;
type Chunk = (Held | undefined)[];

/**
 * Jobs by id, in the order in which they came. They stand in places, one behind the other; an index says which id is
 * where.
 *
 * Jobs that nothing has happened to may lie on a shelf, as bytes: whoever asks for one gets an object of his own. Of
 * each kind of jobs on the shelf the first is taken off once somebody wants to know which job comes next: it stands for
 * those behind it, at which nobody needs to look before it has gone.
 */
export class JobTable implements ReadyJobs {
  readonly #index: IdIndex;
  readonly #shelf: Shelf;
  #chunks: Chunk[] = [];
  /** Places given out; some are empty again. */
  #places = 0;
  #size = 0;

  constructor(hashOf?: (id: string) => number) {
    this.#shelf = new Shelf((id, to) => this.#put(this.#index.find(id), to));
    const isAt = (place: number, id: string): boolean => {
      const held = this.#at(place);
      return typeof held === 'number' ? this.#shelf.hasId(held, id) : held?.id === id;
    };
    this.#index = new IdIndex({ isAt, idAt: (place) => this.#jobAt(place)?.id ?? '' }, hashOf);
  }

  get size(): number {
    return this.#size;
  }

  get(id: string): Job | undefined {
    return this.#jobAt(this.#index.find(id));
  }

  isCurrent(job: PendingJob): boolean {
    return this.get(job.id) === job;
  }

  /** In the place of the job with the same id, or behind all others. */
  set(job: Job): void {
    const place = this.#index.find(job.id);
    if (place < 0) {
      if (this.#index.isFull(this.#size)) {
        this.#rebuild();
        this.#index.find(job.id);
      }
      this.#index.add(job.id, this.#places);
      this.#add(job);
      return;
    }
    this.#empty(place);
    this.#put(place, job);
  }

  /** A job whose id is not there, as bytes behind all others. False, and nothing is done, where that cannot be. */
  shelve(job: FreshJob): boolean {
    const { id, options } = job;
    // With a command of its own it is of a kind of its own.
    if (options.command !== undefined || id.length > shelfIdMax || beyondAscii.test(id)) return false;
    return this.#mayShelve() && this.#isShelved(this.#shelf.putJob(job), this.#index.hashOf(id));
  }

  /**
   * The same of its entry, without a look at its id; `hash`: what `hashOfText` makes of that. False also where it may
   * be there: then `set` has to look.
   */
  shelveEntry(options: JobOptions, seq: number, hash: number, entry: EntrySource): boolean {
    return this.#mayShelve() && this.#isShelved(this.#shelf.put(options, seq, entry), hash);
  }

  /** Of few jobs the index does not know the hashes. */
  #mayShelve(): boolean {
    if (this.#index.isFull(this.#size)) this.#rebuild();
    return this.#index.knowsHashes;
  }

  #isShelved(ref: ShelfRef | undefined, hash: number): boolean {
    if (ref === undefined) return false;
    if (!this.#index.addHash(hash, this.#places)) {
      this.#shelf.takeOff(ref);
      return false;
    }
    this.#add(ref);
    return true;
  }

  /** Takes the first of each kind off the shelf. */
  takeFronts(): PendingJob[] {
    return this.#shelf.kinds().flatMap((options) => this.takeFront(options) ?? []);
  }

  /** The same of this kind, unless that was done. */
  takeFront(options: JobOptions): PendingJob | undefined {
    return this.#shelf.hasFront(options) ? undefined : this.#nextFront(options);
  }

  passed(job: PendingJob): PendingJob | undefined {
    return this.#shelf.isFront(job) ? this.#nextFront(job.options) : undefined;
  }

  #nextFront(options: JobOptions): PendingJob | undefined {
    return this.#shelf.takeFront(options, (job) => this.#put(this.#index.find(job.id), job));
  }

  delete(id: string): boolean {
    const place = this.#index.find(id);
    if (place < 0) return false;
    this.#index.delete(id);
    this.#empty(place);
    this.#size--;
    if (this.#places > chunkLength && 2 * this.#size < this.#places) this.#rebuild();
    return true;
  }

  /**
   * In order; those on the shelf stay there. What is put or deleted meanwhile may be among them or not; where some lie
   * on the shelf nothing may be.
   */
  *values(): IterableIterator<Job> {
    for (const chunk of this.#chunks) for (const held of chunk) if (held !== undefined) yield this.#jobOf(held);
  }

  /** The same without those on the shelf. */
  *objects(): IterableIterator<Job> {
    for (const chunk of this.#chunks) for (const held of chunk) if (typeof held === 'object') yield held;
  }

  list(): Job[] {
    return this.#all().map((held) => this.#jobOf(held));
  }

  /** The entries of all in a snapshot, as they are now; bytes are made when asked for. */
  cut(): Iterable<Uint8Array> {
    const all = this.#all();
    const entryAt = this.#shelf.now();
    return {
      *[Symbol.iterator]() {
        for (const held of all) yield typeof held === 'number' ? entryAt(held) : entryOf(held);
      },
    };
  }

  #all(): Held[] {
    const all: Held[] = [];
    for (const chunk of this.#chunks) for (const held of chunk) if (held !== undefined) all.push(held);
    return all;
  }

  /** Undefined also for a place that there is not. */
  #at(place: number): Held | undefined {
    return this.#chunks[place >> chunkBits]?.[place & (chunkLength - 1)];
  }

  #jobAt(place: number): Job | undefined {
    const held = this.#at(place);
    return held === undefined ? undefined : this.#jobOf(held);
  }

  #jobOf(held: Held): Job {
    return typeof held === 'number' ? this.#shelf.jobAt(held) : held;
  }

  #put(place: number, held: Held | undefined): void {
    const chunk = this.#chunks[place >> chunkBits];
    assert(chunk, 'a place is in a chunk');
    chunk[place & (chunkLength - 1)] = held;
  }

  /** Into the next place. */
  #add(held: Held): void {
    const place = this.#places++;
    if ((place & (chunkLength - 1)) === 0) this.#chunks.push(new Array(chunkLength));
    this.#put(place, held);
    this.#size++;
  }

  #empty(place: number): void {
    const held = this.#at(place);
    this.#put(place, undefined);
    if (typeof held === 'number') this.#shelf.takeOff(held);
  }

  /** An index with more room, or without graves; and no empty places, where they are many. */
  #rebuild(): void {
    const moved = 2 * this.#size < this.#places ? this.#closeRanks() : undefined;
    this.#index.rebuild(this.#size, moved);
  }

  /** Where each place has gone. */
  #closeRanks(): Int32Array {
    const moved = new Int32Array(this.#places);
    const before = this.#chunks;
    this.#chunks = [];
    this.#places = 0;
    this.#size = 0;
    for (const [at, chunk] of before.entries()) {
      for (const [within, held] of chunk.entries()) {
        if (held === undefined) continue;
        moved[at * chunkLength + within] = this.#places;
        this.#add(held);
      }
    }
    return moved;
  }
}

function entryOf(job: Job): Uint8Array {
  return job instanceof ColdJob ? job.entry : encodeJob(job);
}
