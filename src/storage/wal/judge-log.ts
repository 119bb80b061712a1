import { hex32 } from '../../base/bytes.ts';
import type { Code } from '../../base/code.ts';
import type { Finding, Severity } from '../../base/finding.ts';
import type { LostRange } from '../types.ts';
import { certifiedEnds } from './certified-ends.ts';
import { forkedOf } from './forked.ts';
import { sealBytes, segmentHeaderBytes } from './format.ts';
import type { FoundSlot } from './head.ts';
import { type EndJudgement, judgeEnd } from './judge-end.ts';
import { headerFindings } from './judge-header.ts';
import { belongs, gotExpected, headerOf, isReadable, lostBut, seqFirstOf, seqs, usedFrames } from './judge-parts.ts';
import { type Evidence, isForeign, type LogScan, type SegmentResult } from './scan-log.ts';
import type { Hole } from './scan-types.ts';
import { foreignBehind, straysOf } from './strays.ts';
import { judgeHole } from './verdict.ts';

export interface LogJudgement extends Pick<EndJudgement, 'bounded'> {
  findings: Finding[];
  /** Sorted, merged. */
  lost: LostRange[];
  /** More may be lost than `lost` says. */
  lostUnknown: boolean;
  /** Seq after the last record that is known to have existed. */
  seqNext: number;
  endProven: boolean;
  /** For each segment the largest offset below which something proves that it was durable. */
  certified: ReadonlyMap<SegmentResult, number>;
  /** Files behind the end of the log that are no part of it. */
  strays: ReadonlySet<SegmentResult>;
  /** Of a copy of this store that went its own way. */
  forked: ReadonlySet<SegmentResult>;
  tail?: { file: string; offset: number; bytes: number };
}

/**
 * Turns the facts of a scan into findings: holes by the table in verdict.ts, links between segments and HEAD by the
 * rules in FORMAT.md.
 */
export function judgeLog(log: LogScan, evidence: Evidence): LogJudgement {
  const judge = new Judge(log, evidence);
  judge.links();
  judge.holes();
  // Reading that was stopped on purpose saw no end.
  if (!log.stopped) judge.end();
  return judge.done();
}

class Judge {
  /** Without the strays, and what is of another store behind its end. */
  readonly #log: LogScan;
  /** Of those, all that are of this history. */
  readonly #own: LogScan;
  readonly #strays: ReadonlySet<SegmentResult>;
  readonly #foreign: ReadonlySet<SegmentResult>;
  readonly #forked: ReadonlySet<SegmentResult>;
  readonly #evidence: Evidence;
  readonly #head: FoundSlot | undefined;
  readonly #findings: Finding[] = [];
  readonly #lost: LostRange[] = [];
  readonly #certified: ReadonlyMap<SegmentResult, number>;
  #lostUnknown = false;
  #tail: LogJudgement['tail'];
  #unreadableTail: LogJudgement['tail'];
  #end: Pick<EndJudgement, 'proven' | 'bounded'> = { proven: false, bounded: false };

