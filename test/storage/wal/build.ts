import {
  encodeSegmentHeader,
  FrameType,
  frameBytes,
  frameHeaderBytes,
  type SegmentHeader,
  sealFrame,
  segmentHeaderBytes,
} from '../../../src/storage/wal/format.ts';
import { judgeLog, type LogJudgement } from '../../../src/storage/wal/judge-log.ts';
import { packedBytes, packRecords } from '../../../src/storage/wal/records.ts';
import { type Evidence, scanLog } from '../../../src/storage/wal/scan-log.ts';
import { sourceOf } from '../../support/source.ts';

/** Segments made by hand, frame by frame, with any field as a test wants it and every checksum right. */

export const header: SegmentHeader = {
  storeId: '00112233445566778899aabbccddeeff',
  ordinal: 1,
  seqFirst: 1,
  salt: 0x5a17,
  prevSalt: 0,
  prevEnd: 0,
  prevLink: 0,
  createdMs: 1_700_000_000_000,
};

export interface FrameSpec {
  records?: string[];
  payload?: Uint8Array;
  type?: number;
  count?: number;
  seqFirst?: number;
  offset?: number;
  certified?: number;
  link?: number;
  salt?: number;
}

export interface Built {
  bytes: Uint8Array;
  /** Offset of each frame. */
  offsets: number[];
  links: number[];
  seqNext: number;
}

export function segment(frames: readonly FrameSpec[], own: Partial<SegmentHeader> = {}): Built {
  const head = { ...header, ...own };
  const parts: Uint8Array[] = [encodeSegmentHeader(head)];
  let link = new DataView(parts[0]?.buffer ?? new ArrayBuffer(0)).getUint32(segmentHeaderBytes - 4, true);
  let offset = segmentHeaderBytes;
  let seqNext = head.seqFirst;
  const built: Built = { bytes: new Uint8Array(0), offsets: [], links: [link], seqNext };
  for (const spec of frames) {
    const records = (spec.records ?? []).map((text) => Buffer.from(text));
    const payload = spec.payload ?? new Uint8Array(packedBytes(records));
    const frame = new Uint8Array(frameBytes(payload.length));
    frame.set(payload, frameHeaderBytes);
    if (spec.payload === undefined) packRecords(frame, frameHeaderBytes, records);
    const count = spec.count ?? records.length;
    const seqFirst = spec.seqFirst ?? seqNext;
    const stated = {
      type: spec.type ?? FrameType.data,
      payloadBytes: payload.length,
      count,
      seqFirst,
      offset: spec.offset ?? offset,
      certified: spec.certified ?? offset,
      link: spec.link ?? link,
    };
    link = sealFrame(frame, spec.salt ?? head.salt, stated);
    parts.push(frame);
    built.offsets.push(offset);
    built.links.push(link);
    offset += frame.length;
    seqNext = seqFirst + count;
  }
  return { ...built, bytes: new Uint8Array(Buffer.concat(parts)), seqNext };
}

export interface Judged extends LogJudgement {
  codes: string[];
  seqs: number[];
  /** Those and the ones behind a fault. */
  readable: number[];
}

/** Scans and judges one segment; `seqs` are those that recovery would replay. */
export async function judgeBytes(bytes: Uint8Array, evidence: Evidence = {}, step?: number): Promise<Judged> {
  const seqs: number[] = [];
  const readable: number[] = [];
  const name = { name: '0000000001-00000000000000000001.wal', ordinal: 1, seqFirst: 1 };
  const open = async () => ({ ...sourceOf(bytes, { step }), close: async () => {} });
  const log = await scanLog([{ file: name.name, name, open }], evidence, {
    record: (record) => {
      if (!record.afterHole) seqs.push(record.seq);
      readable.push(record.seq);
      return undefined;
    },
  });
  const judgement = judgeLog(log, evidence);
  return {
    ...judgement,
    codes: judgement.findings.map((finding) => `${finding.severity} ${finding.code}`),
    seqs,
    readable,
  };
}
