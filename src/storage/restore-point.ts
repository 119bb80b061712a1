import type { Finding } from '../base/finding.ts';
import { join } from '../base/path.ts';
import { readSmall } from '../fs/read.ts';
import { segmentInput, walFolder } from './folder.ts';
import type { Survey } from './survey.ts';
import type { ChainPoint, StorageEnv } from './types.ts';
import { decodeSegmentHeader, segmentHeaderBytes } from './wal/format.ts';
import { judgeLog } from './wal/judge-log.ts';
import { type Evidence, type SegmentInput, scanLog } from './wal/scan-log.ts';

/** Where the log is cut: the end of a frame in a file that is there. */
export interface CutPoint extends ChainPoint {
  file: string;
}

/**
 * The place of a snapshot in the log: in its own segment, or, when that was cleaned away, at the start of the one after
 * it. Undefined when the log has no such place.
 */
export async function cutAt(
  env: StorageEnv,
  storeDir: string,
  survey: Survey,
  point: ChainPoint,
): Promise<CutPoint | undefined> {
  const walDir = join(storeDir, walFolder);
  const own = survey.live.find((name) => name.ordinal === point.ordinal);
  if (own !== undefined) {
    const input = segmentInput(env, walDir, walFolder, own);
    const log = await scanLog([input], { storeId: survey.identity.id, points: [point], alone: true });
    return log.segments[0]?.pointsPassed.get(point) === true ? { ...point, file: input.file } : undefined;
  }
  const first = survey.live[0];
  if (first?.ordinal !== point.ordinal + 1 || first.seqFirst !== point.seq + 1) return undefined;
  const bytes = await readSmall(env.fs, join(walDir, first.name), segmentHeaderBytes - 1);
  const result = bytes && decodeSegmentHeader(bytes);
  if (!result?.ok || result.header.prevSalt !== point.salt) return undefined;
  const { ordinal, salt } = result.header;
  const file = join(walFolder, first.name);
  return { file, seq: point.seq, ordinal, offset: segmentHeaderBytes, link: result.link, salt };
}

/** What would be wrong with the log if it ended there. */
export async function findingsBelow(
  env: StorageEnv,
  storeDir: string,
  survey: Survey,
  cut: CutPoint,
): Promise<Finding[]> {
  const { ordinal, offset: end, link, salt, seq: seqLast } = cut;
  const storeId = survey.identity.id;
  const evidence: Evidence = {
    storeId,
    head: { counter: 1, storeId, ordinal, seqLast, end, link, salt, closed: false },
  };
  const inputs = survey.live
    .filter((name) => name.ordinal <= ordinal)
    .map((name) => segmentInput(env, join(storeDir, walFolder), walFolder, name))
    .map((input) => (input.file === cut.file ? endingAt(input, end) : input));
  return judgeLog(await scanLog(inputs, evidence), evidence).findings.filter(({ severity }) => severity !== 'note');
}

/** The same file as if it were so long. */
function endingAt(input: SegmentInput, end: number): SegmentInput {
  return {
    ...input,
    open: async () => {
      const source = await input.open();
      const read = async (buffer: Uint8Array, position: number): Promise<number> =>
        position >= end ? 0 : await source.read(buffer.subarray(0, Math.min(buffer.length, end - position)), position);
      return { size: end, read, close: () => source.close() };
    },
  };
}
