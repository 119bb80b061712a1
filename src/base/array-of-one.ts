const pattern = [undefined];

/**
 * `[value]`, for what is made by the hundred thousand and lives until the disk has answered. Where all that an array or
 * object literal made was still in use at one collection of garbage, V8 makes what comes from there outside of the
 * young objects ever after, and so does not collect it, nor what it holds, until it goes through the whole heap: that
 * took a third of the speed with a thousand in flight. A copy belongs to no such place; nor does what a class makes.
 */
export function arrayOfOne<T>(value: T): [T] {
  const array = pattern.slice() as [T | undefined];
  array[0] = value;
  return array as [T];
}

/** `values.map(make)`, where most lists have one value. */
export function mapped<T, R>(values: readonly T[], make: (value: T) => R): R[] {
  const [first] = values;
  return first !== undefined && values.length === 1 ? arrayOfOne(make(first)) : values.map((value) => make(value));
}
