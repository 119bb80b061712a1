import { usageError } from '../base/errors.ts';
import { join } from '../base/path.ts';
import { openSource, readInto } from '../fs/read.ts';
import { readSegmentHeader } from './folder.ts';
import { scanStore } from './read.ts';
import type { ChainPoint, FrameView, StorageEnv } from './types.ts';
import { frameHeaderBytes } from './wal/format.ts';

/** Where in a frame header its CRC stands, which is the link of the next frame. */
const linkOffset = frameHeaderBytes - 4;

/**
 * The place in the log where the operation ends whose last event is `seq`. Rejects with E_SEQ_RANGE (2) when the
 * readable log has no such event, with E_NOT_FRAME_END (2) when it stands amid an operation; ENOENT when a
 * writer cleans meanwhile.
 */
export async function frameEndAt(env: StorageEnv, storeDir: string, seq: number): Promise<ChainPoint> {
  let found: Pick<FrameView, 'file' | 'ordinal' | 'offset' | 'bytes' | 'seqFirst' | 'count'> | undefined;
  const report = await scanStore(
    env,
    storeDir,
    {
      frame({ type, file, ordinal, offset, bytes, seqFirst, count }) {
        const holds = count > 0 && seqFirst <= seq && seq < seqFirst + count;
        // Behind a hole too: whoever goes back in place looks at what lies before, and names the damage.
        if ((type === 'data' || type === 'lost') && holds) {
          found = { file, ordinal, offset, bytes, seqFirst, count };
        }
        return seqFirst > seq ? false : undefined;
      },
    },
    { fromSeq: seq },
  );
  if (found === undefined) {
    const { seqFirst, seqLast } = report;
    throw usageError('E_SEQ_RANGE', `seq ${seq} is not in the readable log${rangeText(seq, seqFirst, seqLast)}`, {
      data: { seq, ...(seqLast !== undefined && { seqLast }) },
    });
  }
  const last = found.seqFirst + found.count - 1;
  if (last !== seq) {
    const ends = found.seqFirst > 1 ? `${found.seqFirst - 1} or ${last}` : String(last);
    throw usageError('E_NOT_FRAME_END', `seq ${seq} stands amid one operation, which ends with ${last}`, {
      data: { seq, seqFirst: found.seqFirst, seqLast: last },
      next: `cut at ${ends}, or into a new store with --to`,
    });
  }
  const { ordinal, offset, bytes, file } = found;
  return { seq, ordinal, offset: offset + bytes, ...(await chainOf(env, join(storeDir, file), offset)) };
}

/** Where the log was read from lies no further than `seq`: only of one that is below it, that is where it begins. */
function rangeText(seq: number, seqFirst: number | undefined, seqLast: number | undefined): string {
  if (seqFirst === undefined || seqLast === undefined) return ', which has no event';
  if (seq > seqLast) return `, which ends at ${seqLast}`;
  return seq < seqFirst ? `, which begins at ${seqFirst}` : ': what stood there is damaged';
}

async function chainOf(env: StorageEnv, path: string, offset: number): Promise<Pick<ChainPoint, 'link' | 'salt'>> {
  const header = await readSegmentHeader(env, path);
  const source = await openSource(env.fs, path);
  try {
    const bytes = new Uint8Array(4);
    await readInto(source, bytes, offset + linkOffset);
    const link = new DataView(bytes.buffer).getUint32(0, true);
    return { link, salt: header?.salt ?? 0 };
  } finally {
    await source.close();
  }
}
