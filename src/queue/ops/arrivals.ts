/** The jobs of one frame. */
export type Frame = readonly { readonly id: string }[];

/** So many may have left before the list is made shorter. */
const goneMax = 1024;
const nothing: Frame = [];

/**
 * The jobs that are on their way to the log, frame by frame. They leave as the log answers, the oldest first: a list
 * with a beginning that moves does that without the hashing, and the tidying up, of a set.
 */
export class Arrivals {
  #frames: Frame[] = [];
  #first = 0;

  add(frame: Frame): void {
    this.#frames.push(frame);
  }

  /** The oldest one, as a rule; the newest when it never got to the log. */
  delete(frame: Frame): void {
    const frames = this.#frames;
    if (frames[this.#first] === frame) this.#leave();
    else if (frames.at(-1) === frame) frames.pop();
    else {
      this.#frames = [...this].filter((each) => each !== frame);
      this.#first = 0;
    }
  }

  #leave(): void {
    // Nothing keeps the jobs that are gone.
    this.#frames[this.#first++] = nothing;
    if (this.#first === this.#frames.length || this.#first > goneMax) {
      this.#frames.splice(0, this.#first);
      this.#first = 0;
    }
  }

  *[Symbol.iterator](): IterableIterator<Frame> {
    for (let at = this.#first; at < this.#frames.length; at++) yield this.#frames[at] ?? nothing;
  }
}
