const lengthMin = 16;

/** Small integers, first in, first out: four bytes for each. */
export class ShelfLine {
  #items = new Int32Array(lengthMin);
  #from = 0;
  #to = 0;

  get length(): number {
    return this.#to - this.#from;
  }

  push(item: number): void {
    if (this.#to === this.#items.length) this.#room();
    this.#items[this.#to++] = item;
  }

  /** The first; undefined when there is none. */
  peek(): number | undefined {
    return this.#from < this.#to ? this.#items[this.#from] : undefined;
  }

  shift(): void {
    if (this.#from < this.#to) this.#from++;
  }

  /** Drops what `keep` refuses. Linear. */
  filter(keep: (item: number) => boolean): void {
    const kept = this.#items.subarray(this.#from, this.#to).filter(keep);
    this.#from = 0;
    this.#to = kept.length;
    this.#items = kept.length < lengthMin ? new Int32Array(lengthMin) : kept;
    this.#items.set(kept);
  }

  /** What is left stands in front; in a longer one, when it fills more than half. */
  #room(): void {
    const left = this.#items.subarray(this.#from, this.#to);
    const items = new Int32Array(Math.max(lengthMin, 2 * left.length));
    items.set(left);
    this.#items = items;
    this.#to = left.length;
    this.#from = 0;
  }
}
