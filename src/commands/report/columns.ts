/** A table of numbers, kept by column: a quarter of a million rows are a handful of arrays. */
export class Columns<Field extends string> {
  readonly of: Readonly<Record<Field, number[]>>;
  readonly #arrays: readonly (readonly [Field, number[]])[];
  length = 0;

  constructor(fields: readonly Field[]) {
    this.#arrays = fields.map((field) => [field, []]);
    this.of = Object.fromEntries(this.#arrays) as Record<Field, number[]>;
  }

  push(row: Readonly<Record<Field, number>>): void {
    for (const [field, array] of this.#arrays) array.push(row[field]);
    this.length++;
  }

  at(field: Field, index: number): number {
    return this.of[field][index] ?? 0;
  }

  set(field: Field, index: number, value: number): void {
    this.of[field][index] = value;
  }

  /** Drops the rows that `wanted` does not name; the others keep their order. */
  keep(wanted: (index: number) => boolean): void {
    let kept = 0;
    for (let index = 0; index < this.length; index++) {
      if (!wanted(index)) continue;
      for (const [, array] of this.#arrays) array[kept] = array[index] ?? 0;
      kept++;
    }
    for (const [, array] of this.#arrays) array.length = kept;
    this.length = kept;
  }
}
