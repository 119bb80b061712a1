export function longestZeroRun(bytes: Uint8Array): number {
  let longest = 0;
  let run = 0;
  for (const byte of bytes) {
    run = byte === 0 ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}
