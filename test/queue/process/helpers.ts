import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { Clock } from '../../../src/base/clock.ts';
import { systemClock } from '../../../src/base/node-clock.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import { runAttempt } from '../../../src/queue/process/attempt.ts';
import type { AttemptHooks, AttemptSpec } from '../../../src/queue/process/attempt-types.ts';
import { platformProcesses } from '../../../src/queue/process/child-notes.ts';

export const { table } = platformProcesses(nodeFs, '/nowhere');

const folders: string[] = [];

/** A folder that is gone after the test. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'walq-process-'));
  folders.push(folder);
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export function spec(command: AttemptSpec['command'] | string, changes: Partial<AttemptSpec> = {}): AttemptSpec {
  return {
    command: typeof command === 'string' ? { shell: command } : command,
    owner: typeof command === 'string' ? 'runner' : 'job',
    job: { id: 'job_1', name: 'mail', payload: '{"to":"a"}', attempt: 2, attemptsMax: 5 },
    store: '/somewhere/store',
    lease: 'c0ffee:12',
    env: process.env,
    killAfterMs: 30,
    table,
    clock: systemClock,
    ...changes,
  };
}

export function run(
  command: AttemptSpec['command'] | string,
  changes: Partial<AttemptSpec> = {},
  hooks: AttemptHooks = {},
) {
  return runAttempt(spec(command, changes), hooks).done;
}

/**
 * Time that stands still until the handler says `{"progress":1}`, and goes on from there: however slow the machine,
 * no timeout comes before the handler is where the test wants it.
 */
export function timeFromProgress(): { clock: Clock; onProgress: () => void } {
  const stoodStillMs = performance.now();
  let goneMs: number | undefined;
  return {
    clock: {
      ...systemClock,
      monotonic: () => (goneMs === undefined ? stoodStillMs : stoodStillMs + performance.now() - goneMs),
    },
    onProgress: () => {
      goneMs ??= performance.now();
    },
  };
}

/** Says on fd 3 that the handler has come this far. */
export const sayReady = `echo '{"progress":1}' >&3`;

/** True when nothing runs any more in the group that this attempt led (zombies may wait there for their parent). */
export async function groupGone(pid: number | undefined): Promise<boolean> {
  return pid !== undefined && !(await table.groupLives(pid));
}

export async function alive(pid: number | undefined): Promise<boolean> {
  return pid !== undefined && (await table.find(pid)) !== undefined;
}

/** Waits for a condition that another process brings about. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 60_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await systemClock.sleep(5);
  }
}
