/**
 * The last `bytesMax` bytes of `bytes` as text that any record can hold: a character cut at the front is left out,
 * what is not UTF-8 becomes U+FFFD, a NUL '␀'. White space at both ends is trimmed. Escaping for a terminal is the
 * printer's business.
 */
export function tailText(bytes: Uint8Array, bytesMax: number): string {
  let start = Math.max(0, bytes.length - bytesMax);
  const limit = start > 0 ? Math.min(bytes.length, start + 3) : 0;
  while (start < limit && isContinuation(bytes[start])) start++;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, bytes.length - start).toString('utf8');
  const plain = text.replaceAll('\0', '␀').trim();
  // A replaced byte takes three, so cut once more; what is valid by now does not grow again.
  return Buffer.byteLength(plain) <= bytesMax ? plain : tailText(Buffer.from(plain), bytesMax);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
