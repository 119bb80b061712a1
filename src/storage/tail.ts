import { hasErrno } from '../base/errors.ts';
import { join } from '../base/path.ts';
import { type OpenSource, openSource } from '../fs/read.ts';
import { listWal, readHead, walFolder } from './folder.ts';
import type { StorageEnv } from './types.ts';
import {
  checkFrameBody,
  decodeFrameHeader,
  decodeSegmentHeader,
  FrameType,
  frameBytes,
  frameHeaderBytes,
  frameName,
  segmentHeaderBytes,
} from './wal/format.ts';
import type { HeadSlot } from './wal/head.ts';
import { forEachRecord, recordsFit } from './wal/records.ts';
import { Window } from './wal/window.ts';

/** Where a reader stands: it has seen everything before. */
interface Place {
  ordinal: number;
  offset: number;
  link: number;
  salt: number;
  seqNext: number;
}

/** HEAD may be caught in the middle of a write, and then the slot before it counts; but not so many times in a row. */
const olderLooksMax = 3;

/**
 * Follows a log that somebody else writes, from HEAD to HEAD: what it hands out is durable, what it reads is only what
 * came since, and a look at a log that is at rest costs one small read. It judges nothing: where what it finds does not
 * continue what it has seen, it is `lost`, and whoever wants to know why reads the log as a whole.
 */
export class LogTail {
  readonly #env: StorageEnv;
  readonly #storeDir: string;
  #place: Place | undefined;
  #counter = -1;
  #olderLooks = 0;

  constructor(env: StorageEnv, storeDir: string) {
    this.#env = env;
    this.#storeDir = storeDir;
  }

  /** Stands at the durable end. False when there is no HEAD that can be used. Rejects with E_READ. */
  async begin(): Promise<boolean> {
    const head = await this.#head();
    this.#place = head && placeOf(head);
    this.#counter = head?.counter ?? -1;
    this.#olderLooks = 0;
    return head !== undefined;
  }

  /**
   * Hands out the records that have become durable since the last call; the bytes are valid during the call only.
   * Rejects with E_READ.
   */
  async next(visit: (record: Uint8Array, seq: number) => void): Promise<'quiet' | 'moved' | 'lost'> {
    const head = await this.#head();
    const place = this.#place;
    if (head === undefined || place === undefined) return 'lost';
    if (head.counter === this.#counter) return 'quiet';
    if (head.seqLast < place.seqNext - 1 || head.ordinal < place.ordinal) {
      this.#olderLooks++;
      return this.#olderLooks < olderLooksMax ? 'quiet' : 'lost';
    }
    this.#olderLooks = 0;
    const reached = await this.#readUpTo(place, head, visit);
    if (reached === undefined) return 'lost';
    this.#place = reached;
    this.#counter = head.counter;
    return reached.seqNext > place.seqNext ? 'moved' : 'quiet';
  }

  /** It stands somewhere: `next` costs what is new, and no more. */
  get follows(): boolean {
    return this.#place !== undefined;
  }

  async #head(): Promise<HeadSlot | undefined> {
    return (await readHead(this.#env, this.#storeDir)).slot;
  }

  async #readUpTo(from: Place, head: HeadSlot, visit: Visit): Promise<Place | undefined> {
    let place: Place | undefined = from;
    while (place !== undefined && place.ordinal < head.ordinal) place = await this.#overSeal(place, visit);
    if (place === undefined || place.salt !== head.salt) return undefined;
    const end = await this.#inSegment(place, (source) => readFrames(source, place, head.end, visit));
    return end?.offset === head.end && end.link === head.link && end.seqNext === head.seqLast + 1 ? end : undefined;
  }

  /** To the end of this segment, and into the next one. */
  async #overSeal(place: Place, visit: Visit): Promise<Place | undefined> {
    const sealed = await this.#inSegment(place, (source) => readFrames(source, place, 'seal', visit));
    if (sealed === undefined) return undefined;
    return await this.#inSegment({ ...sealed, ordinal: sealed.ordinal + 1 }, async (source) => {
      const bytes = new Uint8Array(segmentHeaderBytes);
      const result = decodeSegmentHeader(bytes.subarray(0, await source.read(bytes, 0)));
      if (!result.ok) return undefined;
      const { header, link } = result;
      const follows = header.prevLink === sealed.link && header.prevSalt === sealed.salt;
      if (!follows || header.prevEnd !== sealed.offset || header.seqFirst !== sealed.seqNext) return undefined;
      const { ordinal, salt, seqFirst } = header;
      return { ordinal, offset: segmentHeaderBytes, link, salt, seqNext: seqFirst };
    });
  }

  /** Undefined too when cleaning has taken the segment away. */
  async #inSegment<T>(
    { ordinal }: { ordinal: number },
    use: (source: OpenSource) => Promise<T>,
  ): Promise<T | undefined> {
    const folder = join(this.#storeDir, walFolder);
    const name = (await listWal(this.#env, folder)).segments.find((segment) => segment.ordinal === ordinal)?.name;
    if (name === undefined) return undefined;
    try {
      const source = await openSource(this.#env.fs, join(folder, name));
      try {
        return await use(source);
      } finally {
        await source.close();
      }
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  }
}

type Visit = (record: Uint8Array, seq: number) => void;

function placeOf({ ordinal, end, link, salt, seqLast }: HeadSlot): Place {
  return { ordinal, offset: end, link, salt, seqNext: seqLast + 1 };
}

/** Undefined when a frame does not continue what stands before it. */
async function readFrames(
  source: { read(buffer: Uint8Array, position: number): Promise<number> },
  from: Place,
  to: number | 'seal',
  visit: Visit,
): Promise<Place | undefined> {
  let { offset, link, seqNext } = from;
  const window = new Window({ read: (buffer, position) => source.read(buffer, from.offset + position) });
  try {
    while (to === 'seal' || offset < to) {
      if ((await window.need(offset - from.offset, frameHeaderBytes)) < frameHeaderBytes) return undefined;
      const header = decodeFrameHeader(window.bytes, offset - from.offset - window.base, offset, from.salt);
      if (header === undefined || header.link !== link || header.seqFirst !== seqNext) return undefined;
      const total = frameBytes(header.payloadBytes);
      if ((await window.need(offset - from.offset, total)) < total) return undefined;
      const at = offset - from.offset - window.base;
      const body = window.bytes.subarray(at + frameHeaderBytes, at + total);
      if (!checkFrameBody(body, header, from.salt).ok) return undefined;
      const name = frameName(header.type);
      // A hole that salvage owns is a matter for those who read the whole log.
      if (name === undefined || name === 'lost') return undefined;
      if (name === 'data') {
        const payload = body.subarray(0, header.payloadBytes);
        if (!recordsFit(payload, header.count)) return undefined;
        forEachRecord(payload, (record, index) => visit(record, header.seqFirst + index));
        seqNext += header.count;
      }
      offset += total;
      link = header.headerCrc;
      if (header.type === FrameType.seal) return to === 'seal' ? { ...from, offset, link, seqNext } : undefined;
    }
    return { ...from, offset, link, seqNext };
  } finally {
    await window.settle();
  }
}
