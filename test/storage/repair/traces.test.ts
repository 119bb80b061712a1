import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock, systemRandom } from '../../../src/base/node-clock.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import type { FileSystem } from '../../../src/fs/types.ts';
import { lockStore, openSegment, takeLock } from '../../../src/storage/lock.ts';
import { applyRepair, planRepair } from '../../../src/storage/repair.ts';
import { applyRestore, planRestore } from '../../../src/storage/restore-in-place.ts';
import { makeStore, segments } from '../../cli/make-store.ts';
import { scratch } from '../../cli/run-walq.ts';

/** What repairs leave behind when they fail, or die. */

const env = { fs: nodeFs, clock: systemClock, random: systemRandom };

async function store(): Promise<string> {
  const dir = join(scratch(), 'store');
  await makeStore(dir, 12, { segmentBytes: 1500 });
  return dir;
}

/** The real disk, full for every file whose path ends so. */
function fullFor(ending: string): { env: typeof env; tried(): number } {
  let tried = 0;
  const open: FileSystem['open'] = async (path, mode, options) => {
    const file = await nodeFs.open(path, mode, options);
    if (!path.endsWith(ending)) return file;
    return Object.assign(Object.create(file), {
      close: () => file.close(),
      write: async (bytes: Uint8Array, position: number) => {
        tried++;
        // As much as there was room for.
        await file.write(bytes.subarray(0, 100), position);
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
      },
    });
  };
  return { env: { ...env, fs: { ...nodeFs, open } }, tried: () => tried };
}

test('healing on a full disk leaves no copy behind that keeps it full', async () => {
  const dir = await store();
  const path = segments(dir).sort()[1] ?? '';
  const bytes = readFileSync(path);
  const at = bytes.indexOf('9007199254740993');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const request = { mode: 'heal', readable: () => true } as const;
  const plan = await planRepair(env, dir, request);
  expect(plan.actions).toHaveLength(1);
  const disk = fullFor('.wal.tmp');
  await expect(applyRepair(disk.env, plan, request, { yes: false })).rejects.toMatchObject({ code: 'E_NO_SPACE' });
  expect(disk.tried()).toBe(1);
  expect(existsSync(`${path}.tmp`)).toBe(false);
  expect(readFileSync(path)).toEqual(bytes);
});

test('nothing has a second name in quarantine before the journal says so: a writer would write to both', async () => {
  const dir = await store();
  const plan = await planRestore(env, dir, { seq: 12 });
  expect(plan.actions.length).toBeGreaterThan(2);
  const links: string[] = [];
  const link: FileSystem['link'] = async (from, to) => {
    const [journal = ''] = readdirSync(join(dir, 'quarantine')).filter((name) => name.startsWith('repair-'));
    expect(journal).not.toBe('');
    const text = readFileSync(join(dir, 'quarantine', journal), 'utf8');
    links.push(to);
    expect(JSON.parse(text).actions.map(({ quarantine }: { quarantine: string }) => quarantine)).toContain(
      to.slice(to.lastIndexOf('/') + 1),
    );
    await nodeFs.link(from, to);
  };
  await applyRestore({ ...env, fs: { ...nodeFs, link } }, dir, plan);
  expect(links).toHaveLength(plan.actions.length);
});

async function refusal(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
  } catch (error) {
    return String(error);
  }
  return 'not refused';
}

test('who holds the lock is said by the holder, or by nobody', async () => {
  const dir = await store();
  const first = await takeLock(env, dir, { pid: 4242, command: 'walq queue run' });
  expect(await refusal(takeLock(env, dir, {}))).toContain('is locked by process 4242 (walq queue run)');
  await first.release();
  const second = await takeLock(env, dir, {});
  expect(await refusal(takeLock(env, dir, {}))).toContain('is locked by another process');
  await second.release();
  // LOCK was deleted under the one that has the segment, and made anew by the one that asks.
  const name = (segments(dir)[0] ?? '').slice(dir.length + 1);
  const held = await openSegment(env, dir, name);
  const asking = await lockStore(env, dir, { note: { pid: 99, command: 'walq wal repair' } });
  expect(await refusal(openSegment(env, dir, name))).toContain('is locked by another process');
  await asking?.release();
  await held?.close();
});
