import * as fc from 'fast-check';
import { Prng } from '../support/seeded-random.ts';
import type { Target } from './target.ts';

/** One change to an input. The numbers mean what the kind makes of them, modulo what there is. */
interface Mutation {
  kind: number;
  at: number;
  from: number;
  value: number;
}

/** An input by its making, so that it can be made smaller step by step: fewer changes, smaller numbers. */
export interface Recipe {
  sample: number;
  mutations: Mutation[];
  mend: boolean;
}

const most = 2 ** 31 - 1;
const mutationArbitrary: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.nat(15),
  at: fc.nat(most),
  from: fc.nat(most),
  value: fc.nat(most),
});

export const recipeArbitrary: fc.Arbitrary<Recipe> = fc.record({
  sample: fc.nat(999),
  mutations: fc.array(mutationArbitrary, { maxLength: 6 }),
  mend: fc.boolean(),
});

/** Inputs grow by what is doubled and repeated: not without end. */
const bytesMax = 64 * 1024;

const integers: readonly number[] = [0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 2 ** 26, 2 ** 26 + 1];
const words32: readonly number[] = [...integers, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1];
const numbers: readonly string[] = [
  ...['0', '-1', '1.5', '00', '1e9', '1e400', '-0', '9007199254740991', '9007199254740993', '18446744073709551615'],
  ...['18446744073709551616', '99999999999999999999999', '2147483648', '4294967296', '0x10', 'NaN', 'Infinity'],
];

export function inputOf(target: Target, recipe: Recipe): Uint8Array {
  let bytes = sampleOf(target, recipe.sample);
  for (const mutation of recipe.mutations) bytes = mutate(target, bytes, mutation).slice(0, bytesMax);
  return recipe.mend && target.mend ? target.mend(bytes.slice()) : bytes;
}

function sampleOf(target: Target, number: number): Uint8Array {
  return target.sample(new Prng(number + 1));
}

function mutate(target: Target, bytes: Uint8Array, { kind, at, from, value }: Mutation): Uint8Array {
  const position = at % (bytes.length + 1);
  const other = from % (bytes.length + 1);
  const [low, high] = [Math.min(position, other), Math.max(position, other)];
  const words = target.words ?? [];
  const word = Buffer.from(words.length === 0 ? String(value) : (words[value % words.length] ?? ''));
  switch (kind) {
    case 0:
      return edited(bytes, position, (copy) => set(copy, position, (copy[position] ?? 0) ^ (1 << (value & 7))));
    case 1:
      return edited(bytes, position, (copy) => set(copy, position, value & 0xff));
    case 2:
      return edited(bytes, position, (copy) => putInteger(copy, position, 2 + (from % 2) * 2, words32, value));
    case 3:
      return edited(bytes, position, (copy) => putInteger(copy, position, 8, words32, value));
    case 4:
      return bytes.slice(0, position);
    case 5:
      return joined(bytes.subarray(0, low), bytes.subarray(high));
    case 6:
      return joined(bytes.subarray(0, high), bytes.subarray(low));
    case 7:
      return joined(bytes.subarray(0, position), bytes.subarray(low, low + (value % 200)), bytes.subarray(position));
    case 8:
    case 9:
      return joined(bytes.subarray(0, position), word, bytes.subarray(position));
    case 10:
      return joined(bytes.subarray(0, position), repeated(word, 1 + (from % 3000)), bytes.subarray(position));
    case 11:
      return withNumber(bytes, at, numbers[value % numbers.length] ?? '0');
    case 12: {
      const spliced = sampleOf(target, value % 1000);
      return joined(bytes.subarray(0, position), spliced.subarray(from % (spliced.length + 1)));
    }
    case 13:
      return joined(bytes.subarray(0, position), new Prng(value).bytes(from % 64), bytes.subarray(position));
    case 14:
      return edited(
        bytes,
        low,
        (copy) => void copy.subarray(low, low + 1 + (from % 600)).fill(value & 1 ? 0 : value & 0xff),
      );
    default:
      return joined(bytes.subarray(0, low), word, bytes.subarray(high));
  }
}

function edited(bytes: Uint8Array, at: number, edit: (copy: Uint8Array) => void): Uint8Array {
  if (at >= bytes.length) return bytes;
  const copy = bytes.slice();
  edit(copy);
  return copy;
}

function set(copy: Uint8Array, at: number, value: number): void {
  copy[at] = value;
}

function putInteger(copy: Uint8Array, at: number, width: number, from: readonly number[], value: number): void {
  let rest = BigInt(from[value % from.length] ?? 0);
  for (let index = 0; index < width && at + index < copy.length; index++) {
    copy[at + index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function repeated(word: Uint8Array, times: number): Uint8Array {
  return Buffer.concat(Array<Uint8Array>(Math.min(times, Math.ceil(bytesMax / Math.max(1, word.length)))).fill(word));
}

/** Another number where one stands as text. */
function withNumber(bytes: Uint8Array, at: number, number: string): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const found = [...text.matchAll(/\d+/g)];
  const chosen = found[at % Math.max(1, found.length)];
  if (chosen === undefined) return bytes;
  return Uint8Array.from(
    Buffer.from(text.slice(0, chosen.index) + number + text.slice(chosen.index + chosen[0].length), 'latin1'),
  );
}
