import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFs } from '../../src/fs/node-fs.ts';
import type { FileSystem } from '../../src/fs/types.ts';
import { putLink } from '../support/sim-edit.ts';
import { SimFs } from '../support/sim-fs.ts';

/** One implementation of the file system interface, with an empty folder. */
export interface Subject {
  fs: FileSystem;
  /** A folder of its own for each test. */
  root: string;
  symlink(target: string, path: string): void;
  dispose(): void;
}

export const subjects: Record<string, () => Subject> = {
  'the real disk': () => {
    const root = mkdtempSync(join(tmpdir(), 'walq-fs-'));
    return {
      fs: nodeFs,
      root,
      symlink: (target, path) => symlinkSync(target, path),
      dispose: () => rmSync(root, { recursive: true }),
    };
  },
  'the simulated disk': () => {
    const fs = new SimFs();
    return { fs, root: '', symlink: (target, path) => putLink(fs, path, target), dispose: () => undefined };
  },
};
