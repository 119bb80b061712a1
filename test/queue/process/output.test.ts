import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import type { FileSystem } from '../../../src/fs/types.ts';
import { HeadTail } from '../../../src/queue/process/head-tail.ts';
import { fileOutput } from '../../../src/queue/process/output.ts';
import { run, tempFolder } from './helpers.ts';

describe('head and tail of a stream', () => {
  it('are its first and last bytes for every length and every cut', () => {
    for (const total of [0, 1, 4, 5, 6, 8, 9, 10, 12, 13, 30]) {
      for (const step of [1, 2, 3, 7, 100]) {
        const bytes = Uint8Array.from({ length: total }, (_, index) => index);
        const kept = new HeadTail(5, 4);
        let inHead = 0;
        for (let at = 0; at < total; at += step) inHead += kept.push(bytes.subarray(at, at + step));
        const tail = [...bytes.subarray(Math.max(5, total - 4))];
        expect([inHead, kept.total, kept.leftOut]).toEqual([Math.min(5, total), total, Math.max(0, total - 9)]);
        expect([...kept.tail()]).toEqual(tail);
        expect([...kept.last()]).toEqual(total <= 9 ? [...bytes] : tail);
      }
    }
  });
});

describe('the log of an attempt', () => {
  it('shows a short output as a terminal would, and creates its folder', async () => {
    const folder = `${tempFolder()}/logs`;
    const output = fileOutput(nodeFs, folder, () => '12-1.log');
    const outcome = await run('echo one; sleep 0.05; echo two >&2; sleep 0.05; echo three', { output });
    expect(outcome.output).toMatchObject({ path: `${folder}/12-1.log`, stdoutBytes: 10, stderrBytes: 4, tail: 'two' });
    expect(readFileSync(`${folder}/12-1.log`, 'utf8')).toBe('one\ntwo\nthree\n');
  });

  it('keeps head and tail of a long one and says what is missing', async () => {
    const folder = tempFolder();
    const output = fileOutput(nodeFs, folder, () => 'a.log', { headBytesMax: 10, tailBytesMax: 8 });
    await run('seq 1 100000; echo done', { output });
    expect(readFileSync(`${folder}/a.log`, 'utf8')).toBe(
      '1\n2\n3\n4\n5\n\n[walq: stdout, 588882 bytes left out]\n00\ndone\n',
    );
  });

  it('is bounded for 100 MB', async () => {
    const folder = tempFolder();
    const outcome = await run(
      'head -c 100000000 /dev/zero | tee /dev/fd/4 4>&2 >/dev/null || head -c 100000000 /dev/zero',
      {
        output: fileOutput(nodeFs, folder, () => 'a.log'),
      },
    );
    expect(outcome.output.stdoutBytes + outcome.output.stderrBytes).toBeGreaterThanOrEqual(100_000_000);
    expect(readFileSync(`${folder}/a.log`).length).toBeLessThan(4 * 64 * 1024 + 2000);
  });

  it('is there while the attempt runs', async () => {
    const folder = tempFolder();
    const seen = `${folder}/a.log`;
    const outcome = await run(`echo hello; while ! grep -q hello ${seen} 2>/dev/null; do sleep 0.01; done`, {
      output: fileOutput(nodeFs, folder, () => 'a.log'),
      timeoutMs: 120_000,
    });
    expect(outcome.verdict).toEqual({ kind: 'ack' });
  });

  it('of a silent attempt does not exist', async () => {
    const folder = tempFolder();
    const outcome = await run('exit 0', { output: fileOutput(nodeFs, `${folder}/logs`, () => 'a.log') });
    expect(outcome.output).toEqual({ stdoutBytes: 0, stderrBytes: 0, tail: '' });
    expect(await nodeFs.lstat(`${folder}/logs`)).toBeUndefined();
  });

  it('replaces an older one of the same name, but never writes through a link', async () => {
    const folder = tempFolder();
    mkdirSync(`${folder}/logs`);
    writeFileSync(`${folder}/logs/a.log`, 'something long from before');
    writeFileSync(`${folder}/victim`, 'precious');
    symlinkSync(`${folder}/victim`, `${folder}/logs/b.log`);
    await run('echo new', { output: fileOutput(nodeFs, `${folder}/logs`, () => 'a.log') });
    const linked = await run('echo new', { output: fileOutput(nodeFs, `${folder}/logs`, () => 'b.log') });
    expect(readFileSync(`${folder}/logs/a.log`, 'utf8')).toBe('new\n');
    expect(readFileSync(`${folder}/victim`, 'utf8')).toBe('precious');
    expect(linked.verdict).toEqual({ kind: 'ack' });
    expect(linked.output.logError).toMatch(/ELOOP/);
  });

  it('may fail: a full disk is told, and the attempt does not suffer', async () => {
    const full: FileSystem = {
      ...nodeFs,
      open: () => Promise.reject(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })),
    };
    const outcome = await run('seq 1 100000; exit 3', { output: fileOutput(full, tempFolder(), () => 'a.log') });
    expect(outcome.output).toMatchObject({ logError: 'ENOSPC: no space left' });
    expect(outcome.output.path).toBeUndefined();
    expect(outcome.output.tail.endsWith('100000')).toBe(true);
  });
});
