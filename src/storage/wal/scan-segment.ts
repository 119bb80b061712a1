import { allZero } from '../../base/bytes.ts';
import type { ByteSource } from '../../base/source.ts';
import { findFrameHeader } from './find-frame-header.ts';
import {
  checkFrameBody,
  decodeFrameHeader,
  decodeSegmentHeader,
  type FrameHeader,
  FrameType,
  frameAlignment,
  frameBytes,
  frameHeaderBytes,
  frameName,
  hasZeroSector,
  payloadBytesMax,
  rangeOf,
  type SegmentHeader,
  type SegmentHeaderResult,
  sectorBytes,
  segmentHeaderBytes,
  seqsOf,
} from './format.ts';
import { recordsFit } from './records.ts';
import type { FrameEnd, Hole, HoleKind, ScanOptions, SegmentScan } from './scan-types.ts';
import { Window } from './window.ts';

const holesMax = 10_000;

/** Reads one segment from its header to its end, past every fault. Rejects only when the source does. */
export async function scanSegment(source: ByteSource, options: ScanOptions = {}): Promise<SegmentScan> {
  const window = new Window(source);
  try {
    return await scan(window, source, options);
  } finally {
    await window.settle();
  }
}

async function scan(window: Window, source: ByteSource, options: ScanOptions): Promise<SegmentScan> {
  await window.need(0, segmentHeaderBytes);
  const headerResult = decodeSegmentHeader(window.bytes.subarray(0, segmentHeaderBytes));
  let found = nothingFound(headerResult, options);
  if (headerResult.ok) {
    found.header = headerResult.header;
    await new SegmentScanner(window, found, headerResult.header, headerResult.link, options).run();
  } else if (options.pieced !== undefined && (headerResult.why === 'magic' || headerResult.why === 'bad-crc')) {
    const pieced: SegmentScan = { ...nothingFound(headerResult, options), pieced: options.pieced, severed: true };
    await new SegmentScanner(window, pieced, options.pieced, undefined, options).run();
    // Without a frame it may be any file: nothing shows that there ever was one.
    if (pieced.frames > 0) found = pieced;
  }
  if (found.stopped) return found;
  if (!window.ended && source.size === undefined)
    while ((await window.need(window.end, 1)) > 0) options.progress?.(window.end);
  found.size = window.ended ? window.end : (source.size ?? window.end);
  return found;
}

const nowhere: FrameEnd = { end: 0, link: 0, seqNext: 0 };

function nothingFound(headerResult: SegmentHeaderResult, options: ScanOptions): SegmentScan {
  return {
    headerResult,
    size: 0,
    frames: 0,
    records: 0,
    recordsAfterHole: 0,
    run: nowhere,
    last: nowhere,
    severed: false,
    lost: [],
    holes: [],
    holesOmitted: 0,
    certified: 0,
    sealed: false,
    closed: false,
    passed: (options.points ?? []).map(() => false),
    stopped: false,
  };
}

class SegmentScanner {
  readonly #window: Window;
  readonly #scan: SegmentScan;
  readonly #salt: number;
  readonly #options: ScanOptions;
  #at = segmentHeaderBytes;
  #link: number;
  #seqNext: number;
  #broken = false;
  /** The stretch before #at is a hole whose frame is unknown, so the next frame's link and seq cannot be foretold. */
  #adrift = false;

  /** Without a `link` the first frame follows nothing that is known. */
  constructor(
    window: Window,
    scan: SegmentScan,
    header: SegmentHeader,
    link: number | undefined,
    options: ScanOptions,
  ) {
    this.#window = window;
    this.#scan = scan;
    this.#salt = header.salt;
    this.#options = options;
    this.#link = link ?? 0;
    this.#adrift = link === undefined;
    this.#seqNext = header.seqFirst;
    this.#passGood();
  }

