import type { Code } from '../base/code.ts';
import type { Severity } from '../base/finding.ts';
import { count, FindingList } from './findings.ts';
import { Habits } from './habits.ts';
import { isRecord, type LineCodec, type LineRecord, type NotARecord } from './line-codec.ts';
import { type Piece, piecesOf } from './line-pieces.ts';
import type { LineReader } from './lines.ts';
import { RunTracker } from './runs.ts';
import { type SeqValue, shown } from './seq.ts';
import type { ForeignEvent, ForeignLogSummary } from './types.ts';

const carriageReturn = 0x0d;
const byteOrderMark = [0xef, 0xbb, 0xbf];

/**
 * Judges a log piece by piece as LineReader cuts it: what is a record, what is damage in the middle, what is a torn
 * end.
 *
 * A line that is not one record is searched for records inside: a writer that met a full disk leaves part of a record
 * without a newline, and the next record is appended to it. Torn is only what a crash explains at the very end: the
 * beginning of a record, or NULs.
 */
export class LineJudge {
  readonly #codec: LineCodec;
  readonly #file: string;
  readonly #wants: { events: boolean; damaged: boolean };
  readonly #findings: FindingList;
  readonly #runs: RunTracker;
  /** Records of the pieces taken since the caller emptied it. */
  readonly events: ForeignEvent[] = [];

  #record = 0;
  #before = 0;
  #after = 0;
  #glued = 0;
  #damaged = 0;
  #withoutPayload = 0;
  #broken = false;
  #shift = 0;
  /** NULs seen last; whether they are a torn end shows with the next piece, or its absence. */
  #zeros: { offset: number; end: number } | undefined;
  readonly #habits = new Habits();

  constructor(codec: LineCodec, file: string, wants: { events: boolean; damaged: boolean }) {
    this.#codec = codec;
    this.#file = file;
    this.#wants = wants;
    this.#findings = new FindingList(file);
    this.#runs = new RunTracker(this.#findings, { startsAtOne: codec.startsAtOne });
  }

