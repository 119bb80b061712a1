/** First and last character, as code points. */
export type Range = readonly [number, number];

/** Characters that a place in a pattern may be. */
export interface CharSet {
  has(code: number): boolean;
}

const digit: readonly Range[] = [[0x30, 0x39]];
const letter: readonly Range[] = [...digit, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
/** Those that JavaScript calls white space. */
const space: readonly Range[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const classes: Readonly<Record<string, readonly Range[]>> = { d: digit, w: letter, s: space };

/** What `\d` and the like stand for; undefined for letters that name no class. */
export function classOf(name: string): { ranges: readonly Range[]; negated: boolean } | undefined {
  const lower = name.toLowerCase();
  const ranges = Object.hasOwn(classes, lower) ? classes[lower] : undefined;
  return ranges === undefined ? undefined : { ranges, negated: name !== lower };
}

/** As `\b` has it. */
export function isWordCharacter(code: number): boolean {
  return inside(letter, code);
}

export function charSet(ranges: readonly Range[], negated: boolean, folds: boolean): CharSet {
  const has = (code: number): boolean => {
    if (inside(ranges, code)) return !negated;
    return folds && otherCases(code).some((other) => inside(ranges, other)) ? !negated : negated;
  };
  const ascii = Uint8Array.from({ length: 128 }, (_, code) => (has(code) ? 1 : 0));
  return { has: (code) => (code < 128 ? ascii[code] === 1 : has(code)) };
}

function inside(ranges: readonly Range[], code: number): boolean {
  for (const [first, last] of ranges) if (code >= first && code <= last) return true;
  return false;
}

/** The character in the other case, where that is one character too. */
function otherCases(code: number): number[] {
  const character = String.fromCodePoint(code);
  return [character.toLowerCase(), character.toUpperCase()].flatMap((other) => {
    const otherCode = other.codePointAt(0) ?? code;
    return other.length === character.length ? [otherCode] : [];
  });
}
