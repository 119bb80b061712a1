import { assert } from '../../base/errors.ts';
import type { LineCodec } from '../line-codec.ts';
import { readLineLog } from '../line-log.ts';
import { parseSeq, type SeqValue } from '../seq.ts';
import type { LogFormat } from '../types.ts';
import { originalBytes } from './checksum.ts';
import { parseWalRecord, type WalRecord } from './wal-record.ts';

/** The log of raft-recovery ("Beaver-Raft"); each line as described in wal-record.ts. */
export const raftRecoveryWal: LogFormat = {
  kind: 'log',
  name: 'raft-recovery-wal',
  title: 'raft-recovery log (JSON lines)',
  detect(head) {
    const text = Buffer.from(head).toString('latin1');
    // Anywhere in the head: the first record may be the damaged one, and the only one.
    if (/\{"seq":\d+,"type":"[^"]*","job_id":"|","timestamp":\d+,"checksum":\d+\}/.test(text)) return true;
    // The very first write, torn. Two bytes of it could as well be a snapshot's.
    if (/^\{"s(?:e(?:q"?)?)?\0*$/.test(text)) return true;
    // Written by something else, or cut off early: judged by the keys of the first line.
    const line = /^(?:\xef\xbb\xbf)?\s*(\{[^\n]*)/.exec(text)?.[1] ?? '';
    const keys = [...line.matchAll(/"(\w+)"\s*:/g)].map((match) => (match[1] ?? '').toLowerCase());
    return keys.includes('seq') && (keys.includes('checksum') || keys.every((key) => ownKeys.includes(key)));
  },
  read: (source, file, options) => readLineLog(codec, source, file, options),
};

const ownKeys = ['seq', 'type', 'job_id', 'timestamp', 'checksum'];
const recordStart = Buffer.from('{"seq":');

const codec: LineCodec = {
  name: raftRecoveryWal.name,
  startsAtOne: true,
  endIsOpen: false,
  parse: parseWalRecord,
  findStart(buffer, from, end) {
    // Quotes inside a JSON string are escaped, so these bytes never stand in an id.
    const found = buffer.subarray(from, end).indexOf(recordStart);
    return found < 0 ? -1 : from + found;
  },
  findEnd(buffer, start, end) {
    const brace = buffer.subarray(start, end).lastIndexOf(0x7d);
    return brace < 0 ? -1 : start + brace + 1;
  },
  whyBad(buffer, start, end) {
    const record = parseWalRecord(buffer, start, end);
    assert('computed' in record, 'a record was parsed before');
    return { message: messageOf(record), got: String(record.stored), expected: String(record.computed) };
  },
  claim(buffer, start, end): SeqValue | undefined {
    const text = buffer.toString('latin1', start, Math.min(end, start + 40));
    return parseSeq(/^\{"seq":(\d+),/.exec(text)?.[1] ?? '');
  },
};

function messageOf({ type, jobId, seq, stored }: WalRecord): string {
  if (!jobId.includes('\ufffd')) return 'checksum mismatch';
  const bytes = originalBytes(type, jobId, seq, stored);
  if (bytes === undefined) {
    return 'checksum mismatch: the id holds U+FFFD, so it may not have been UTF-8 when the system summed its bytes';
  }
  const hex = bytes.map((byte) => `0x${byte.toString(16)}`).join(' ');
  const cause = `it summed an id that was not UTF-8 (${hex}) and stored U+FFFD`;
  return `checksum mismatch of the system's own making: ${cause}; nothing else changed`;
}
