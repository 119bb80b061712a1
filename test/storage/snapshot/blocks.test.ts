import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { crcOf } from '../../../src/base/bytes.ts';
import { packBlock, unpackChecked } from '../../../src/storage/snapshot/block.ts';
import { type BlockThread, startBlockThread } from '../../../src/storage/snapshot/block-thread.ts';
import type { BlockHeader, BlockWork, SnapshotCodec } from '../../../src/storage/snapshot/block-types.ts';
import { Blocks } from '../../../src/storage/snapshot/blocks.ts';
import { checkSnapshot } from '../../../src/storage/snapshot/read.ts';
import { writeSnapshot } from '../../../src/storage/snapshot/write.ts';
import { env, ids, point, storeId, withFolder } from './support.ts';

/** As built: a thread takes no TypeScript. */
const built = new URL('../../../build/storage/snapshot/block-thread-entry.js', import.meta.url);
const bundled = fileURLToPath(new URL('../../../dist/js/block-thread.cjs', import.meta.url));

/** Raw bytes of one block of `count` entries. */
function rawOf(entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    entries.flatMap((entry) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(entry.length);
      return [length, entry];
    }),
  );
}

function headerOf(raw: Buffer, stored: Buffer, codec: SnapshotCodec): BlockHeader {
  const storedCrc = crcOf(stored);
  return { index: 0, codec, rawLength: raw.length, storedLength: stored.length, entries: 1, storedCrc };
}

/** Throws when the program does not end. */
function printedBy(script: string): string {
  return execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 10_000 });
}

async function started(entry: URL = built): Promise<BlockThread> {
  const thread = await startBlockThread(entry);
  onTestFinished(() => thread.close());
  return thread;
}

/** A thread that does what the code says: `say(number, kind)` answers a question, each of which calls `asked`. */
async function threadOf(folder: string, asked: string): Promise<BlockThread> {
  const file = join(folder, 'entry.mjs');
  writeFileSync(
    file,
    `import { parentPort } from 'node:worker_threads';
     const say = (number, kind) => parentPort.postMessage({ number, kind });
     parentPort.on('message', ({ number }) => { ${asked} });
     say(0, 'ready');`,
  );
  return await started(pathToFileURL(file));
}

const raws = [
  rawOf(ids(1)),
  rawOf(ids(100)),
  rawOf(ids(12_000)),
  rawOf([randomBytes(5000)]),
  Buffer.alloc(600_000, 'a'),
];
const codecs: readonly SnapshotCodec[] = ['none', 'brotli', 'hex'];

describe('the thread for blocks', () => {
  it('packs and reads back as this thread does', async () => {
    const thread = await started();
    for (const raw of raws) {
      for (const codec of codecs) {
        const here = await packBlock(raw, codec);
        const there = await thread.pack(raw, codec);
        expect(there.codec).toBe(here.codec);
        expect(there.stored.equals(here.stored)).toBe(true);
        const block = headerOf(raw, there.stored, there.codec);
        const back = await thread.unpack(there.stored, block);
        expect(back).toBeInstanceOf(Buffer);
        expect(raw.equals(back as Buffer)).toBe(true);
        // What was given is still there.
        expect(there.stored.equals(here.stored)).toBe(true);
      }
    }
  });

  it('finds the faults that this thread finds', async () => {
    const thread = await started();
    for (const raw of raws) {
      const { codec, stored } = await packBlock(raw, 'hex');
      const good = headerOf(raw, stored, codec);
      const bad = [
        { ...good, storedCrc: 1 },
        { ...good, rawLength: raw.length - 1 },
        { ...good, codec: codec === 'hex' ? ('brotli' as const) : ('hex' as const) },
      ];
      for (const block of bad) expect(await thread.unpack(stored, block)).toEqual(await unpackChecked(stored, block));
    }
  });

  it('answers many at once, each its own', async () => {
    const thread = await started();
    const many = Array.from({ length: 40 }, (_, n) => rawOf(ids(n + 1)));
    const packed = await Promise.all(many.map((raw) => thread.pack(raw, 'hex')));
    for (const [n, raw] of many.entries()) expect(packed[n]).toEqual(await packBlock(raw, 'hex'));
  });

  it.each([
    ['it fails at', "say(number, 'failed')"],
    ['it ends at', 'process.exit(1)'],
    ['it dies of', "throw new Error('no')"],
    ['it never answers, and is closed', ''],
  ])('what %s is done here', async (_, asked) => {
    await withFolder(async (folder) => {
      const raw = rawOf(ids(500));
      const thread = await threadOf(folder, asked);
      const packing = [thread.pack(raw, 'hex'), thread.pack(raw, 'brotli')];
      if (asked === '') thread.close();
      const here = [await packBlock(raw, 'hex'), await packBlock(raw, 'brotli')];
      expect(await Promise.all(packing)).toEqual(here);
      const { stored, codec } = here[0] ?? (await packBlock(raw, 'none'));
      expect(await thread.unpack(stored, headerOf(raw, stored, codec))).toEqual(raw);
    });
  });

  it('what cannot be handed over is done here', async () => {
    const thread = await started();
    const raw = rawOf(ids(500));
    const odd = Object.assign(() => 'brotli', {}) as unknown;
    expect(await thread.pack(raw, odd as SnapshotCodec)).toEqual(await packBlock(raw, 'brotli'));
    expect(await thread.pack(raw, 'brotli')).toEqual(await packBlock(raw, 'brotli'));
  });

  it('that cannot be started is none', async () => {
    await withFolder(async (folder) => {
      await expect(startBlockThread(pathToFileURL(join(folder, 'missing.mjs')))).rejects.toThrow(/before it was ready/);
      const empty = join(folder, 'empty.mjs');
      writeFileSync(empty, '');
      await expect(startBlockThread(pathToFileURL(empty))).rejects.toThrow('exit 0');
    });
  });

  it('is found from the bundle, and keeps no program from its end', () => {
    const script = `
      const { startBlockThread } = require(${JSON.stringify(bundled)});
      // Nobody who only waits for a thread to start is kept alive by it.
      const busy = setTimeout(() => {}, 15_000);
      startBlockThread().then(async (thread) => {
        clearTimeout(busy);
        const { codec, stored } = await thread.pack(Buffer.alloc(100000, 'abc'), 'brotli');
        console.log(codec, stored.length < 1000);
      });`;
    expect(printedBy(script)).toBe('brotli true\n');
  });

  it('keeps no program from its end when it is never ready', async () => {
    await withFolder(async (folder) => {
      const file = join(folder, 'busy.mjs');
      writeFileSync(file, 'setInterval(() => {}, 1000);');
      const entry = JSON.stringify(pathToFileURL(file).href);
      const script = `require(${JSON.stringify(bundled)}).startBlockThread(new URL(${entry}));`;
      expect(printedBy(script)).toBe('');
    });
  });
});

