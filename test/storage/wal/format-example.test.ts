import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { enqueueDefaults, type QueueEvent } from '../../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../../src/queue/events/events.ts';
import { encodeFrames, varintPayload } from '../../../src/storage/wal/encode-frames.ts';
import { encodeSegmentHeader, FrameType, segmentHeaderBytes } from '../../../src/storage/wal/format.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { walq } from '../../cli/run-walq.ts';
import { header } from './build.ts';

/**
 * The log that FORMAT.md shows byte for byte: three events in two commits. With README=update in the environment the
 * bytes are written into the page instead; the words beside them stand here.
 */

const path = new URL('../../../src/storage/wal/FORMAT.md', import.meta.url);
const salt = 0x5a17_c0de;
const at = header.createdMs;
const text = (words: string): Uint8Array => Buffer.from(words);

const events: QueueEvent[] = [
  { type: 'ENQUEUE', id: 'job_1', at, runAt: at, ...enqueueDefaults, name: 'mail', payload: text('{"to":"ada"}') },
  { type: 'DISPATCH', id: 'job_1', at: at + 1, attempt: 1, owner: { kind: 'runner', epoch: 7 } },
  { type: 'ACK', id: 'job_1', at: at + 13, durationMs: 12 },
];

/** Two commits and the end: OPEN goes with the first DATA frame, in one write. */
function log(): Buffer {
  const head = encodeSegmentHeader({ ...header, salt });
  const data = (records: readonly QueueEvent[]) => {
    const { bytes, from, to, count } = packed(records.map((event) => encodeEvent(event)));
    return { type: FrameType.data, payload: bytes.subarray(from, to), count };
  };
  const writes = [
    [{ type: FrameType.open, payload: varintPayload(7, at, 4711) }, data(events.slice(0, 1))],
    [data(events.slice(1))],
    [{ type: FrameType.close, payload: varintPayload(at + 14) }],
  ];
  const segment = { name: '', ordinal: 1, salt };
  let end = { segment, end: segmentHeaderBytes, link: Buffer.from(head).readUInt32LE(92), seqNext: 1 };
  const parts: Uint8Array[] = [head];
  for (const drafts of writes) {
    const frames = encodeFrames(drafts, end);
    parts.push(frames.bytes);
    end = frames.at;
  }
  return Buffer.concat(parts);
}

/** A frame's header: bytes and words, but for what stands in it. */
const frame = (type: string, length: number, count: string, seq: string, certified: string, link: string) =>
  [
    [4, `magic, type ${type}`],
    [4, `${length} bytes of payload`],
    [12, `${count}, ${seq}`],
    [8, `own offset, certified end ${certified}`],
    [4, `link: CRC of ${link}`],
    [8, 'CRC of payload and padding, CRC of this header'],
  ] as const;

const fields: readonly (readonly [bytes: number, words: string])[] = [
  [8, 'magic WALQseg\\n'],
  [8, 'version 1, for readers from 1, CRC of these 12 bytes'],
  [16, 'store id'],
  [16, 'ordinal 1, first seq 1'],
  [8, 'salt, no previous one'],
  [12, 'no previous end, no previous link'],
  [8, 'created'],
  [20, 'zeros, CRC of this header'],
  ...frame('OPEN', 9, 'no records', 'next seq 1', '96', 'the segment header'),
  [1, 'epoch 7'],
  [6, 'ms'],
  [2, 'pid 4711'],
  [7, 'padding to a multiple of 8'],
  ...frame('DATA', 34, '1 record', 'seq 1', '96', 'the frame before'),
  [1, 'record of 33 bytes'],
  [1, 'ENQUEUE'],
  [6, 'id job_1'],
  [6, 'at'],
  [6, 'tag 1, name mail'],
  [14, 'tag 2, payload {"to":"ada"}'],
  [6, 'padding'],
  ...frame('DATA', 32, '2 records', 'seq 2', '232: the first write', 'the frame before'),
  [1, 'record of 15 bytes'],
  [7, 'DISPATCH, id job_1'],
  [6, 'at'],
  [2, 'tag 2, runner epoch 7'],
  [1, 'record of 15 bytes'],
  [7, 'ACK, id job_1'],
  [6, 'at'],
  [2, 'tag 1, 12 ms'],
  [8, 'padding, never none'],
  ...frame('CLOSE', 6, 'no records', 'next seq 4', '312', 'the frame before'),
  [6, 'ms'],
  [2, 'padding'],
];

/** Offset, hex digits and words, sixteen bytes a line. */
function dump(bytes: Buffer): string {
  const lines: string[] = [];
  let from = 0;
  for (const [length, words] of fields) {
    for (let line = from; line < from + length; line += 16) {
      const digits =
        bytes
          .subarray(line, Math.min(line + 16, from + length))
          .toString('hex')
          .match(/../g) ?? [];
      lines.push(
        `${String(line).padStart(3)}  ${digits.join(' ').padEnd(47)}  ${line === from ? words : ''}`.trimEnd(),
      );
    }
    from += length;
  }
  expect(from, 'bytes that have words').toBe(bytes.length);
  return lines.join('\n');
}

test('FORMAT.md shows a whole log, byte for byte', () => {
  const page = readFileSync(path, 'utf8');
  const begin = '<!-- a whole log -->\n\n```\n';
  const from = page.indexOf(begin) + begin.length;
  expect(from).toBeGreaterThan(begin.length);
  const to = page.indexOf('\n```\n', from);
  const shown = dump(log());
  if (process.env.README === 'update') writeFileSync(path, page.slice(0, from) + shown + page.slice(to));
  else expect(page.slice(from, to)).toBe(shown);
});

test('the log that FORMAT.md shows is whole, and holds what the words say', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'walq-format-'));
  try {
    const file = join(folder, '0000000001-00000000000000000001.wal');
    await writeFile(file, log());
    expect(await walq(['wal', 'verify', file])).toMatchObject({ code: 0 });
    const { stdout } = await walq(['wal', 'inspect', file]);
    expect(stdout.match(/\[seq=\d\] \w+ job_1/g)).toEqual([
      '[seq=1] ENQUEUE job_1',
      '[seq=2] DISPATCH job_1',
      '[seq=3] ACK job_1',
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
