import { usageError } from './errors.ts';

/** Not the class: the module of a handler may have its own copy of this library. */
const brand: unique symbol = Symbol.for('walq.rawJson');

/** JSON text that is put into the queue as it is: numbers keep all their digits, keys their order. */
export class RawJson {
  readonly text: string;
  readonly [brand] = true;

  constructor(text: string) {
    this.text = text;
  }

  /** Written as part of a value, it would be an object that holds a text, in silence. */
  toJSON(): never {
    throw usageError('E_JSON', 'rawJson stands for a whole payload or result, and cannot be a part of one');
  }
}

/** A payload or result given as JSON text. It is checked when it is used. */
export function rawJson(text: string): RawJson {
  return new RawJson(text);
}

export function isRawJson(value: unknown): value is RawJson {
  return typeof value === 'object' && value !== null && brand in value;
}
