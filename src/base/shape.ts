import type { WalqError } from './errors.ts';

/**
 * Checks of values that come from outside as parsed JSON. A `Shape` returns the value as its type, or throws what `bad`
 * makes of a text such as "jobs[3].priority must be a whole number".
 */
export type Shape<T> = (value: unknown, at: string, bad: Bad) => T;
export type Bad = (message: string) => WalqError;

export const text: Shape<string> = (value, at, bad) => {
  if (typeof value !== 'string') throw bad(`${at} must be a text`);
  return value;
};

export const flag: Shape<boolean> = (value, at, bad) => {
  if (typeof value !== 'boolean') throw bad(`${at} must be true or false`);
  return value;
};

/** -2^53 + 1 .. 2^53 - 1. */
export const whole: Shape<number> = (value, at, bad) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw bad(`${at} must be a whole number`);
  return value;
};

export function atLeast(least: number): Shape<number> {
  return (value, at, bad) => {
    const number = whole(value, at, bad);
    if (number < least) throw bad(`${at} must be ${least} or more`);
    return number;
  };
}

export function oneOf<const T extends string>(...allowed: T[]): Shape<T> {
  return (value, at, bad) => {
    const found = allowed.find((each) => each === value);
    if (found === undefined) throw bad(`${at} must be one of ${allowed.join(', ')}`);
    return found;
  };
}

/** `least` to `most` elements. */
export function list<T>(element: Shape<T>, least = 0, most = Number.POSITIVE_INFINITY): Shape<T[]> {
  return (value, at, bad) => {
    if (!Array.isArray(value)) throw bad(`${at} must be a list`);
    if (value.length < least || value.length > most)
      throw bad(`${at} has ${value.length} elements, allowed are ${least} to ${most}`);
    return value.map((each: unknown, index) => element(each, `${at}[${index}]`, bad));
  };
}

/** A member that may be missing. */
export interface Optional<T> {
  optional: Shape<T>;
}

export function optional<T>(shape: Shape<T>): Optional<T> {
  return { optional: shape };
}

type Members = Readonly<Record<string, Shape<unknown> | Optional<unknown>>>;
type Required<M extends Members> = { [K in keyof M as M[K] extends Shape<unknown> ? K : never]: Of<M[K]> };
type Missing<M extends Members> = { [K in keyof M as M[K] extends Optional<unknown> ? K : never]?: Of<M[K]> };
type Of<S> = S extends Shape<infer T> ? T : S extends Optional<infer T> ? T : never;
export type Structure<M extends Members> = Required<M> & Missing<M>;

/** An object with these members and no others. */
export function structure<const M extends Members>(members: M): Shape<Structure<M>> {
  return (value, at, bad) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(`${at} must be an object`);
    const prefix = at === '' ? '' : `${at}.`;
    const found: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(value)) {
      const shape = Object.hasOwn(members, key) ? members[key] : undefined;
      if (shape === undefined) throw bad(`${prefix}${key} is not known here`);
      found[key] = (typeof shape === 'function' ? shape : shape.optional)(member, `${prefix}${key}`, bad);
    }
    for (const [key, shape] of Object.entries(members)) {
      if (typeof shape === 'function' && !(key in found)) throw bad(`${prefix}${key} is missing`);
    }
    return found as Structure<M>;
  };
}