describe('the blocks of a snapshot', () => {
  const raw = Buffer.alloc(1024 * 1024, 'a');
  const counting = () => {
    const seen = { asked: 0, packed: 0 };
    const work: BlockWork = {
      pack: (bytes, codec) => {
        seen.packed++;
        return packBlock(bytes, codec);
      },
      unpack: unpackChecked,
    };
    const blocks = new Blocks(() => {
      seen.asked++;
      return Promise.resolve(work);
    });
    return { seen, blocks };
  };

  it('are done here until there are many', async () => {
    const { seen, blocks } = counting();
    for (let n = 0; n < 7; n++) await blocks.pack(raw, 'none');
    expect(seen).toEqual({ asked: 0, packed: 0 });
    for (let n = 0; n < 4; n++) await blocks.pack(raw, 'none');
    expect(seen).toEqual({ asked: 1, packed: 3 });
  });

  it('of a large file are many from the beginning', async () => {
    const { seen, blocks } = counting();
    blocks.expect(2 * 1024 * 1024 - 1);
    await Promise.resolve();
    await blocks.pack(raw.subarray(0, 10), 'none');
    expect(seen).toEqual({ asked: 0, packed: 0 });
    blocks.expect(2 * 1024 * 1024);
    await Promise.resolve();
    await blocks.pack(raw.subarray(0, 10), 'none');
    expect(seen).toEqual({ asked: 1, packed: 1 });
  });

  it('do without a thread that cannot be started', async () => {
    const none = new Blocks(() => Promise.reject(new Error('no threads here')));
    none.expect(2 ** 30);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await none.pack(raw, 'brotli')).toEqual(await packBlock(raw, 'brotli'));
  });

  it('make the same file with a thread as without, and find the same in it', async () => {
    await withFolder(async (folder) => {
      const thread = await started();
      let asked = 0;
      const beside = {
        ...env,
        blockThread: () => {
          asked++;
          return Promise.resolve(thread);
        },
      };
      // 12 MB raw, of which a part does not shrink: the file is read by a thread as well.
      const entries = Array.from({ length: 24_000 }, (_, n) => (n % 2 === 0 ? randomBytes(500) : Buffer.alloc(500, n)));
      const options = { storeId, kind: 'checkpoint', point, entries } as const;
      const one = await writeSnapshot(env, folder, { ...options, name: 'one.snap' });
      const other = await writeSnapshot(beside, folder, { ...options, name: 'other.snap' });
      expect(other).toEqual({ ...one, file: other.file });
      const bytes = readFileSync(join(folder, 'one.snap'));
      expect(readFileSync(join(folder, 'other.snap')).equals(bytes)).toBe(true);
      expect(asked).toBe(1);
      bytes[bytes.length - 5000] = (bytes.at(-5000) ?? 0) ^ 1;
      writeFileSync(join(folder, 'bad.snap'), bytes);
      const check = (who: typeof env) => checkSnapshot(who, join(folder, 'bad.snap'), { file: 'bad.snap' });
      const found = await check(beside);
      expect(found).toEqual(await check(env));
      expect(found.findings[0]?.code).toBe('E_SNAPSHOT_BLOCK');
      expect(asked).toBe(2);
    });
  });
});
