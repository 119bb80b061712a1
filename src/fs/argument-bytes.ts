import { readFileSync } from 'node:fs';

/**
 * The last `count` arguments of this process as the system has them: Node hands over U+FFFD for bytes that are not
 * UTF-8. Undefined where the system does not tell (no /proc).
 */
export function argumentBytes(count: number): Buffer[] | undefined {
  let all: Buffer;
  try {
    all = readFileSync('/proc/self/cmdline');
  } catch {
    return undefined;
  }
  const each: Buffer[] = [];
  // Every argument ends with a NUL, the last one too.
  for (let start = 0; start < all.length; ) {
    const end = all.indexOf(0, start);
    if (end < 0) break;
    each.push(all.subarray(start, end));
    start = end + 1;
  }
  return each.length < count ? undefined : each.slice(each.length - count);
}
