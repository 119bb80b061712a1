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

  /** Undefined when there is none. */
  shift(): number | undefined {
    return this.#from < this.#to ? this.#items[this.#from++] : undefined;
  }

  /** Each as what `change` makes of it, without those of which it makes nothing. Linear. */
  rewrite(change: (item: number) => number | undefined): void {
    let kept = 0;
    for (let at = this.#from; at < this.#to; at++) {
      const item = change(this.#items[at] ?? 0);
      if (item !== undefined) this.#items[kept++] = item;
    }
    this.#from = 0;
    this.#to = kept;
    if (this.#items.length > lengthMin && this.#items.length > 4 * kept) this.#room();
  }

  /** What is left stands in front, in a line twice as long. */
  #room(): void {
    const left = this.#items.subarray(this.#from, this.#to);
    const items = new Int32Array(Math.max(lengthMin, 2 * left.length));
    items.set(left);
    this.#items = items;
    this.#to = left.length;
    this.#from = 0;
  }
}
