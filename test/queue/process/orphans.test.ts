import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/node-clock.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import { runAttempt } from '../../../src/queue/process/attempt.ts';
import { platformProcesses } from '../../../src/queue/process/child-notes.ts';
import { signalGroup } from '../../../src/queue/process/group.ts';
import { findOrphans, killOrphans, leaseOf } from '../../../src/queue/process/orphans.ts';
import {
  type LeasedProcess,
  type ProcessTable,
  parsePs,
  procTable,
  variableIn,
} from '../../../src/queue/process/process-table.ts';
import { tried } from '../../support/tried.ts';
import { alive, spec, table, tempFolder, until } from './helpers.ts';

const started: ChildProcess[] = [];
let stores = 0;
/** A store id of its own for each test: they share the machine. */
const newStoreId = () => `${process.pid.toString(16)}ff${(stores++).toString(16)}`;

function orphan(storeId: string, seq: number, shell: string): ChildProcess {
  const env = { ...process.env, WALQ_LEASE: leaseOf(storeId, seq) };
  const child = spawn('/bin/sh', ['-c', shell], { detached: true, env, stdio: ['ignore', 'pipe', 'ignore'] });
  started.push(child);
  return child;
}

/** Resolves with the first line it prints: it has set its traps by then. */
function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => child.stdout?.once('data', (chunk) => resolve(String(chunk).trim())));
}

afterEach(() => {
  for (const child of started.splice(0)) if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
});

