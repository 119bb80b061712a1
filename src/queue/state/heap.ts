/** Places of the row that may stay empty. */
const rowSlack = 64;

/**
 * A priority queue. `before(a, b)` = a comes out first; it must be a total order, so that equal contents come out in
 * equal order.
 *
 * Items that come in the order in which they go out, as nearly all jobs do, stand in a row: in and out in constant
 * time. The others are in a binary heap beside it.
 */
export class Heap<T> {
  readonly #before: (a: T, b: T) => boolean;
  /** In order from `#rowAt` on; what was before that went out. */
  #row: (T | undefined)[] = [];
  #rowAt = 0;
  #items: T[] = [];

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length + this.#row.length - this.#rowAt;
  }

  peek(): T | undefined {
    const first = this.#row[this.#rowAt];
    const top = this.#items[0];
    if (first === undefined || top === undefined) return first ?? top;
    return this.#before(top, first) ? top : first;
  }

  push(item: T): void {
    const last = this.#row.at(-1);
    if (this.#rowAt === this.#row.length || (last !== undefined && this.#before(last, item))) this.#row.push(item);
    else this.#rise(item);
  }

  pop(): T | undefined {
    const next = this.peek();
    if (next === undefined) return undefined;
    if (next === this.#row[this.#rowAt]) this.#leaveRow();
    else {
      const last = this.#items.pop();
      if (this.#items.length > 0 && last !== undefined) this.#sink(last);
    }
    return next;
  }

  /** Drops what `keep` refuses. Linear. */
  filter(keep: (item: T) => boolean): void {
    this.#row = this.#inRow().filter(keep);
    this.#rowAt = 0;
    const kept = this.#items.filter(keep);
    this.#items = [];
    for (const item of kept) this.#rise(item);
  }

  *[Symbol.iterator](): IterableIterator<T> {
    yield* this.#inRow();
    yield* this.#items;
  }

  #inRow(): T[] {
    return this.#row.slice(this.#rowAt) as T[];
  }

  /** An item that went out is let go at once, its place when half of them are empty. */
  #leaveRow(): void {
    this.#row[this.#rowAt++] = undefined;
    if (this.#rowAt < rowSlack || this.#rowAt * 2 < this.#row.length) return;
    this.#row = this.#row.slice(this.#rowAt);
    this.#rowAt = 0;
  }

  #rise(item: T): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = items[parentAt] as T;
      if (!this.#before(item, parent)) break;
      items[at] = parent;
      at = parentAt;
    }
    items[at] = item;
  }

  #sink(item: T): void {
    const items = this.#items;
    const size = items.length;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= size) break;
      if (childAt + 1 < size && this.#before(items[childAt + 1] as T, items[childAt] as T)) childAt++;
      const child = items[childAt] as T;
      if (!this.#before(child, item)) break;
      items[at] = child;
      at = childAt;
    }
    items[at] = item;
  }
}
