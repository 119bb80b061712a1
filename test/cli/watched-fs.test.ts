import { describe, expect, it } from 'vitest';
import { WatchedFs } from '../../src/cli/watched-fs.ts';
import { nodeFs } from '../../src/fs/node-fs.ts';
import type { FileSystem } from '../../src/fs/types.ts';
import { simEnv } from '../support/env.ts';
import { putFile } from '../support/sim-edit.ts';
import { scratch } from './run-walq.ts';

class Meter {
  toRead = 0;
  done = 0;
  written = 0;
  expect(bytes: number): void {
    this.toRead += bytes;
  }
  read(bytes: number): void {
    this.done += bytes;
  }
  wrote(bytes: number): void {
    this.written += bytes;
  }
}

function watched(fs: FileSystem): { fs: WatchedFs; meter: Meter } {
  const meter = new Meter();
  return { fs: new WatchedFs(fs, meter), meter };
}

describe('what passes through files', () => {
  it('is expected when the size is asked, and counts once however often it is read', async () => {
    const env = simEnv();
    putFile(env.fs, '/a', new Uint8Array(1000));
    const { fs, meter } = watched(env.fs);
    const file = await fs.open('/a', 'r');
    expect(meter).toMatchObject({ toRead: 0, done: 0 });
    expect([(await file.info()).size, await file.size()]).toEqual([1000, 1000]);
    expect(meter).toMatchObject({ toRead: 1000, done: 0 });
    const buffer = new Uint8Array(600);
    for (const [position, done] of [
      [0, 600],
      [0, 600],
      [300, 900],
      [600, 1000],
      [1000, 1000],
    ] as const) {
      await file.read(buffer, position);
      expect(meter).toMatchObject({ toRead: 1000, done });
    }
    await file.close();
    expect(meter).toMatchObject({ toRead: 1000, done: 1000 });
  });

  it('is no longer expected of a file that was only looked into', async () => {
    const env = simEnv();
    putFile(env.fs, '/a', new Uint8Array(1000));
    const { fs, meter } = watched(env.fs);
    const file = await fs.open('/a', 'r');
    await file.size();
    await file.read(new Uint8Array(96), 0);
    await file.close();
    expect(meter).toMatchObject({ toRead: 96, done: 96 });
  });

  it('is counted where nobody asked for the size, and when it is written', async () => {
    const env = simEnv();
    const { fs, meter } = watched(env.fs);
    const file = await fs.open('/a', 'wx');
    await file.write(new Uint8Array(50), 0);
    file.writeSync(new Uint8Array(50), 50);
    await file.read(new Uint8Array(80), 0);
    expect(meter).toEqual({ toRead: 80, done: 80, written: 100 });
    await file.close();
  });
});

describe('a file system that is stopped', () => {
  it('takes away what was begun under a temporary name, and nothing that has another', async () => {
    const dir = scratch();
    const { fs } = watched(nodeFs);
    const names = ['kept', 'x.tmp', 'was.tmp', 'gone.tmp'];
    for (const name of names) await (await fs.open(`${dir}/${name}`, 'wx')).close();
    await fs.rename(`${dir}/was.tmp`, `${dir}/is`);
    await fs.unlink(`${dir}/gone.tmp`);
    for (const name of ['new.importing', 'copy.unfinished', 'saved.salvaging', 'folder'])
      await fs.mkdir(`${dir}/${name}`);
    await (await fs.open(`${dir}/new.importing/LOCK`, 'wx')).close();
    await fs.rename(`${dir}/copy.unfinished`, `${dir}/copy`);
    // Not made here: somebody else is at work on it.
    await (await nodeFs.open(`${dir}/other.tmp`, 'wx')).close();
    await expect(fs.open(`${dir}/other.tmp`, 'wx')).rejects.toThrow('EEXIST');
    await fs.stop();
    expect(await nodeFs.readdir(dir)).toEqual(['copy', 'folder', 'is', 'kept', 'other.tmp']);
  });

  it('waits for what is under way, and lets nothing more happen', async () => {
    const env = simEnv();
    let go = (): void => undefined;
    env.fs.hold = ({ kind }) => (kind === 'create' ? new Promise<void>((resolve) => (go = resolve)) : undefined);
    const { fs } = watched(env.fs);
    const making = fs.open('/late', 'wx');
    const stopping = fs.stop();
    let done = false;
    void fs.mkdir('/never').then(() => (done = true));
    go();
    await making;
    await stopping;
    expect({ done, there: await env.fs.readdir('/') }).toEqual({ done: false, there: ['late'] });
  });
});
