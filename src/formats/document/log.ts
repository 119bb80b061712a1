import { isUtf8 } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { excerpt } from '../../base/escape.ts';
import type { LineCodec, LineRecord, NotARecord } from '../line-codec.ts';
import { readLineLog } from '../line-log.ts';
import { parseSeq } from '../seq.ts';
import { eventTypes, type LogFormat } from '../types.ts';

/**
 * The text form of a log: one event a line.
 *
 *   [seq=1] ENQUEUE job_1
 *   [seq=2] DISPATCH job_1 whatever else there is to say
 *
 *   seq      decimal
 *   type     upper-case letters and underscores
 *   job id   up to the next space
 *   details  the rest of the line, optional
 *
 * UTF-8: with no checksum, what is not UTF-8 is the only change inside a line that shows.
 *
 * No checksum and no time. A log that was cut below a snapshot begins above 1, so only holes are losses.
 */
export const documentLog: LogFormat = {
  kind: 'log',
  name: 'document-log',
  title: 'text log ([seq=1] ENQUEUE job_1)',
  detect(head) {
    const text = Buffer.from(head).toString('latin1');
    // The first line may be torn, and the only one; '[' alone could be anything.
    return /(?:^|[\n\0\xbf])\[seq=\d+\] [A-Z_]+ /.test(text) || (text.startsWith('[s') && beginning.test(text));
  },
  read: (source, file, options) => readLineLog(codec, source, file, options),
};

const form = /^\[seq=(\d{1,20})\] ([A-Z_]{1,40}) (\S+)(?: (.*))?$/s;
/** What a cut-off line looks like: some beginning of the form, up to the space before the id. */
const beginning = /^\[(?:s(?:e(?:q(?:=(?:\d{1,20}(?:\](?: (?:[A-Z_]{1,40} ?)?)?)?)?)?)?)?)?$/;
/** A whole record inside another one's text: two lines that lost the break between them. */
const inner = new RegExp(`.\\[seq=\\d{1,20}\\] (?:${eventTypes.join('|')}) \\S`, 's');
const recordStart = Buffer.from('[seq=');

const codec: LineCodec = {
  name: documentLog.name,
  startsAtOne: false,
  endIsOpen: true,
  parse(buffer, start, end): LineRecord | NotARecord {
    const text = buffer.toString('utf8', start, end);
    if (text.includes('\ufffd') && !isUtf8(buffer.subarray(start, end))) {
      return { code: 'E_LOG_GARBAGE', message: 'the line is not UTF-8', got: excerpt(text), cutOff: false };
    }
    const match = form.exec(text);
    const [, number, type, jobId, details] = match ?? [];
    const seq = parseSeq(number ?? '');
    if (seq === undefined || type === undefined || jobId === undefined || inner.test(text)) {
      const facts = { got: excerpt(text), expected: '[seq=N] TYPE job_id' };
      return { code: 'E_LOG_GARBAGE', message: 'the line is not an event', ...facts, cutOff: beginning.test(text) };
    }
    return {
      seq,
      type,
      known: eventTypes.includes(type),
      jobId,
      timeMs: undefined,
      details,
      checksum: 'none',
      asWritten: true,
      mark: crc32(text),
    };
  },
  findStart(buffer, from, end) {
    const found = buffer.subarray(from, end).indexOf(recordStart);
    return found < 0 ? -1 : from + found;
  },
  // Anything may stand behind the id, so a record has no end of its own.
  findEnd: () => -1,
  whyBad: () => ({ message: 'a text line has no checksum', got: '', expected: '' }),
  claim: (buffer, start, end) =>
    parseSeq(/^\[seq=(\d+)\]/.exec(buffer.toString('latin1', start, Math.min(end, start + 40)))?.[1] ?? ''),
};
