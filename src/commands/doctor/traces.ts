import type { Finding } from '../../base/finding.ts';
import { join } from '../../base/path.ts';
import { openIfThere, readInto } from '../../fs/read.ts';
import type { StorageEnv } from '../../storage/types.ts';

const sectorBytes = 512;
/** Of one fault. */
const bytesMax = 1024 * 1024;

/**
 * What the bytes of a fault say about its cause, as far as that can be seen: sectors that are all zero or all 0xFF were
 * lost, or overwritten, as a whole. Undefined when nothing stands out, or a writer took the file away. Rejects with
 * E_READ.
 */
export async function traceOf(env: StorageEnv, store: string, finding: Finding): Promise<string | undefined> {
  const { file, offset, end, severity } = finding;
  if (severity === 'note' || offset === undefined || end === undefined || end <= offset) return undefined;
  const source = await openIfThere(env.fs, join(store, file));
  if (source === undefined) return undefined;
  try {
    const from = offset - (offset % sectorBytes);
    const bytes = new Uint8Array(Math.min(bytesMax, end - from));
    const read = bytes.subarray(0, await readInto(source, bytes, from));
    const zeros = sectorsOf(read, 0x00);
    const ones = sectorsOf(read, 0xff);
    if (zeros.length > 0) return `${places(zeros, from)} all zeros`;
    if (ones.length > 0) return `${places(ones, from)} all 0xFF`;
    return undefined;
  } finally {
    await source.close();
  }
}

/** Numbers of the whole sectors that hold nothing else. */
function sectorsOf(bytes: Uint8Array, value: number): number[] {
  const found: number[] = [];
  for (let sector = 0; (sector + 1) * sectorBytes <= bytes.length; sector++) {
    const part = bytes.subarray(sector * sectorBytes, (sector + 1) * sectorBytes);
    if (part.every((byte) => byte === value)) found.push(sector);
  }
  return found;
}

function places(sectors: readonly number[], from: number): string {
  const at = from + (sectors[0] ?? 0) * sectorBytes;
  return sectors.length === 1 ? `the sector at offset ${at} is` : `${sectors.length} sectors from offset ${at} on are`;
}
