import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../src/base/node-clock.ts';
import { recoverSnapshotOnly, recoverStore } from '../../src/commands/demo/measure.ts';
import { nodeFs } from '../../src/fs/node-fs.ts';
import { binary, scratch } from './run-walq.ts';

const env = { fs: nodeFs, clock: systemClock, random: systemRandom };

/** Processes that have this text in their command line. */
function running(text: string): number {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.filter((id) => {
    try {
      return readFileSync(`/proc/${id}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  }).length;
}

describe.runIf(process.platform === 'linux')('walq demo', () => {
  it.each([
    ['SIGINT', '2. ', 130],
    ['SIGTERM', '5. ', 143],
  ] as const)('ended by %s in step %s leaves no process and no folder', async (signal, step, code) => {
    const folder = scratch();
    const demo = spawn(process.execPath, [binary, 'demo', '--jobs', '5000000'], {
      env: { PATH: process.env.PATH ?? '', TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const closed = once(demo, 'close');
    // The command of the step is at work then, or about to be.
    await new Promise<void>((resolve) => {
      let seen = '';
      demo.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.toString();
        if (seen.includes(`\n${step}`)) resolve();
      });
    });
    demo.kill(signal);
    expect((await closed)[0]).toBe(code);
    expect(readdirSync(folder)).toEqual([]);
    // One that was killed at the very last moment may still be on its way out.
    await expect.poll(() => running(folder), { timeout: 5000 }).toBe(0);
  });

  it('measures a load that takes its snapshots', async () => {
    const store = `${scratch()}/both`;
    const args = ['demo', '--load', store, '--jobs', '5000', '--snapshot-every', '1000'];
    const load = spawn(process.execPath, [binary, ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
    let answered = 0;
    load.stdout.on('data', (chunk: Buffer) => {
      answered = Number(chunk.toString().trimEnd().split('\n').at(-1)) || answered;
      if (answered >= 4500) load.kill('SIGKILL');
    });
    await once(load, 'close');
    const alone = await recoverSnapshotOnly(env, store, answered);
    const both = await recoverStore(env, store, answered);
    expect(alone.found).toBeGreaterThan(1000);
    expect(both.found).toBe(answered);
    expect(both.replayed).toBeLessThan(2.5 * answered);
  });
});
