import { excerpt } from '../../base/escape.ts';
import { nearest } from '../../base/nearest.ts';
import { JsonText } from '../json-text.ts';
import type { Decimal } from './decimal.ts';
import { partOf, pathOf, stepsMax } from './json-path.ts';
import type { Word } from './syntax.ts';
import { type Source, whereError } from './where-error.ts';

/** What a field holds, and so what it can be compared with. */
export type FieldKind =
  | 'number'
  | 'text'
  /** One of few words; case does not matter. */
  | 'word'
  /** ms since the epoch. */
  | 'time'
  /** ms. */
  | 'duration'
  /** Bytes. */
  | 'size'
  | 'flag'
  /** Texts. */
  | 'list'
  | 'json';

export type FieldValue = Decimal | boolean | readonly string[] | JsonText;

/** What can be asked about a thing of type `T`. */
export interface Field<T> {
  kind: FieldKind;
  /** One line for people. */
  about: string;
  /** Of kind 'word': all there are. Without them every word may come. */
  words?: readonly string[];
  /** Other names it goes by. */
  also?: readonly string[];
  /** Undefined: this one has no such field. */
  of(item: T): FieldValue | undefined;
}

export type FieldTable<T> = Readonly<Record<string, Field<T>>>;

/** A field as an expression names it: with a path into it where it is JSON. */
export interface Found<T> extends Pick<Field<T>, 'kind' | 'words' | 'of'> {
  name: string;
}

/** Throws E_WHERE for a name that is not in the table; it tells near ones, and all there are. */
export function findField<T>(table: FieldTable<T>, word: Word, source: Source): Found<T> {
  const [head = '', ...path] = Object.hasOwn(table, word.text) ? [word.text] : (pathOf(word.text) ?? [word.text]);
  const name = nameIn(table, word.text) ?? nameIn(table, head);
  const field = name === undefined ? undefined : table[name];
  if (name === undefined || field === undefined) throw unknown(table, word, source);
  if (nameIn(table, word.text) !== undefined) return { ...field, name };
  if (field.kind !== 'json') {
    throw whereError(source, word, `'${name}' is ${kindText[field.kind]}: there is nothing in it to name with a dot`);
  }
  if (path.length > stepsMax) throw whereError(source, word, `a path has at most ${stepsMax} steps`);
  return {
    kind: 'json',
    name: word.text,
    of: (item) => {
      const value = field.of(item);
      const part = value instanceof JsonText ? partOf(value.text, path) : undefined;
      return part === undefined ? undefined : new JsonText(part);
    },
  };
}

/** The field that a word behind a comparison names, if it names one. */
export function nameIn<T>(table: FieldTable<T>, text: string): string | undefined {
  if (Object.hasOwn(table, text)) return text;
  return Object.keys(table).find((name) => table[name]?.also?.includes(text));
}

export const kindText: Readonly<Record<FieldKind, string>> = {
  number: 'a number',
  text: 'a text',
  word: 'a word',
  time: 'a time',
  duration: 'a duration',
  size: 'a size',
  flag: 'yes or no',
  list: 'a list of texts',
  json: 'JSON',
};

function unknown<T>(table: FieldTable<T>, word: Word, source: Source): Error {
  const { without } = source;
  if (without?.names.includes(word.text)) {
    throw whereError(source, word, `'${word.text}' cannot be asked here: ${without.why}`);
  }
  const fields = Object.keys(table).sort();
  const fieldOf = new Map(fields.flatMap((name) => [name, ...(table[name]?.also ?? [])].map((each) => [each, name])));
  const close = nearest(word.text.toLowerCase(), [...fieldOf.keys()]);
  // Other names of a field named already tell nothing new.
  const near = close.filter((name, at) => close.findIndex((each) => fieldOf.get(each) === fieldOf.get(name)) === at);
  near.splice(3);
  const hint = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`;
  return whereError(source, word, `there is no field '${excerpt(word.text)}'${hint}`, { near, fields });
}