describe('orphans', () => {
  afterEach((context) => tried(context, 'handlers', { 'orphans dealt with': 1 }));

  it('are found by store and dispatch, through any number of forks and sessions', async () => {
    const storeId = newStoreId();
    const child = orphan(storeId, 7, 'setsid sh -c "echo \\$\\$; sleep 60" & wait');
    const escaped = Number(await firstLine(child));
    orphan(`${storeId}0`, 7, 'sleep 60');
    const found = await findOrphans({ table, storeId });
    const pids = found.map((one) => one.pid);
    expect(pids).toContain(child.pid);
    expect(pids).toContain(escaped);
    expect(new Set(found.map((one) => one.dispatchSeq))).toEqual(new Set([7]));
    await killOrphans({ table, storeId, clock: systemClock, graceMs: 2000 });
    expect(await alive(escaped)).toBe(false);
  });

  it('end by SIGTERM when they can, and are gone when the call returns', async () => {
    const storeId = newStoreId();
    const child = orphan(storeId, 1, 'trap "exit 0" TERM; echo on; while :; do sleep 0.01; done');
    await firstLine(child);
    const met = await killOrphans({ table, storeId, clock: systemClock, graceMs: 10_000 });
    expect(met.map((one) => one.pid)).toContain(child.pid);
    expect(await findOrphans({ table, storeId })).toEqual([]);
    await until(() => child.exitCode === 0, 'a graceful end');
  });

  it('end by SIGKILL when they ignore SIGTERM, are stopped or keep forking', async () => {
    const storeId = newStoreId();
    const deaf = orphan(storeId, 1, `trap '' TERM; echo on; while :; do sleep 0.01; done`);
    const stopped = orphan(storeId, 2, `trap '' TERM; echo on; kill -STOP $$; sleep 60`);
    const forking = orphan(storeId, 3, `trap '' TERM; echo on; f() { sleep 0.005; (f) & exit; }; f`);
    await Promise.all([deaf, stopped, forking].map(firstLine));
    await killOrphans({ table, storeId, clock: systemClock, graceMs: 50 });
    expect(await findOrphans({ table, storeId })).toEqual([]);
    expect(await alive(deaf.pid)).toBe(false);
    expect(await alive(stopped.pid)).toBe(false);
  });

  it('take along what shares their process group, whatever its environment and however long it lives', async () => {
    const storeId = newStoreId();
    const clean = 'trap "" TERM; echo on; while :; do /bin/sleep 0.02; done';
    const child = orphan(storeId, 1, `env -i /bin/sh -c '${clean}' & wait`);
    await firstLine(child);
    const group = child.pid ?? 0;
    const before = await table.inGroups(new Set([group]));
    expect(before.length).toBeGreaterThan((await findOrphans({ table, storeId })).length);
    const met = await killOrphans({ table, storeId, clock: systemClock, graceMs: 50 });
    expect(met.length).toBeGreaterThanOrEqual(2);
    expect(await table.inGroups(new Set([group]))).toEqual([]);
  });

  it('are found by the fifth look in a row, as what forks and ends between looks is', async () => {
    const storeId = newStoreId();
    const child = orphan(storeId, 1, 'echo on; sleep 60');
    await firstLine(child);
    let looks = 0;
    const missed: ProcessTable = { ...table, leased: async () => (++looks % 5 === 0 ? await table.leased() : []) };
    const met = await killOrphans({ table: missed, storeId, clock: systemClock, graceMs: 0 });
    expect(met.map((one) => one.pid)).toContain(child.pid);
    expect(await findOrphans({ table, storeId })).toEqual([]);
  });

  it('are waited for while the rest of their group, which has its SIGKILL, is still there', async () => {
    // Beyond what the kernel gives out: no signal meets anybody.
    const [pid, late] = [2 ** 22 + 5, 2 ** 22 + 6];
    const groupId = pid;
    const orphan = { pid, groupId, userId: 0, startTime: '1' };
    let looks = 0;
    let asked = 0;
    const going: ProcessTable = {
      leased: async () => (looks++ === 0 ? [{ ...orphan, lease: `${'a'.repeat(32)}:1` }] : []),
      find: async () => undefined,
      inGroups: async () => (++asked < 8 ? [{ ...orphan, pid: late, startTime: '2' }] : []),
      groupLives: async () => false,
    };
    await killOrphans({
      table: going,
      storeId: 'a'.repeat(32),
      clock: systemClock,
      graceMs: 0,
      self: { pid: 1, userId: 0 },
    });
    expect(asked).toBeGreaterThanOrEqual(8);
  });

  it('a group whose number was given out again after the orphan is left alone', async () => {
    const other = orphan(newStoreId(), 1, 'echo on; sleep 60');
    await firstLine(other);
    const stranger = await table.find(other.pid ?? 0);
    if (stranger === undefined) throw new Error('the stranger is gone');
    // The orphan led a group of this number, and is gone at the second look.
    let looks = 0;
    const gone = { ...stranger, startTime: 'before', lease: 'abc:1' };
    const reused = {
      leased: () => Promise.resolve(looks++ === 0 ? [gone] : []),
      find: () => Promise.resolve(stranger),
      inGroups: () => Promise.resolve([looks === 1 ? gone : stranger]),
      groupLives: () => Promise.resolve(true),
    };
    await killOrphans({ table: reused, storeId: 'abc', clock: systemClock, graceMs: 0, waitMs: 5000 });
    expect(await alive(other.pid)).toBe(true);
  });

  it('of dispatches that are over are left alone', async () => {
    const storeId = newStoreId();
    const daemon = orphan(storeId, 1, 'echo on; sleep 60');
    const working = orphan(storeId, 2, 'echo on; sleep 60');
    await Promise.all([daemon, working].map(firstLine));
    await killOrphans({ table, storeId, clock: systemClock, graceMs: 1000, includes: (seq) => seq === 2 });
    const left = await findOrphans({ table, storeId });
    expect(left.every((one) => one.dispatchSeq === 1)).toBe(true);
    expect(left.map((one) => one.pid)).toContain(daemon.pid);
  });

  it('are never the own process, its group, another user or a malformed lease', async () => {
    const one = (changes: Partial<LeasedProcess>): LeasedProcess => {
      return { pid: 500, groupId: 500, userId: 7, startTime: '1', lease: 'abc:1', ...changes };
    };
    const listed = [
      one({}),
      one({ pid: 501, groupId: 9 }),
      one({ pid: 10 }),
      one({ pid: 502, userId: 8 }),
      one({ pid: 1 }),
      one({ pid: 503, lease: 'abcd:1' }),
      one({ pid: 504, lease: 'abc:' }),
      one({ pid: 505, lease: 'abc:1x' }),
      one({ pid: 506, lease: 'ABC:1' }),
      one({ pid: 507, lease: 'abc:99999999999999999999' }),
    ];
    const fake = {
      leased: () => Promise.resolve(listed),
      find: () => Promise.resolve({ pid: 10, groupId: 9, userId: 7, startTime: '0' }),
      inGroups: () => Promise.resolve([]),
      groupLives: () => Promise.resolve(true),
    };
    const self = { pid: 10, userId: 7 };
    expect((await findOrphans({ table: fake, storeId: 'abc', self })).map((found) => found.pid)).toEqual([500]);
    expect(await findOrphans({ table: fake, storeId: '', self })).toEqual([]);
  });

  it('a pid given out again meanwhile gets no signal, and one that stays is an error', async () => {
    const bystander = orphan(newStoreId(), 1, 'echo on; sleep 60');
    await firstLine(bystander);
    const userId = process.getuid?.() ?? 0;
    const pid = bystander.pid ?? 0;
    const reused = {
      leased: () => Promise.resolve([{ pid, groupId: pid, userId, startTime: 'old', lease: 'abc:1' }]),
      find: (asked: number) => Promise.resolve({ pid: asked, groupId: asked, userId, startTime: 'new' }),
      inGroups: () => Promise.resolve([]),
      groupLives: () => Promise.resolve(true),
    };
    const options = { table: reused, storeId: 'abc', clock: systemClock, graceMs: 10, waitMs: 30 };
    await expect(killOrphans(options)).rejects.toMatchObject({ code: 'E_ORPHANS_ALIVE', data: { pids: [pid] } });
    expect(await alive(pid)).toBe(true);
  });
});

