import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { expect, test } from 'vitest';
import { crcOf } from '../../src/base/bytes.ts';
import { type Ran, scratch, walq } from '../cli/run-walq.ts';
import { assemble } from '../storage/snapshot/assemble.ts';
import { header, segment } from '../storage/wal/build.ts';
import { tried } from '../support/tried.ts';

/** Inputs that claim, or become, far more than they are: the largest memory of a real process is measured. */

const measure = fileURLToPath(new URL('./rss.mjs', import.meta.url));
const megabyte = 1024 * 1024;
/** More than the same command takes for something small. A block of a snapshot, a frame or a job is at most 64 MiB. */
const extraMegabytesMax = 110;

async function measured(store: string, args: readonly string[], input = ''): Promise<Ran & { megabytes: number }> {
  const file = `${scratch()}/rss`;
  const env = { NODE_OPTIONS: `--import=${measure}`, RSS_FILE: file, WALQ_STORE: store };
  const ran = await walq(args, { env, input });
  return { ...ran, megabytes: Number(readFileSync(file, 'utf8')) / 1024 };
}

/** 256 MiB of zeros in some hundred bytes; the header says so, or what is allowed. */
function bomb(rawLength: number, entries: number): Uint8Array {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_LGWIN]: 24 };
  const stored = brotliCompressSync(Buffer.alloc(256 * megabyte), { params });
  return assemble([{ header: { codec: 'brotli', rawLength, entries }, stored }], { entries, rawBytes: rawLength });
}

function forgedFrame(field: number, value: number): Uint8Array {
  const { bytes, offsets } = segment([{ records: ['a'] }, { records: ['b'] }]);
  const copy = Buffer.from(bytes);
  const at = offsets[0] ?? 0;
  copy.writeUInt32LE(value, at + field);
  copy.writeUInt32LE(crcOf(copy.subarray(at, at + 36), header.salt), at + 36);
  return copy;
}

const exported = (lines: string): string => {
  const base = lines.startsWith('{"base"')
    ? `,"baseSeq":1,"baseEntries":${2 ** 53 - 1},"baseHash":"${'0'.repeat(64)}"`
    : '';
  return `{"format":"walq-export","version":1,"store":"${'0'.repeat(32)}","first":1${base}}\n${lines}\n`;
};

function endlessWrite(): string {
  const line = (seq: number) =>
    `{"seq":${seq},"type":"REMOVE","job":"a","timeMs":1${seq === 1 ? `,"commit":${2 ** 50}` : ''}}`;
  return Array.from({ length: 400_000 }, (_, at) => line(at + 1)).join('\n');
}

const hostileFiles: readonly [name: string, command: readonly string[], bytes: () => Uint8Array | string][] = [
  ['a bomb that says 1 MiB', ['snapshot', 'verify'], () => bomb(megabyte, 2)],
  ['a bomb that says 32 MiB', ['snapshot', 'verify'], () => bomb(32 * megabyte + 4, 1)],
  ['a bomb that says 4 GiB', ['snapshot', 'show'], () => bomb(2 ** 32 - 1, 1)],
  ['a frame of 4 GiB', ['wal', 'verify'], () => forgedFrame(4, 2 ** 32 - 1)],
  ['a frame of 2^32 - 1 records', ['wal', 'verify'], () => forgedFrame(8, 2 ** 32 - 1)],
  ['a text log of one line of 64 MB', ['wal', 'verify'], () => `[seq=1] ENQUEUE ${'x'.repeat(64_000_000)}`],
  ['a snapshot of brackets', ['snapshot', 'show'], () => `{"Jobs":{"a":${'['.repeat(64_000_000)}`],
  ['jobs of brackets', ['queue', 'enqueue', 'x', '-f'], () => '['.repeat(64_000_000)],
  [
    'a line of an export of 64 MB',
    ['wal', 'import', '--from'],
    () => exported(`{"seq":1,"raw":"${'A'.repeat(64_000_000)}"}`),
  ],
  ['an export of one write without end', ['wal', 'import', '--from'], () => exported(endlessWrite())],
  ['an export that claims a base without end', ['wal', 'verify'], () => exported('{"base":"facts"}\n'.repeat(500_000))],
  ['a job of 64 MB', ['queue', 'enqueue', 'x', '-f'], () => `{"payload":"${'x'.repeat(64_000_000)}"}`],
  ['settings of brackets', ['queue', 'run', '--exec', 'cat', '-c'], () => '['.repeat(1_000_000)],
];

test.for(hostileFiles)('%s is refused in bounded memory', async ([name, command, bytes], context) => {
  const folder = scratch();
  const file = `${folder}/${name.includes('bomb') ? '00000000000000001234.snap' : 'input'}`;
  writeFileSync(file, 'small');
  const plain = await measured(`${folder}/store`, [...command, file]);
  writeFileSync(file, bytes());
  const hostile = await measured(`${folder}/store`, [...command, file]);
  expect([1, 2, 3, 4], `${hostile.code} ${hostile.signal} ${hostile.stderr}`).toContain(hostile.code);
  expect(hostile.megabytes - plain.megabytes).toBeLessThan(extraMegabytesMax);
  tried(context, 'hostile-text', { 'refused in bounded memory': 1 });
});
