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

const jobCount = Number(process.argv[2] ?? 100_000);
const rounds = 5;
const { BROTLI_PARAM_QUALITY: quality, BROTLI_PARAM_SIZE_HINT: sizeHint } = zlib.constants;

const brotliAt = (level) => (block) =>
  promisify(zlib.brotliCompress)(block, { params: { [quality]: level, [sizeHint]: block.length } });
const codecs = {
  none: { pack: async (block) => block, unpack: async (block) => block },
  'gzip-1': { pack: (block) => promisify(zlib.gzip)(block, { level: 1 }), unpack: unpackWith(zlib.gunzip) },
  'brotli-0': { pack: brotliAt(0), unpack: unpackWith(zlib.brotliDecompress) },
  'brotli-1': { pack: brotliAt(1), unpack: unpackWith(zlib.brotliDecompress) },
  'brotli-3': { pack: brotliAt(3), unpack: unpackWith(zlib.brotliDecompress) },
};

function unpackWith(decompress) {
  const run = promisify(decompress);
  return (block, rawLength) => run(block, { chunkSize: rawLength + 1, maxOutputLength: rawLength });
}

const entries = [...jobs(jobCount)];
const rawBytes = entries.reduce((sum, entry) => sum + 4 + entry.length, 0);
console.log(`${jobCount} jobs, ${mb(rawBytes)} MB raw, ${(rawBytes / jobCount).toFixed(0)} bytes a job`);
console.log(`${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}; best of ${rounds} rounds\n`);
console.log('codec     block KiB   ratio  pack MB/s  unpack MB/s');

for (const kib of [64, 256, 512, 1024]) {
  const blocks = cut(entries, kib * 1024);
  for (const [name, codec] of Object.entries(codecs)) {
    if (name === 'none' && kib !== 256) continue;
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
        name.padEnd(9),
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
  const { nodeFs } = await import('../dist/fs/node-fs.js');
  const { systemClock, systemRandom } = await import('../dist/base/node-clock.js');
  const { writeSnapshot } = await import('../dist/storage/snapshot/write.js');
  const { readSnapshot } = await import('../dist/storage/snapshot/read.js');
  const env = { fs: nodeFs, clock: systemClock, random: systemRandom };
  const folder = mkdtempSync(join(tmpdir(), 'walq-bench-'));
  const point = { seq: 1, ordinal: 1, offset: 64, link: 0, salt: 0 };
  console.log('\nwhole file   write MB/s   read MB/s   file MB');
  try {
    for (const codec of ['none', 'brotli']) {
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

/**
 * Jobs as a busy queue holds them: time-ordered ids with random tails, a few names, JSON payloads of 100-300 bytes.
 * Same every run.
 */
function* jobs(count) {
  const random = mulberry32(42);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const hex = (digits) => Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
  const names = ['send-email', 'resize-image', 'charge-card', 'sync-crm', 'build-report'];
  const words = 'order invoice customer shipped refund urgent weekly draft north south basic premium trial gift'.split(
    ' ',
  );
  const text = (wordCount) => Array.from({ length: wordCount }, () => pick(words)).join(' ');
  let nowMs = 1_750_000_000_000;
  for (let at = 0; at < count; at++) {
    nowMs += Math.floor(random() * 40);
    const time = nowMs.toString(16).padStart(12, '0');
    const id = `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(12)}`;
    const name = pick(names);
    const payload = {
      'send-email': () => ({
        to: `user${Math.floor(random() * 1e5)}@example.com`,
        template: pick(words),
        subject: text(6),
        locale: pick(['en', 'de', 'fr']),
        vars: { total: Math.floor(random() * 1e6) / 100, token: hex(16) },
      }),
      'resize-image': () => ({
        source: `s3://uploads/${hex(8)}/${Math.floor(random() * 1e6)}.jpg`,
        sizes: [320, 640, 1280],
        quality: 60 + Math.floor(random() * 40),
        crop: random() < 0.3,
        owner: Math.floor(random() * 1e5),
      }),
      'charge-card': () => ({
        customer: `cus_${hex(14)}`,
        amountCents: Math.floor(random() * 1e5),
        currency: pick(['EUR', 'USD']),
        idempotencyKey: hex(32),
        note: text(4),
      }),
      'sync-crm': () => ({
        account: Math.floor(random() * 1e6),
        fields: {
          name: text(2),
          phone: `+49${Math.floor(random() * 1e10)}`,
          city: pick(['Berlin', 'Lyon', 'Oslo']),
          tags: [pick(words), pick(words), pick(words)],
        },
        since: new Date(nowMs).toISOString(),
      }),
      'build-report': () => ({
        report: pick(words),
        from: new Date(nowMs - 864e5).toISOString(),
        to: new Date(nowMs).toISOString(),
        columns: ['date', 'customer', 'total', 'status'],
        recipients: [`team${Math.floor(random() * 100)}@example.com`],
      }),
    }[name]();
    const fixed = Buffer.alloc(26);
    fixed.writeUInt8(1 + Math.floor(random() * 4), 0);
    fixed.writeUIntLE(at * 3 + 1, 1, 6);
    fixed.writeUIntLE(nowMs, 7, 6);
    fixed.writeUIntLE(nowMs + Math.floor(random() * 1e4), 13, 6);
    fixed.writeUInt8(Math.floor(random() * 3), 19);
    yield Buffer.concat([fixed, Buffer.from(`${id}\0${name}\0${JSON.stringify(payload)}`)]);
  }
}

function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
