import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, fstatSync, openSync, readdirSync, readSync, truncateSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { openQueue } from '../../src/index.ts';
import { folderForAll, walq } from '../cli/run-walq.ts';

/** A file system on a loop device whose file then loses its end: the real kernel says EIO of the blocks that lay there. */

const folder = folderForAll();
const [image, disk] = [`${folder}/image`, `${folder}/disk`];
const page = 4096;

function ran(command: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function madeDisk(): string | undefined {
  writeFileSync(image, Buffer.alloc(8 * 1024 * 1024));
  if (ran('mkfs.ext2', '-q', '-b', String(page), '-m', '0', image) === undefined) return undefined;
  ran('mkdir', disk);
  // Directly: else the kernel reads zeros where the file has ended.
  const device = ran('losetup', '-f', '--show', '--direct-io=on', image);
  if (device === undefined || ran('mount', device, disk) !== undefined) return device;
  ran('losetup', '-d', device);
  return undefined;
}

const device = madeDisk();
afterAll(() => {
  if (device === undefined) return;
  ran('umount', '-l', disk);
  ran('losetup', '-d', device);
});
const orNotRun = device === undefined ? 'NOT RUN, only root can mount a loop device: ' : '';

/** Pages that cannot be read, neighbours joined. */
function unreadable(path: string): { offset: number; bytes: number }[] {
  const fd = openSync(path, 'r');
  const { size } = fstatSync(fd);
  const stretches: { offset: number; bytes: number }[] = [];
  for (let offset = 0; offset < size; offset += page) {
    const bytes = Math.min(page, size - offset);
    try {
      readSync(fd, Buffer.alloc(bytes), 0, bytes, offset);
    } catch {
      const last = stretches.at(-1);
      if (last && last.offset + last.bytes === offset) last.bytes += bytes;
      else stretches.push({ offset, bytes });
    }
  }
  closeSync(fd);
  return stretches;
}

/** Where on the disk the pages of a file lie. */
function blocksOf(path: string): number[] {
  const extents = (ran('filefrag', '-v', path) ?? '').matchAll(/^ *\d+: +(\d+)\.\. +(\d+): +(\d+)\.\./gm);
  return [...extents].flatMap(([, from, to, block]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, at) => Number(block) + at),
  );
}

test.skipIf(device === undefined)(
  `${orNotRun}a salvage takes all that can still be read from a disk that fails, and as much as from a damaged copy`,
  async () => {
    const store = `${disk}/store`;
    const queue = await openQueue(store);
    for (let at = 0; at < 200; at++) {
      await queue.enqueueMany(
        Array.from({ length: 20 }, (_, n) => ({ name: 'job', payload: [at, n, 'x'.repeat(150)] })),
      );
    }
    await queue.close();
    const segment = `wal/${readdirSync(`${store}/wal`)[0]}`;
    const copy = `${folder}/copy`;
    cpSync(store, copy, { recursive: true });
    const [header = 0, ...pages] = blocksOf(`${store}/${segment}`);
    // These say whose the log is: not all of them may be gone.
    const kept = Math.max(header, ...['STORE.json', 'HEAD'].flatMap((name) => blocksOf(`${store}/${name}`)));
    const behind = pages.filter((block) => block > kept).sort((one, other) => one - other);
    const cut = behind[Math.floor(behind.length / 2)] ?? Number.NaN;
    ran('umount', disk);
    expect(ran('mount', device ?? '', disk)).toBeDefined();
    truncateSync(image, cut * page);

    const bad = unreadable(`${store}/${segment}`);
    expect(bad).not.toEqual([]);
    const verify = await walq(['wal', 'verify', store]);
    expect([verify.code, verify.stderr]).toEqual([74, expect.stringContaining('input/output error (EIO) [E_READ]')]);
    const answer = await walq([
      'wal',
      'repair',
      store,
      '--mode',
      'salvage',
      '--to',
      `${folder}/new`,
      '--apply',
      '--json',
    ]);
    expect(answer.code, `${answer.stderr} ${answer.stdout.slice(0, 1500)}`).toBe(0);
    const { plan } = JSON.parse(answer.stdout);
    expect(plan.unreadable).toEqual(bad.map((stretch) => ({ file: segment, ...stretch })));
    expect((await walq(['wal', 'verify', '--deep', `${folder}/new`])).code).toBe(0);

    const fd = openSync(`${copy}/${segment}`, 'r+');
    const bytes = Buffer.alloc(fstatSync(fd).size);
    readSync(fd, bytes);
    closeSync(fd);
    for (const { offset, bytes: length } of bad) bytes.fill(0xbd, offset, offset + length);
    writeFileSync(`${copy}/${segment}`, bytes);
    const damaged = await walq(['wal', 'repair', copy, '--mode', 'salvage', '--to', `${folder}/other`, '--json']);
    const { events, lost, sha256 } = JSON.parse(damaged.stdout).plan;
    expect(plan).toMatchObject({ events, lost, sha256 });
    expect(events).toBeGreaterThan(1000);
    expect(lost).not.toEqual([]);
  },
);
