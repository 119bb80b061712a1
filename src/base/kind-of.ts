/** `null`, `undefined`, `a number`, `an object`: what somebody gave instead of what was asked for. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const kind = typeof value;
  return `${kind === 'object' ? 'an' : 'a'} ${kind}`;
}

/** A number or a text as it is, of anything else its kind. */
export function shown(value: unknown): string {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : kindOf(value);
}