  constructor(log: LogScan, evidence: Evidence) {
    this.#evidence = evidence;
    const foreign = evidence.head && evidence.storeId && evidence.head.storeId !== evidence.storeId;
    if (foreign) this.#add('E_HEAD_FOREIGN', 'note', 'HEAD', 'HEAD carries the id of another store and is not used');
    this.#head = foreign ? undefined : evidence.head;
    this.#strays = straysOf(log, this.#head, evidence.storeId);
    const segments = log.segments.filter((result) => !this.#strays.has(result));
    this.#foreign = foreignBehind({ ...log, segments }, evidence);
    this.#log = { ...log, segments: segments.filter((result) => !this.#foreign.has(result)) };
    this.#forked = evidence.alone ? new Set() : forkedOf(this.#log, this.#head, evidence.storeId);
    this.#own = { ...this.#log, segments: this.#log.segments.filter((result) => !this.#forked.has(result)) };
    this.#certified = certifiedEnds(this.#own, this.#head, evidence);
  }

  /** Headers, names, store ids, and each segment against the one before it. */
  links(): void {
    let before: SegmentResult | undefined;
    let ordinalBefore: number | undefined;
    // Between `before`, whose header can be read, and this one lies one whose header cannot, or that belongs elsewhere.
    let unreadable = false;
    const { storeId } = this.#evidence;
    for (const result of this.#log.segments) {
      const { name } = result.input;
      const isForked = this.#forked.has(result);
      const fits = belongs(result, storeId) && !isForked;
      this.#findings.push(...headerFindings(result, storeId));
      if (isForked)
        this.#add('E_FOREIGN_SEGMENT', 'corrupt', result.input.file, 'segment is of a copy that went its own way');
      if (name && ordinalBefore !== undefined && name.ordinal > ordinalBefore + 1)
        this.#gap(result, before, ordinalBefore);
      else if (before && belongs(before, storeId) && fits) this.#link(before, result, unreadable);
      else if (fits && before) this.#lose(before.input.name?.seqFirst ?? 1, seqFirstOf(result, storeId) - 1);
      before = fits ? result : (before ?? result);
      unreadable = !fits;
      ordinalBefore = name?.ordinal ?? ordinalBefore;
    }
    for (const finding of [...this.#strays].flatMap((stray) => headerFindings(stray, storeId))) {
      this.#findings.push({ ...finding, message: `behind the end of the log: ${finding.message}` });
    }
    this.#findings.push(...[...this.#foreign].flatMap((result) => headerFindings(result, storeId)));
    // Reading that was stopped on purpose saw no last one.
    if (unreadable && before && !this.#log.stopped) this.#loseLast(before);
  }

  /**
   * What the last segment held is gone as a whole, and so is what lies between it and the last that can be read: what
   * that was, only HEAD can say.
   */
  #loseLast(before: SegmentResult): void {
    const { storeId } = this.#evidence;
    const last = this.#log.segments.at(-1) as SegmentResult;
    // Where HEAD stands is judged at the end, and theirs says nothing of ours.
    if (this.#forked.has(last)) return;
    const { input, scan } = last;
    const head = this.#head?.ordinal === input.name?.ordinal ? this.#head : undefined;
    const isOwn = belongs(before, storeId);
    const from = isOwn ? before.scan.last.seqNext : seqFirstOf(before, storeId);
    // Under another name it can be read, and says itself where it begins.
    if (isReadable(last, storeId)) {
      this.#lose(from, seqFirstOf(last, storeId) - 1);
      return;
    }
    // No segment is used before the one in front of it has its SEAL: what this was, its name alone does not prove.
    const isOpen = isOwn && !before.scan.sealed && before.scan.holes.length === 0;
    const isSaid = !isOpen && !isForeign(scan.header, this.#evidence);
    this.#lose(from, head?.seqLast ?? (isSaid ? seqFirstOf(last, storeId) : from) - 1);
    // Behind the end that HEAD knows there may have been more, but not in a file that is a header and nothing else. One
    // that is shorter was cut: it gets its name when its header is on disk.
    const isEmpty = scan.header === undefined && scan.size === segmentHeaderBytes;
    this.#lostUnknown = head === undefined ? !isEmpty : scan.header === undefined && scan.size > head.end;
  }

  #gap(result: SegmentResult, before: SegmentResult | undefined, ordinalBefore: number): void {
    const ordinal = result.input.name?.ordinal ?? 0;
    const first = ordinalBefore + 1;
    const which = ordinal - 1 === first ? `segment ${first} is` : `segments ${first} to ${ordinal - 1} are`;
    const { storeId } = this.#evidence;
    const isRead = before && belongs(before, storeId);
    const seqFrom = isRead ? before.scan.last.seqNext : before && seqFirstOf(before, storeId);
    // What a file of another store is called says nothing of how far this log went.
    const seqTo = isForeign(result.scan.header, this.#evidence) ? 0 : seqFirstOf(result, storeId) - 1;
    this.#add('E_MISSING_SEGMENT', 'corrupt', result.input.file, `${which} missing before this one`, {
      ...(seqFrom !== undefined && seqFrom <= seqTo && { seqFirst: seqFrom, seqLast: seqTo }),
    });
    if (seqFrom !== undefined) this.#lose(seqFrom, seqTo);
  }

  #link(before: SegmentResult, result: SegmentResult, unreadableBetween: boolean): void {
    const a = before.scan;
    const [own, header] = [headerOf(before), headerOf(result)];
    if (header === undefined || own === undefined) return;
    const inUse = usedFrames(result);
    if (!a.sealed) {
      // It may be taken back only if nothing is missing before it and nothing proves that SEAL was durable.
      const whole =
        header.prevEnd === a.last.end + sealBytes &&
        header.prevSalt === own.salt &&
        header.seqFirst === a.last.seqNext &&
        (this.#head === undefined || this.#head.ordinal < header.ordinal);
      if (!inUse && whole && this.#log.segments.at(-1) === result) {
        this.#add(
          'E_ROTATION_UNFINISHED',
          'note',
          result.input.file,
          'segment was created but never used: the rotation was interrupted',
        );
        return;
      }
      this.#lose(a.last.seqNext, header.seqFirst - 1);
      if (!a.holes.some((hole) => hole.atEnd && hole.kind !== 'zeros')) {
        this.#add('E_NOT_SEALED', 'corrupt', before.input.file, 'no SEAL, although the next segment is in use', {
          offset: a.last.end,
          ...seqs(a.last.seqNext, header.seqFirst - 1),
        });
      }
      return;
    }
    // Of a header that was pieced together, the first seq is all that can be held against the one before.
    const chain = (end: number, link: number, salt: number): string =>
      result.scan.pieced ? '' : `end ${end}, link ${hex32(link)}, salt ${hex32(salt)}, `;
    const got = `${chain(header.prevEnd, header.prevLink, header.prevSalt)}seq ${header.seqFirst}`;
    const expected = `${chain(a.last.end, a.last.link, own.salt)}seq ${a.last.seqNext}`;
    if (got === expected && header.ordinal === own.ordinal + 1) return;
    this.#lose(a.last.seqNext, header.seqFirst - 1);
    // It follows the one between, whose own finding says all.
    if (unreadableBetween) return;
    this.#add('E_SEGMENT_CHAIN', 'corrupt', result.input.file, 'segment does not follow the one before it', {
      offset: 0,
      got,
      expected,
    });
  }

  holes(): void {
    // What is wrong within a segment of another history is nothing of ours.
    for (const result of this.#own.segments) {
      const { scan, input } = result;
      for (const { offset, seqFirst, seqLast } of scan.lost) {
        const range = { offset, seqFirst, seqLast };
        this.#add('E_LOST', 'note', input.file, 'events that were lost before this log was salvaged', range);
      }
      for (const hole of scan.holes) this.#hole(result, hole);
      if (scan.holesOmitted > 0) {
        const message = `${scan.holesOmitted} more faults in this segment are not listed`;
        this.#add('E_FRAME_HEADER', 'corrupt', input.file, message);
        this.#lostUnknown = true;
      }
    }
  }

  #hole(result: SegmentResult, hole: Hole): void {
    const { input, scan } = result;
    // Zeros behind a SEAL, or behind the end that a later segment states, hide nothing.
    const wholeLog = hole.kind === 'zeros' && scan.sealed && hole.offset === scan.last.end;
    const ruling = judgeHole(hole, wholeLog ? 0 : (this.#certified.get(result) ?? 0));
    this.#add(ruling.code, ruling.severity, input.file, ruling.message, {
      offset: hole.offset,
      ...(hole.end > hole.offset && { end: hole.end }),
      ...(hole.seqFirst !== undefined && hole.seqLast !== undefined && seqs(hole.seqFirst, hole.seqLast)),
      ...gotExpected(hole),
    });
    const unreadable = ruling.severity === 'torn' || ruling.severity === 'ambiguous';
    if (unreadable || ruling.code === 'E_PADDING') {
      const tail = { file: input.file, offset: hole.offset, bytes: scan.size - hole.offset };
      // Padding behind a SEAL, or under an unreadable tail, is not what a writer would trim.
      if (unreadable) this.#tail = this.#unreadableTail ??= tail;
      else if (!wholeLog) this.#tail ??= tail;
      return;
    }
    if (ruling.severity !== 'corrupt') return;
    if (hole.seqFirst !== undefined && hole.seqLast !== undefined) this.#lose(hole.seqFirst, hole.seqLast);
    else if (hole.atEnd && result === this.#own.segments.at(-1)) this.#lostUnknown = true;
  }

  /** Does the log reach as far as HEAD, and a SEAL, prove? */
  end(): void {
    const end = judgeEnd(this.#own, this.#head, { alone: this.#evidence.alone === true, seqNext: this.#seqNext() });
    this.#findings.push(...end.findings);
    for (const range of end.lost) this.#lose(range.seqFirst, range.seqLast);
    if (end.lostUnknown !== undefined) this.#lostUnknown = end.lostUnknown;
    this.#end = end;
  }

  #seqNext(): number {
    const first = this.#log.segments[0]?.input.name?.seqFirst ?? 1;
    return this.#readable().reduce((seq, { scan }) => Math.max(seq, scan.last.seqNext), first);
  }

  #readable(): SegmentResult[] {
    return this.#own.segments.filter((result) => isReadable(result, this.#evidence.storeId));
  }

  /** Seqs are dense: what the files that can be read leave out between them is gone, whatever they are called. */
  #loseBetween(): void {
    const firsts = this.#readable().map((result) => seqFirstOf(result, this.#evidence.storeId));
    if (firsts.length > 0) this.#lose(Math.min(...firsts), this.#seqNext() - 1);
  }

  done(): LogJudgement {
    if (!this.#log.stopped) this.#loseBetween();
    const last = this.#own.segments.at(-1)?.scan;
    return {
      findings: this.#findings,
      // Segments under wrong names, or with damaged headers: what stands elsewhere can still be read.
      lost: lostBut(this.#lost, this.#readable()),
      lostUnknown: this.#lostUnknown,
      seqNext: this.#seqNext(),
      endProven: this.#end.proven || last?.sealed === true,
      bounded: this.#end.bounded,
      certified: this.#certified,
      strays: this.#strays,
      forked: this.#forked,
      ...(this.#tail && { tail: this.#tail }),
    };
  }

  #lose(seqFirst: number, seqLast: number): void {
    if (seqLast >= seqFirst) this.#lost.push({ seqFirst, seqLast });
  }

  #add(code: Code, severity: Severity, file: string, message: string, more: Partial<Finding> = {}): void {
    this.#findings.push({ code, severity, file, message, ...more });
  }
}
