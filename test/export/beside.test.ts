import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock, systemRandom } from '../../src/base/node-clock.ts';
import { verifyPath } from '../../src/commands/verify.ts';
import { nodeFs } from '../../src/fs/node-fs.ts';
import { enqueueDefaults } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { open } from '../cli/make-store.ts';
import { scratch } from '../cli/run-walq.ts';
import { contextIn } from '../support/command-context.ts';
import { exported } from './support.ts';

test('beside a writer that rotates and cleans, every export is whole, and later ones reach further', async () => {
  const env = { fs: nodeFs, clock: systemClock, random: systemRandom };
  const dir = scratch();
  const path = join(dir, 'store');
  const store = await open(path, 2000);
  let done = false;
  let at = 0;
  const write = async (): Promise<void> => {
    while (!done) {
      const id = `job_${++at}`;
      await store.append(packed([encodeEvent({ type: 'ENQUEUE', id, at, ...enqueueDefaults, runAt: at })]));
      if (at % 20 === 0) await store.checkpoint({ keep: 1 });
      // Else it would keep the thread to itself.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const writing = write();
  let last = 0;
  let withBase = 0;
  // Whatever happens here, the writer ends before its folder goes.
  onTestFinished(async () => {
    done = true;
    await writing;
    await store.close();
  });
  for (let round = 0; round < 30 || withBase < 6; round++) {
    const { text, result } = await exported(env, path);
    expect(result.verdict).toMatch(/^(clean|padded)$/);
    expect(result.seqLast).toBeGreaterThanOrEqual(last);
    last = result.seqLast;
    if (result.base !== undefined) withBase++;
    const file = join(dir, `text-${round}`);
    const out = await nodeFs.open(file, 'wx');
    await out.write(Buffer.from(text), 0);
    await out.close();
    expect(await verifyPath(contextIn(env), file)).toMatchObject({ verdict: 'clean' });
  }
  expect(last).toBeGreaterThan(20);
});

test('a writer that cleans at each look is waited for: what it has then is exported', async () => {
  const path = join(scratch(), 'store');
  const store = await open(path, 2000);
  onTestFinished(() => store.close());
  let at = 0;
  const write = async (): Promise<void> => {
    // Enough for a segment to be left behind.
    for (let more = 0; more < 20; more++) {
      const id = `job_${++at}`;
      await store.append(packed([encodeEvent({ type: 'ENQUEUE', id, at, ...enqueueDefaults, runAt: at })]));
    }
    await store.checkpoint({ keep: 1 });
  };
  await write();
  let cleanings = 0;
  let isLogRead = false;
  const openFile: typeof nodeFs.open = async (file, ...rest) => {
    if (file.endsWith('.wal')) isLogRead = true;
    return await nodeFs.open(file, ...rest);
  };
  const readdir: typeof nodeFs.readdir = async (folder) => {
    // More often than a log that has no base would be looked at.
    if (folder.endsWith('/snapshots') && isLogRead && cleanings < 8) {
      cleanings++;
      await write();
      isLogRead = false;
    }
    return await nodeFs.readdir(folder);
  };
  const env = { fs: { ...nodeFs, readdir, open: openFile }, clock: systemClock, random: systemRandom };
  const { result } = await exported(env, path);
  expect(cleanings).toBe(8);
  expect(result).toMatchObject({ seqLast: 180, base: { seq: 180 } });
});
