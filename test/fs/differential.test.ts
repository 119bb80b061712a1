import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeFs } from '../../src/fs/node-fs.ts';
import type { File, FileSystem } from '../../src/fs/types.ts';
import { Prng } from '../support/seeded-random.ts';
import { SimFs } from '../support/sim-fs.ts';
import { errnoOf } from './helpers.ts';

const names = ['a', 'b', 'd', 'd/a', 'd/b', 'd/e', 'd/e/a', 'none/a'];

/** A random walk over few names, so that calls meet each other. What each call answered, as text. */
async function walk(fs: FileSystem, root: string, seed: number, steps: number): Promise<string[]> {
  const prng = new Prng(seed);
  const path = (): string => `${root}/${prng.pick(names)}`;
  const open: File[] = [];
  const answers: string[] = [];
  const answer = async (call: Promise<unknown>, show: (value: unknown) => string = () => 'ok'): Promise<void> => {
    let value: unknown;
    const errno = await errnoOf(
      call.then((result) => {
        value = result;
      }),
    );
    answers.push(errno === 'ok' ? show(value) : errno);
  };
  const steppers: (() => Promise<void>)[] = [
    () => answer(fs.mkdir(path())),
    () => answer(fs.readdir(path()), String),
    () => answer(fs.rename(path(), path())),
    () => answer(fs.link(path(), path())),
    () => answer(fs.unlink(path())),
    () => answer(fs.rmdir(path())),
    () => answer(fs.syncDir(path())),
    async () => {
      const info = await fs.lstat(path()).catch(() => undefined);
      answers.push(info === undefined ? 'nothing' : `${info.kind} ${info.kind === 'file' ? info.size : ''}`);
    },
    async () => {
      const mode = prng.pick(['r', 'r+', 'wx', 'wx', 'wx'] as const);
      await answer(fs.open(path(), mode).then((file) => open.push(file)));
    },
  ];
  const fileSteppers: ((file: File) => Promise<void>)[] = [
    (file) => answer(file.write(prng.bytes(prng.below(40)), prng.below(100)), String),
    (file) => answer(file.truncate(prng.below(120))),
    (file) => answer(file.datasync()),
    (file) => answer(file.tryLock(prng.below(4), 1 + prng.below(4)), String),
    (file) => {
      const buffer = new Uint8Array(prng.below(150));
      return answer(file.read(buffer, prng.below(100)), (got) => `${got}: ${buffer.subarray(0, Number(got)).join()}`);
    },
    async (file) => {
      await file.close();
      open.splice(open.indexOf(file), 1);
    },
  ];
  for (let step = 0; step < steps; step++) {
    if (open.length > 0 && prng.chance(0.5)) await prng.pick(fileSteppers)(prng.pick(open));
    else await prng.pick(steppers)();
  }
  for (const file of open) await file.close();
  return answers;
}

test('the simulated disk answers random calls as the real one does', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const root = mkdtempSync(join(tmpdir(), 'walq-fs-'));
    try {
      const real = await walk(nodeFs, root, seed, 300);
      expect(await walk(new SimFs(), '', seed, 300), `seed ${seed}`).toEqual(real);
    } finally {
      rmSync(root, { recursive: true });
    }
  }
});
