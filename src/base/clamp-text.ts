/** Any half of a surrogate pair without the other: it has no UTF-8 form. */
export const loneSurrogate = /[\ud800-\udfff]/u;

/**
 * Makes any text fit for a record: NUL becomes U+2400, half a surrogate pair U+FFFD, and the end is cut off at
 * `bytesMax` UTF-8 bytes.
 */
export function clampText(text: string, bytesMax: number): string {
  const clean = text.includes('\0') ? text.replaceAll('\0', '␀') : text;
  if (clean.length * 3 <= bytesMax && !loneSurrogate.test(clean)) return clean;
  const bytes = Buffer.from(clean.length > bytesMax ? clean.slice(0, bytesMax) : clean);
  if (bytes.length <= bytesMax) return bytes.toString();
  let end = bytesMax;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
