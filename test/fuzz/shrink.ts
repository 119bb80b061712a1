const triesMax = 3000;
const shrinkMsMax = 60_000;

/** Cuts away what is not needed for a finding, in ever smaller stretches. */
export async function shrunkBytes(
  bytes: Uint8Array,
  fails: (bytes: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let smallest = bytes;
  let tries = 0;
  const started = performance.now();
  const isOver = () => tries >= triesMax || performance.now() - started > shrinkMsMax;
  const take = async (candidate: Uint8Array): Promise<boolean> => {
    tries++;
    if (isOver() || !(await fails(candidate))) return false;
    smallest = candidate;
    return true;
  };
  for (let length = Math.ceil(bytes.length / 2); length >= 1; length = length === 1 ? 0 : Math.ceil(length / 2)) {
    for (let at = 0; at < smallest.length && !isOver(); ) {
      const without = Uint8Array.from(Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + length)]));
      if (!(await take(without))) at += length;
    }
  }
  return smallest;
}
