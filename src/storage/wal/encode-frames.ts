import { writeVarint } from '../../base/varint.ts';
import { type FrameType, frameBytes, frameHeaderBytes, sealFrame } from './format.ts';
import type { FrameEnd } from './scan-types.ts';

/** A frame to be written. */
export type FrameDraft =
  | {
      type: typeof FrameType.open | typeof FrameType.close | typeof FrameType.seal | typeof FrameType.snapshot;
      payload: Uint8Array;
    }
  /** Seqs that are lost, or so many records, packed. */
  | { type: typeof FrameType.lost | typeof FrameType.data; payload: Uint8Array; count: number };

/** Where the next frame goes. Everything before it is durable. */
export interface LogEnd extends FrameEnd {
  segment: { name: string; ordinal: number; salt: number };
}

/** Encodes frames that follow `at`, all stating the same certified end: what was durable before this write. */
export function encodeFrames(drafts: readonly FrameDraft[], at: LogEnd): { bytes: Uint8Array; at: LogEnd } {
  const bytes = new Uint8Array(drafts.reduce((sum, { payload }) => sum + frameBytes(payload.length), 0));
  let { end, link, seqNext } = at;
  for (const draft of drafts) {
    const payloadBytes = draft.payload.length;
    const from = end - at.end;
    const frame = bytes.subarray(from, from + frameBytes(payloadBytes));
    frame.set(draft.payload, frameHeaderBytes);
    const count = 'count' in draft ? draft.count : 0;
    const header = { type: draft.type, payloadBytes, count, seqFirst: seqNext, offset: end, certified: at.end, link };
    link = sealFrame(frame, at.segment.salt, header);
    end += frame.length;
    seqNext += count;
  }
  return { bytes, at: { segment: at.segment, end, link, seqNext } };
}

export function varintPayload(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 8);
  let at = 0;
  for (const value of values) at = writeVarint(bytes, at, value);
  return bytes.subarray(0, at);
}