describe('the process table', () => {
  it('reads names with spaces and parentheses, and skips zombies', async () => {
    const folder = tempFolder();
    const stat = (state: string) => `1 (a) b) ${state} 1 77 77 0 -1 4194304 1 1 1 1 1 1 1 1 20 0 1 0 424242 1 1`;
    for (const [pid, state] of [
      ['31', 'S'],
      ['32', 'Z'],
    ] as const) {
      mkdirSync(`${folder}/${pid}`);
      writeFileSync(`${folder}/${pid}/stat`, stat(state));
      writeFileSync(`${folder}/${pid}/status`, 'Name:\tx\nUid:\t12\t0\t0\t0\n');
      writeFileSync(`${folder}/${pid}/environ`, 'A=1\0WALQ_LEASE=abc:5\0B=2\0');
    }
    mkdirSync(`${folder}/33`);
    writeFileSync(`${folder}/stat`, 'not a process');
    expect(await procTable(nodeFs, folder).leased()).toEqual([
      { pid: 31, groupId: 77, userId: 12, startTime: '424242', lease: 'abc:5' },
    ]);
  });

  it('that cannot be read is an error, never "no orphans"', async () => {
    await expect(procTable(nodeFs, `${tempFolder()}/none`).leased()).rejects.toMatchObject({ code: 'E_ORPHAN_SCAN' });
    const failing = procTable({
      ...nodeFs,
      open: () => Promise.reject(Object.assign(new Error('EMFILE'), { code: 'EMFILE' })),
    });
    await expect(failing.leased()).rejects.toMatchObject({ code: 'E_ORPHAN_SCAN' });
  });

  it('believes only a whole variable name', () => {
    const leaseIn = (text: string) => variableIn(Buffer.from(text), 'WALQ_LEASE');
    expect(leaseIn('WALQ_LEASE=a:1')).toBe('a:1');
    expect(leaseIn('X=1\0WALQ_LEASE=a:1\0')).toBe('a:1');
    expect(leaseIn('XWALQ_LEASE=a:1\0X=WALQ_LEASE=b:2\0')).toBeUndefined();
  });

  it('of ps is read line by line', () => {
    const text = '    1     1     0 Ss   Thu Jan  1 00:00:00 1970\n  9 9 0 Z   Thu Jan  1 00:00:00 1970\n\nnoise\n';
    expect(parsePs(text)).toEqual([{ pid: 1, groupId: 1, userId: 0, startTime: 'Thu Jan  1 00:00:00 1970' }]);
  });

  it('without /proc finds children by the notes of their runner', async () => {
    const folder = tempFolder();
    const { table: noted, notes } = platformProcesses(nodeFs, folder, 'darwin');
    const storeId = newStoreId();
    const child = orphan('unrelated', 1, 'echo on; sleep 60 & sleep 60');
    const gone = orphan('unrelated', 2, 'echo on; sleep 60');
    await Promise.all([child, gone].map(firstLine));
    await notes.add(4, leaseOf(storeId, 4), child.pid ?? 0);
    await notes.add(5, leaseOf(storeId, 5), gone.pid ?? 0);
    writeFileSync(`${folder}/child-6`, '{"pid":');
    await notes.remove(5);
    await notes.remove(5);
    const found = await findOrphans({ table: noted, storeId });
    expect(found.length).toBeGreaterThanOrEqual(2);
    expect(found.every((one) => one.groupId === child.pid && one.dispatchSeq === 4)).toBe(true);
    await killOrphans({ table: noted, storeId, clock: systemClock, graceMs: 2000 });
    expect(await alive(child.pid)).toBe(false);
    expect(await alive(gone.pid)).toBe(true);
  });

  it('a note of a pid that now belongs to somebody else counts for nothing', async () => {
    const folder = tempFolder();
    const storeId = newStoreId();
    const child = orphan('unrelated', 1, 'echo on; sleep 60');
    await firstLine(child);
    const note = { pid: child.pid, startTime: 'Thu Jan  1 00:00:00 1970', lease: leaseOf(storeId, 1) };
    writeFileSync(`${folder}/child-1`, JSON.stringify(note));
    const { table: noted } = platformProcesses(nodeFs, folder, 'darwin');
    expect(await findOrphans({ table: noted, storeId })).toEqual([]);
  });
});

describe('an attempt', () => {
  it('is an orphan to a later runner: found by its lease and ended with all it started', async () => {
    const storeId = newStoreId();
    const attempt = runAttempt(spec('setsid sleep 60 & sleep 60', { lease: leaseOf(storeId, 3), drainMs: 10 }));
    await until(async () => (await findOrphans({ table, storeId })).length >= 3, 'shell and both children');
    await killOrphans({ table, storeId, clock: systemClock, graceMs: 2000 });
    expect(await attempt.done).toMatchObject({ signal: 'SIGTERM', verdict: { kind: 'retry' } });
    expect(await findOrphans({ table, storeId })).toEqual([]);
  });
});
