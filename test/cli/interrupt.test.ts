import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { enqueueDefaults } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { contents, firstMs, open } from './make-store.ts';
import { binary, folderForAll, scratch, walq } from './run-walq.ts';

const folder = folderForAll();
const big = join(folder, 'big');
const text = join(folder, 'big.ndjson');

/** Enough that nothing is done before it is interrupted. */
const jobs = 60_000;

beforeAll(async () => {
  const store = await open(big);
  for (let at = 0; at < jobs; at += 1000) {
    const records = Array.from({ length: 1000 }, (_, index) => {
      const payload = Buffer.from(`{"n":${at + index},"text":"${'x'.repeat(100)}"}`);
      const event = {
        type: 'ENQUEUE',
        id: `job_${at + index}`,
        at: firstMs,
        ...enqueueDefaults,
        runAt: firstMs,
        payload,
      };
      return encodeEvent(event as Parameters<typeof encodeEvent>[0]);
    });
    await store.append(packed(records));
  }
  await store.close();
  expect((await walq(['wal', 'export', big, '--to', text])).code).toBe(0);
});

/** Every name below a folder. */
function names(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort() : [];
}

/** Interrupts a command as soon as something unfinished is there. */
async function interrupted(args: string[], dir: string): Promise<{ code: number; begun: string[] }> {
  const child = spawn(process.execPath, [binary, ...args], { cwd: dir, stdio: 'ignore' });
  const ended = once(child, 'exit');
  let begun: string[] = [];
  const looking = setInterval(() => {
    begun = names(dir).filter((name) => /\.(tmp|importing|salvaging|unfinished)$/.test(name));
    if (begun.length === 0) return;
    clearInterval(looking);
    child.kill('SIGINT');
  }, 1);
  const [code] = await ended;
  clearInterval(looking);
  return { code, begun };
}

describe('Ctrl-C in the middle', () => {
  it.each([
    ['wal export', ['wal', 'export', big, '--to', 'x.ndjson']],
    ['wal import', ['wal', 'import', '--from', text, '--store', 'new']],
    ['wal import into a folder that is there', ['wal', 'import', '--from', text, '--store', 'there']],
    ['backup', ['backup', big, 'copy']],
    ['wal repair --mode salvage', ['wal', 'repair', big, '--mode', 'salvage', '--to', 'saved', '--apply']],
    ['wal replay --save', ['wal', 'replay', big, '--save', 'state.snap']],
    ['snapshot create', ['snapshot', 'create', 'store']],
    ['wal compact', ['wal', 'compact', 'store']],
  ])('of %s ends with 130 and leaves nothing unfinished', async (_, args) => {
    const dir = scratch();
    cpSync(big, join(dir, 'store'), { recursive: true });
    mkdirSync(join(dir, 'there'));
    const before = contents(dir);
    const { code, begun } = await interrupted(args, dir);
    expect({ code, begun: begun.length > 0 }).toEqual({ code: 130, begun: true });
    expect(names(dir).filter((name) => /\.(tmp|importing|salvaging|unfinished)$/.test(name))).toEqual([]);
    const after = contents(dir);
    for (const [path, bytes] of Object.entries(before)) {
      // LOCK says who had it last, and a writer that opens a store writes HEAD.
      if (/\/(LOCK|HEAD)$/.test(path)) continue;
      // Compaction begins with a rotation, which puts a SEAL behind the last frame.
      const isKept = path.endsWith('.wal') ? after[path]?.startsWith(bytes) : after[path] === bytes;
      expect({ path, isKept }).toEqual({ path, isKept: true });
    }
    expect((await walq(['wal', 'verify', join(dir, 'store')])).code).toBe(0);
    // And nothing is in the way of the same command.
    expect((await walq(args, { cwd: dir })).code).toBe(0);
  });
});
