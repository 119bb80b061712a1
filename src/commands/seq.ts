/** Number of an event; text where a foreign one exceeds 2^53. */
export type Seq = number | string;

/** The number that digits are, as long as a number can hold it. */
export function seqOf(digits: Seq): Seq {
  const value = Number(digits);
  return Number.isSafeInteger(value) && digits !== '' ? value : digits;
}
