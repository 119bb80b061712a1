/**
 * Is `actual` what was expected? A function is asked; a set stands for a list in any order; of an object only the
 * members named are looked at.
 */
export function fits(actual: unknown, expected: unknown): boolean {
  if (typeof expected === 'function') return expected(actual) === true;
  if (expected instanceof Set) {
    return Array.isArray(actual) && actual.length === expected.size && actual.every((one) => expected.has(one));
  }
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) && actual.length === expected.length && expected.every((one, at) => fits(actual[at], one))
    );
  }
  if (typeof expected !== 'object' || expected === null) return Object.is(actual, expected);
  if (typeof actual !== 'object' || actual === null) return false;
  return Object.entries(expected).every(([member, one]) => fits((actual as Record<string, unknown>)[member], one));
}

/** The same for lists in any order, where type and id tell elements apart. */
export function fitsInAnyOrder(
  actual: readonly { type: string; id: string }[],
  expected: readonly { type: string; id: string }[],
): boolean {
  return (
    actual.length === expected.length &&
    expected.every((one) => actual.some((event) => event.type === one.type && event.id === one.id && fits(event, one)))
  );
}
