import { chmodSync, closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/base/node-clock.ts';
import { Launcher, type LauncherOptions } from '../../../src/queue/process/launcher.ts';
import type { AttemptOrder } from '../../../src/queue/process/order.ts';
import { alive, tempFolder, until } from './helpers.ts';

const goesBack = { kind: 'retry', reason: 'resources', refund: true };

function order(): AttemptOrder {
  return {
    command: { shell: 'true' },
    owner: 'runner',
    job: { id: 'a', name: 'mail', attempt: 1, attemptsMax: 3 },
    store: '/somewhere',
    lease: 'c0ffee:2',
    killAfterMs: 20,
    log: { folder: tempFolder(), name: 'a.log' },
  };
}

function launcherOf(changes: Partial<LauncherOptions>): { launcher: Launcher; ended: string[] } {
  const ended: string[] = [];
  const endLeft = async (leases: readonly string[]) => void ended.push(...leases);
  return { ended, launcher: new Launcher({ variables: {}, clock: systemClock, endLeft, ...changes }) };
}

/** A program that does what this shell line says, in place of node. */
function program(line: string): { path: string; pid(): number } {
  const folder = tempFolder();
  const path = `${folder}/program`;
  writeFileSync(path, `#!/bin/sh\necho $$ > ${folder}/pid\n${line}\n`);
  chmodSync(path, 0o700);
  return { path, pid: () => (existsSync(`${folder}/pid`) ? Number(readFileSync(`${folder}/pid`, 'utf8')) : 0) };
}

test('attempts of a launcher that cannot be started go back, and do not count', async () => {
  const { launcher, ended } = launcherOf({ program: '/there/is/no/such/program' });
  const attempts = [launcher.start(order(), {}), launcher.start(order(), {})];
  for (const { done } of attempts) expect((await done).verdict).toMatchObject(goesBack);
  expect(ended).toEqual([]);
  expect(launcher.size).toBe(0);
  await launcher.close();
});

test('so do those of one that dies before it has begun', async () => {
  const { launcher } = launcherOf({ program: program('kill -ABRT $$').path });
  const { verdict } = await launcher.start(order(), {}).done;
  expect(verdict).toMatchObject(goesBack);
  expect(verdict).toMatchObject({ error: 'the process that starts jobs ended (SIGABRT)' });
});

test('one that never begins is killed, and so is one that does not let an attempt be ended', async () => {
  const limits = { readyMs: 60_000, killedMs: 100, closeMs: 100 };
  for (const now of [undefined, 'now'] as const) {
    const stuck = program('exec sleep 60');
    const { launcher } = launcherOf({ program: stuck.path, limits });
    const attempt = launcher.start(order(), {});
    await until(() => stuck.pid() > 0, 'it runs');
    attempt.kill('stop', now);
    expect((await attempt.done).verdict).toMatchObject(goesBack);
    await until(async () => !(await alive(stuck.pid())), 'it is gone');
  }
  const stuck = program('exec sleep 60');
  const { launcher } = launcherOf({ program: stuck.path, limits: { ...limits, readyMs: 100 } });
  expect((await launcher.start(order(), {}).done).verdict).toMatchObject(goesBack);
});

test('one that does not end is killed at the end', async () => {
  const stuck = program('exec sleep 60');
  const { launcher } = launcherOf({ program: stuck.path, limits: { readyMs: 60_000, killedMs: 100, closeMs: 100 } });
  launcher.begin();
  await launcher.close();
});

test('without file descriptors for its channel it is told nothing, and the attempt goes back', async () => {
  const { launcher } = launcherOf({});
  const held = allDescriptors();
  const attempt = launcher.start(order(), {});
  for (const fd of held) closeSync(fd);
  expect((await attempt.done).verdict).toMatchObject(goesBack);
});

function allDescriptors(): number[] {
  const held: number[] = [];
  try {
    for (;;) held.push(openSync('/dev/null', 'r'));
  } catch {
    return held;
  }
}