  async run(): Promise<void> {
    for (;;) {
      const window = this.#window;
      if (!window.holds(this.#at, frameHeaderBytes)) {
        this.#options.progress?.(this.#at);
        if ((await window.need(this.#at, frameHeaderBytes)) === 0) return;
      }
      const header = decodeFrameHeader(window.bytes, this.#at - window.base, this.#at, this.#salt);
      if (header === undefined) {
        if (await this.#resync(this.#at, await this.#badHeader())) continue;
        return;
      }
      this.#scan.certified = Math.max(this.#scan.certified, Math.min(header.certified, header.offset));
      const total = frameBytes(header.payloadBytes);
      if (header.payloadBytes > payloadBytesMax) {
        if (await this.#resync(this.#at, this.#holeAt('header', this.#at))) continue;
        return;
      }
      if (!window.holds(this.#at, total) && (await window.need(this.#at, total)) < total) {
        const hole: Hole = { ...this.#holeAt('cut', this.#at), ...rangeOf(header) };
        if (await this.#resync(this.#at, hole)) continue;
        return;
      }
      const done = this.#frame(header, total);
      if ((typeof done === 'object' ? await done : done) === false) {
        this.#scan.stopped = true;
        return;
      }
    }
  }

  /** A sound header whose whole frame is in the window. Moves on behind it. */
  #frame(header: FrameHeader, total: number): undefined | boolean | Promise<undefined | boolean> {
    const scan = this.#scan;
    const from = this.#at - this.#window.base;
    const bytes = this.#window.bytes.subarray(from, from + total);
    const body = checkFrameBody(bytes.subarray(frameHeaderBytes), header, this.#salt);
    const payload = bytes.subarray(frameHeaderBytes, frameHeaderBytes + header.payloadBytes);
    this.#resume(header);
    this.#checkPlace(header);
    this.#at += total;
    this.#link = header.headerCrc;
    this.#seqNext = header.seqFirst + seqsOf(header);
    if (!body.ok || (header.type === FrameType.data && !recordsFit(payload, header.count))) {
      this.#report({
        ...this.#holeAt(body.ok ? 'records' : 'payload', header.offset),
        ...rangeOf(header),
        end: this.#at,
        zeroSector: hasZeroSector(bytes, header.offset, header.offset, this.#at, this.#at),
        ...(!body.ok && { got: body.got, expected: header.payloadCrc }),
      });
      return undefined;
    }
    scan.frames++;
    if (header.type === FrameType.data) {
      scan.records += header.count;
      if (this.#broken) scan.recordsAfterHole += header.count;
    }
    if (seqsOf(header) > 0) scan.seqFirst ??= header.seqFirst;
    if (header.type === FrameType.lost && header.count > 0 && scan.lost.length < holesMax) {
      const seqLast = header.seqFirst + header.count - 1;
      scan.lost.push({ offset: header.offset, seqFirst: header.seqFirst, seqLast });
    }
    [scan.sealed, scan.closed] = [header.type === FrameType.seal, header.type === FrameType.close];
    this.#passGood();
    return this.#options.visit?.(header, payload, scan.severed);
  }

  /** Whatever is found wrong with this frame itself severs again. */
  #resume({ offset, link, seqFirst }: FrameHeader): void {
    const { resume } = this.#options;
    if (!this.#scan.severed || resume?.end !== offset || resume.link !== link || resume.seqNext !== seqFirst) return;
    this.#scan.severed = false;
    this.#scan.resumed = { end: offset, link, seqNext: seqFirst };
  }

  /** Does this sound frame belong here? */
  #checkPlace(header: FrameHeader): void {
    if (this.#scan.sealed) this.#report(this.#holeAt('after-seal', header.offset));
    if (!this.#adrift && header.link !== this.#link) {
      this.#report({ ...this.#holeAt('link', header.offset), got: header.link, expected: this.#link });
    }
    // What the header that cannot be read had for a checksum.
    if (this.#scan.pieced && header.offset === segmentHeaderBytes) {
      this.#link = header.link;
      this.#passGood();
    }
    const hole = this.#adrift && header.seqFirst >= this.#seqNext ? this.#scan.holes.at(-1) : undefined;
    if (hole !== undefined) this.#closeHole(hole, header.seqFirst);
    else if (header.seqFirst > this.#seqNext) {
      const [got, expected] = [header.seqFirst, this.#seqNext];
      this.#report({ ...this.#holeAt('seq-gap', header.offset), seqFirst: expected, seqLast: got - 1, got, expected });
    } else if (header.seqFirst < this.#seqNext) {
      this.#report({ ...this.#holeAt('seq-back', header.offset), got: header.seqFirst, expected: this.#seqNext });
    }
    this.#adrift = false;
    if (header.certified > header.offset) {
      this.#report({ ...this.#holeAt('certified', header.offset), got: header.certified, expected: header.offset });
    }
    if (frameName(header.type) === undefined)
      this.#report({ ...this.#holeAt('newer-type', header.offset), got: header.type });
  }

  /** The frame after a hole tells how many seqs the hole holds. */
  #closeHole(hole: Hole, seqFound: number): void {
    delete hole.seqFirst;
    delete hole.seqLast;
    if (seqFound > this.#seqNext) Object.assign(hole, { seqFirst: this.#seqNext, seqLast: seqFound - 1 });
  }

  /** No sound header at #at: is it a cut, or a sector that never came? */
  async #badHeader(): Promise<Hole> {
    const window = this.#window;
    const sectorRest = frameHeaderBytes + sectorBytes;
    const held = await window.need(this.#at, sectorRest);
    const hole = this.#holeAt(held < frameHeaderBytes ? 'cut' : 'header', this.#at);
    hole.follows = { link: this.#link, seqNext: this.#seqNext };
    const to = this.#at + Math.min(held, sectorRest);
    hole.zeroSector = hasZeroSector(window.bytes, window.base, this.#at, to, this.#at + frameHeaderBytes);
    return hole;
  }

  /** Looks for the next sound header after `from` at every multiple of 8. False at the end of the file. */
  async #resync(from: number, hole: Hole): Promise<boolean> {
    const window = this.#window;
    let zeros = true;
    let at = from;
    for (;;) {
      const held = await window.need(at, frameHeaderBytes * 1024);
      const bytes = window.bytes;
      // What lies at `from` is the hole itself, whether or not a header stands there.
      const first = at === from ? at + 1 : at;
      const next = held === 0 ? -1 : findFrameHeader(bytes, first - window.base, window.base, this.#salt);
      const stop = next >= 0 ? next : window.ended ? window.end : window.end - frameHeaderBytes;
      zeros &&= allZero(bytes, at - window.base, Math.max(at, stop) - window.base);
      if (next < 0 && !window.ended) {
        at = Math.max(at + frameAlignment, stop - (stop % frameAlignment));
        this.#options.progress?.(at);
        continue;
      }
      hole.end = stop;
      hole.allZeros = zeros;
      hole.atEnd = next < 0;
      if (hole.atEnd && zeros) hole.kind = 'zeros';
      else if (this.#scan.sealed) hole.kind = 'after-seal';
      else if (!hole.atEnd && hole.kind === 'cut') hole.kind = 'header';
      this.#report(hole);
      this.#adrift = true;
      this.#at = stop;
      return next >= 0;
    }
  }

  #holeAt(kind: HoleKind, offset: number): Hole {
    return { kind, offset, end: offset, zeroSector: false, allZeros: false, atEnd: false };
  }

  #report(hole: Hole): void {
    this.#broken = true;
    if (hole.kind !== 'zeros') {
      this.#scan.severed = true;
      this.#options.hole?.();
    }
    if (this.#scan.holes.length < holesMax) this.#scan.holes.push(hole);
    else this.#scan.holesOmitted++;
  }

  /** Notes the end of a good frame (or of the header). */
  #passGood(): void {
    const scan = this.#scan;
    const here: FrameEnd = { end: this.#at, link: this.#link, seqNext: this.#seqNext };
    scan.last = here;
    if (scan.resumed && !scan.severed) scan.resumed = here;
    if (this.#broken) return;
    scan.run = here;
    const points = this.#options.points;
    if (points === undefined) return;
    for (let index = 0; index < points.length; index++) {
      if (points[index]?.offset === this.#at && points[index]?.link === this.#link) scan.passed[index] = true;
    }
  }
}