  take(line: LineReader): void {
    if (this.#zeros !== undefined) this.#zerosInside(this.#zeros);
    if (line.kind === 'zeros') {
      this.#zeros = { offset: line.offset, end: line.offset + line.length };
    } else if (line.kind === 'oversized') {
      const end = line.offset + line.length;
      this.#damage(line.offset, end, 'E_LOG_LONG_LINE', 'corrupt', 'the line is longer than any record', undefined);
    } else {
      this.#line(line);
    }
  }

  finish(bytes: number, stopped: boolean): ForeignLogSummary {
    if (this.#zeros !== undefined) {
      const { offset, end } = this.#zeros;
      this.#torn('E_LOG_ZEROS', offset, end, `${count(end - offset, 'NUL byte')} after the last record`, undefined);
    }
    this.#runs.finish();
    this.#habits.report(this.#findings);
    const records = this.#before + this.#after + this.#glued;
    if (records === 0 && this.#damaged === 0 && !stopped) {
      this.#findings.add({
        code: 'E_LOG_EMPTY',
        severity: 'note',
        offset: 0,
        message: 'there is no record in the file',
      });
    }
    const severity = this.#findings.worst();
    const { lowest, highest, missing, missingCount, outOfOrder, duplicates, conflicts, runs } = this.#runs;
    return {
      format: this.#codec.name,
      file: this.#file,
      bytes,
      records,
      recordsBeforeDamage: this.#before,
      recordsAfterDamage: this.#after,
      recordsGlued: this.#glued,
      damaged: this.#damaged,
      ...(lowest === undefined ? {} : { seqFirst: String(lowest) }),
      ...(highest === undefined ? {} : { seqLast: String(highest) }),
      missing,
      missingCount: String(missingCount),
      restarts: Math.max(0, runs - 1),
      outOfOrder,
      duplicates,
      conflicts,
      withoutPayload: this.#withoutPayload,
      findings: this.#findings.list(),
      ...(severity === undefined ? {} : { severity }),
      stopped,
    };
  }

  #line(line: LineReader): void {
    const { buffer } = line;
    let { start, end } = line;
    this.#shift = line.offset - start;
    if (line.offset === 0 && byteOrderMark.every((byte, at) => start + at < end && buffer[start + at] === byte)) {
      const message =
        'a byte order mark, which the system never writes and its reader refuses; no record is lost by it';
      this.#findings.add({ code: 'E_LOG_BOM', severity: 'degraded', offset: 0, end: 3, message });
      start += 3;
    }
    if (line.terminated && end > start && buffer[end - 1] === carriageReturn) {
      end--;
      this.#habits.see('E_LOG_CRLF', line.offset);
    }
    if (start === end) {
      if (line.terminated) this.#habits.see('E_LOG_BLANK', line.offset);
      return;
    }
    const parsed = this.#codec.parse(buffer, start, end);
    if (isRecord(parsed)) {
      if (!line.terminated && this.#codec.endIsOpen) this.#habits.see('E_LOG_OPEN_END', line.offset);
      this.#sound(buffer, start, end, parsed, false);
    } else {
      this.#brokenLine(buffer, start, end, parsed, line.terminated);
    }
  }

  /** Takes a line apart that is not one record. */
  #brokenLine(buffer: Buffer, start: number, end: number, whole: NotARecord, terminated: boolean): void {
    const pieces = piecesOf(this.#codec, buffer, start, end, whole);
    let damagedHere = false;
    for (const [at, piece] of pieces.entries()) {
      const isLast = at === pieces.length - 1;
      if (isRecord(piece.parsed)) {
        this.#sound(buffer, piece.start, piece.end, piece.parsed, damagedHere);
        if (isLast || !isRecord((pieces[at + 1] as Piece).parsed)) continue;
        const message = 'the next record follows without a line break: the byte between them is gone, no record is';
        const offset = piece.end + this.#shift;
        this.#broken = damagedHere = true;
        this.#findings.add({ code: 'E_LOG_GLUED', severity: 'corrupt', offset, end: offset, message });
      } else if (isLast && !terminated) {
        this.#end(buffer, piece, piece.parsed);
      } else {
        damagedHere = true;
        this.#fragment(buffer, piece, piece.parsed, isLast);
      }
    }
  }

  #sound(buffer: Buffer, start: number, end: number, record: LineRecord, glued: boolean): void {
    const offset = start + this.#shift;
    const to = end + this.#shift;
    if (record.checksum === 'bad') {
      const why = this.#codec.whyBad(buffer, start, end);
      this.#damage(offset, to, 'E_LOG_CHECKSUM', 'corrupt', why.message, record.seq, why);
      if (this.#wants.damaged) this.#event(offset, to, record);
      return;
    }
    this.#record++;
    if (glued) this.#glued++;
    else if (this.#broken) this.#after++;
    else this.#before++;
    if (record.type === 'ENQUEUE') this.#withoutPayload++;
    if (!record.asWritten) this.#habits.see('E_LOG_FORM', offset);
    if (!record.known) {
      const seq = shown(record.seq);
      const message = 'an event type that walq does not know: a newer system wrote it';
      const where = { offset, end: to, seqFirst: seq, seqLast: seq };
      this.#findings.add({ code: 'E_LOG_TYPE', severity: 'newer', ...where, message, got: record.type });
    }
    this.#runs.add(record.seq, record.mark, offset, to);
    if (this.#wants.events) this.#event(offset, to, record);
  }

  #event(offset: number, end: number, record: LineRecord): void {
    const { seq, type, known, jobId, timeMs, details, checksum } = record;
    const event: ForeignEvent = {
      seq: String(seq),
      type,
      known,
      jobId,
      file: this.#file,
      record: this.#record,
      offset,
      end,
      run: Math.max(1, this.#runs.runs),
      afterDamage: this.#broken,
      checksum,
    };
    if (timeMs !== undefined) event.timeMs = String(timeMs);
    if (details !== undefined) event.details = details;
    this.events.push(event);
  }

  /** Bytes in the middle that are no record. */
  #fragment(buffer: Buffer, piece: Piece, why: NotARecord, isLast: boolean): void {
    const seq = this.#codec.claim(buffer, piece.start, piece.end);
    const offset = piece.start + this.#shift;
    const end = piece.end + this.#shift;
    if (!isLast) {
      const message = `${count(end - offset, 'byte')} of a torn record, with the next record glued to them`;
      this.#damage(offset, end, 'E_LOG_GLUED', 'corrupt', message, seq);
      return;
    }
    const before = seq === undefined ? this.#findings.last(why.code) : undefined;
    if (
      before?.end !== undefined &&
      before.seqFirst === undefined &&
      offset - before.end <= 2 &&
      before.severity === 'corrupt'
    ) {
      // The same stretch of garbage, with a newline in it.
      before.end = end;
      this.#record++;
      this.#damaged++;
      return;
    }
    this.#damage(offset, end, why.code, 'corrupt', why.message, seq, why);
  }

  /** The last bytes of the file, without a line end. */
  #end(buffer: Buffer, piece: Piece, why: NotARecord): void {
    const offset = piece.start + this.#shift;
    let end = piece.end;
    while (end > piece.start && buffer[end - 1] === 0) end--;
    const seq = this.#codec.claim(buffer, piece.start, end);
    if (end === piece.start) {
      const zeros = piece.end - piece.start;
      this.#torn('E_LOG_ZEROS', offset, offset + zeros, `${count(zeros, 'NUL byte')} after the last record`, undefined);
      return;
    }
    const parsed = end === piece.end ? why : this.#codec.parse(buffer, piece.start, end);
    if (!isRecord(parsed) && parsed.cutOff) {
      const zeros = piece.end - end > 0 ? `, then ${count(piece.end - end, 'NUL byte')}` : '';
      const message = `the last record is torn: ${count(end - piece.start, 'byte')} of it are there${zeros}`;
      this.#torn('E_LOG_TORN', offset, piece.end + this.#shift, message, seq);
    } else {
      this.#fragment(buffer, piece, isRecord(parsed) ? why : parsed, true);
    }
  }

  #zerosInside(zeros: { offset: number; end: number }): void {
    this.#zeros = undefined;
    const message = `${count(zeros.end - zeros.offset, 'NUL byte')} where records should be`;
    this.#damage(zeros.offset, zeros.end, 'E_LOG_ZEROS', 'corrupt', message, undefined);
  }

  #torn(code: Code, offset: number, end: number, message: string, seq: SeqValue | undefined): void {
    this.#damage(offset, end, code, 'torn', message, seq);
  }

  #damage(
    offset: number,
    end: number,
    code: Code,
    severity: Severity,
    message: string,
    seq: SeqValue | undefined,
    facts: { got?: string; expected?: string } = {},
  ): void {
    this.#record++;
    this.#damaged++;
    this.#broken = true;
    this.#runs.damaged(seq);
    const seqs = seq === undefined ? {} : { seqFirst: shown(seq), seqLast: shown(seq) };
    const { got, expected } = facts;
    const details = { ...(got === undefined ? {} : { got }), ...(expected === undefined ? {} : { expected }) };
    const text = `${message} (record ${this.#record})`;
    this.#findings.add({ code, severity, offset, end, ...seqs, message: text, ...details });
  }
}
