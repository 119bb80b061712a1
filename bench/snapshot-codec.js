// Which codec and which block size suit snapshots best? Prints the table that src/storage/snapshot/FORMAT.md quotes.
//
//   npm run build && node bench/snapshot-codec.js [JOBS]
//
// The codecs are driven the way the module drives them: one block after another, asynchronously, in the thread pool.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { packHex, unpackHex } from '../build/storage/snapshot/hex.js';
import { realisticJobs } from './support/realistic-jobs.js';

const jobCount = Number(process.argv[2] ?? 100_000);
const rounds = 5;
const { BROTLI_PARAM_QUALITY: quality, BROTLI_PARAM_SIZE_HINT: sizeHint } = zlib.constants;

const brotliAt = (level) => (block) =>
  promisify(zlib.brotliCompress)(block, { params: { [quality]: level, [sizeHint]: block.length } });
const codecs = {
  none: { pack: async (block) => block, unpack: async (block) => block },
  'gzip-1': { pack: (block) => promisify(zlib.gzip)(block, { level: 1 }), unpack: unpackWith(zlib.gunzip) },
  'brotli-1': { pack: brotliAt(1), unpack: unpackWith(zlib.brotliDecompress) },
  'brotli-5': { pack: brotliAt(5), unpack: unpackWith(zlib.brotliDecompress) },
  'brotli-9': { pack: brotliAt(9), unpack: unpackWith(zlib.brotliDecompress) },
  'hex, brotli-1': hexAnd(1),
  'hex, brotli-4': hexAnd(4),
  'hex, brotli-5': hexAnd(5),
};

function hexAnd(level) {
  const unpack = unpackWith(zlib.brotliDecompress);
  return {
    pack: (block) => brotliAt(level)(packHex(block) ?? block),
    unpack: async (block, rawLength) => unpackHex(await unpack(block, rawLength), rawLength),
  };
}

function unpackWith(decompress) {
  const run = promisify(decompress);
  return (block, rawLength) => run(block, { chunkSize: rawLength + 1, maxOutputLength: rawLength });
}

const entries = [...entriesOf(jobCount)];
const rawBytes = entries.reduce((sum, entry) => sum + 4 + entry.length, 0);
console.log(`${jobCount} jobs, ${mb(rawBytes)} MB raw, ${(rawBytes / jobCount).toFixed(0)} bytes a job`);
console.log(`${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}; best of ${rounds} rounds\n`);
console.log('codec          block KiB   ratio  pack MB/s  unpack MB/s');

for (const kib of [128, 512, 1024]) {
  const blocks = cut(entries, kib * 1024);
  for (const [name, codec] of Object.entries(codecs)) {
    if (name === 'none' && kib !== 512) continue;
    let packMs = Number.POSITIVE_INFINITY;
    let unpackMs = Number.POSITIVE_INFINITY;
    let packed = [];
    for (let round = 0; round < rounds; round++) {
      packed = [];
      const started = performance.now();
      for (const block of blocks) packed.push(await codec.pack(block));
      packMs = Math.min(packMs, performance.now() - started);
      const unpackStarted = performance.now();
      for (const [at, block] of packed.entries()) await codec.unpack(block, blocks[at].length);
      unpackMs = Math.min(unpackMs, performance.now() - unpackStarted);
    }
    const stored = packed.reduce((sum, block) => sum + 32 + block.length, 0);
    const speed = (ms) => (name === 'none' ? '-' : (rawBytes / 1e3 / ms).toFixed(0));
    console.log(
      [
        name.padEnd(14),
        String(kib).padStart(9),
        (rawBytes / stored).toFixed(2).padStart(8),
        speed(packMs).padStart(10),
        speed(unpackMs).padStart(12),
      ].join(' '),
    );
  }
}
await wholeFiles();

/** What the module itself reaches, sync, read-back and rename included. */
async function wholeFiles() {
  const { nodeFs } = await import('../build/fs/node-fs.js');
  const { systemClock, systemRandom } = await import('../build/base/node-clock.js');
  const { writeSnapshot } = await import('../build/storage/snapshot/write.js');
  const { readSnapshot } = await import('../build/storage/snapshot/read.js');
  const env = { fs: nodeFs, clock: systemClock, random: systemRandom };
  const folder = mkdtempSync(join(tmpdir(), 'walq-bench-'));
  const point = { seq: 1, ordinal: 1, offset: 64, link: 0, salt: 0 };
  console.log('\nwhole file   write MB/s   read MB/s   file MB');
  try {
    for (const codec of ['none', 'brotli', 'hex']) {
      let writeMs = Number.POSITIVE_INFINITY;
      let readMs = Number.POSITIVE_INFINITY;
      let bytes = 0;
      for (let round = 0; round < rounds; round++) {
        const options = { name: `${codec}.snap`, storeId: '0'.repeat(32), kind: 'checkpoint', point, entries, codec };
        const started = performance.now();
        ({ bytes } = await writeSnapshot(env, folder, options));
        writeMs = Math.min(writeMs, performance.now() - started);
        const readStarted = performance.now();
        await readSnapshot(env, join(folder, `${codec}.snap`), () => {});
        readMs = Math.min(readMs, performance.now() - readStarted);
      }
      const speeds = [writeMs, readMs].map((ms) => (rawBytes / 1e3 / ms).toFixed(0).padStart(11));
      console.log(`${codec.padEnd(10)} ${speeds[0]} ${speeds[1]} ${mb(bytes).padStart(9)}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function mb(bytes) {
  return (bytes / 1e6).toFixed(1);
}

/** Entries into raw blocks of at most `blockBytes`, as in FORMAT.md. */
function cut(all, blockBytes) {
  const blocks = [];
  let parts = [];
  let length = 0;
  for (const entry of all) {
    if (length + 4 + entry.length > blockBytes) {
      blocks.push(Buffer.concat(parts));
      parts = [];
      length = 0;
    }
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32LE(entry.length);
    parts.push(prefix, entry);
    length += 4 + entry.length;
  }
  blocks.push(Buffer.concat(parts));
  return blocks;
}

/** In a form of their own, as large as those of the queue. */
function* entriesOf(count) {
  for (const { at, nowMs, id, name, payload, random } of realisticJobs(count)) {
    const fixed = Buffer.alloc(26);
    fixed.writeUInt8(1 + Math.floor(random() * 4), 0);
    fixed.writeUIntLE(at * 3 + 1, 1, 6);
    fixed.writeUIntLE(nowMs, 7, 6);
    fixed.writeUIntLE(nowMs + Math.floor(random() * 1e4), 13, 6);
    fixed.writeUInt8(Math.floor(random() * 3), 19);
    yield Buffer.concat([fixed, Buffer.from(`${id}\0${name}\0${payload}`)]);
  }
}
