/**
 * Numbers as they are written, compared exactly: those of a payload, and of logs that count beyond 2^53, are not
 * rounded to a double first. 9007199254740993 is not 9007199254740992, and 1e400 is less than 1e401.
 */
export type Decimal = number | string;

const form = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** Up to so many digits a double is exact. */
const plain = /^[+-]?\d{1,15}$/;

/** A number in its cheapest exact form; undefined for any other text. */
export function parseDecimal(text: string): Decimal | undefined {
  if (plain.test(text)) return Number(text);
  return form.test(text) ? text : undefined;
}

/** Less than 0, 0 or more than 0. Both are numbers: safe integers, or texts that `parseDecimal` takes. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [partsOf(String(a)), partsOf(String(b))];
  if (left.sign !== right.sign) return left.sign - right.sign;
  const order = left.power - right.power || (left.digits < right.digits ? -1 : left.digits > right.digits ? 1 : 0);
  return left.sign * order;
}

/** `sign * 0.digits * 10^power`; the digits neither begin nor end with 0. */
function partsOf(text: string): { sign: number; digits: string; power: number } {
  const [, sign = '', whole = '0', fraction = '', exponent = '0'] = form.exec(text) ?? [];
  const all = whole + fraction;
  const digits = all.replace(/^0+/, '');
  const power = whole.length - (all.length - digits.length) + Number(exponent);
  if (digits === '') return { sign: 0, digits, power: 0 };
  return { sign: sign === '-' ? -1 : 1, digits: withoutEndZeros(digits), power };
}

/** By hand: a pattern would take the square of the length of a long row of zeros. */
function withoutEndZeros(digits: string): string {
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === 0x30) end--;
  return digits.slice(0, end);
}
