import type { Clock } from '../../base/clock.ts';
import { assert, hasErrno, ioError } from '../../base/errors.ts';
import { signalGroup } from './group.ts';
import type { LeasedProcess, ProcessTable } from './process-table.ts';

/** A process that still works for a dispatch of a runner that is gone. */
export interface Orphan {
  pid: number;
  groupId: number;
  startTime: string;
  dispatchSeq: number;
}

export interface OrphanQuery {
  table: ProcessTable;
  storeId: string;
  /**
   * Which dispatches count. Default: all of the store. A runner passes the jobs in flight, so that what a finished
   * job started on purpose (a daemon in a session of its own) lives on.
   */
  includes?: (dispatchSeq: number) => boolean;
  /**
   * Whether this folder, the one a process works for, may be this store. A copy of a store has the same id, and must
   * not take the children of the original for its own. Default: yes.
   */
  isOwnFolder?: (path: string) => Promise<boolean>;
  /** Never touched, with its whole group. Default: this process. */
  self?: { pid: number; userId: number };
}

export interface KillOptions extends OrphanQuery {
  clock: Clock;
  /** Between SIGTERM and SIGKILL. */
  graceMs: number;
  /** How long to wait after SIGKILL before giving up. Default 5000. */
  waitMs?: number;
}

/**
 * So many looks in a row find nobody before nobody is left: what forks and ends all the time is missed by one look in
 * three on a busy machine, and no group that was met tells of it.
 */
const emptyLooksMin = 5;

/** `<store id>:<dispatch seq>`, the value of WALQ_LEASE. */
export function leaseOf(storeId: string, dispatchSeq: number): string {
  return `${storeId}:${dispatchSeq}`;
}

/** Of a child that is of its runner and no single dispatch; no event has this seq. */
export const runnerSeq = 0;

export function leaseOfRunner(storeId: string): string {
  return leaseOf(storeId, runnerSeq);
}

/**
 * Processes of this user whose environment names a lease of this store. Rejects with E_ORPHAN_SCAN when that cannot
 * be known.
 */
export async function findOrphans(query: OrphanQuery): Promise<Orphan[]> {
  const self = query.self ?? ownSelf();
  const processes = await query.table.leased();
  const ownGroup = processes.length === 0 ? undefined : (await query.table.find(self.pid))?.groupId;
  const orphans: Orphan[] = [];
  for (const one of processes) {
    if (one.pid === self.pid || one.groupId === ownGroup || one.userId !== self.userId || one.pid <= 1) continue;
    const dispatchSeq = seqOf(one, query.storeId);
    if (dispatchSeq === undefined || !(query.includes?.(dispatchSeq) ?? true)) continue;
    if (one.store !== undefined && !((await query.isOwnFolder?.(one.store)) ?? true)) continue;
    orphans.push({ pid: one.pid, groupId: one.groupId, startTime: one.startTime, dispatchSeq });
  }
  return orphans;
}

/**
 * Ends every orphan, and what shares a process group with one, since a child may have a clean environment (`env -i`,
 * `sudo`): SIGTERM, SIGKILL after `graceMs`, and looks again until none is left, since they may fork meanwhile. Returns
 * those it met. Rejects with E_ORPHANS_ALIVE when some outlive SIGKILL by `waitMs`: their jobs
 * must not run a second time yet.
 */
export async function killOrphans(options: KillOptions): Promise<Orphan[]> {
  const { clock, graceMs } = options;
  const killAt = clock.monotonic() + graceMs;
  const giveUpAt = killAt + (options.waitMs ?? 5000);
  const met = new Map<string, Orphan>();
  const asked = new Set<string>();
  const groups = new Map<number, number>();
  const ended = new Set<number>();
  let emptyLooks = 0;
  for (let pauseMs = 5; ; pauseMs = Math.min(50, pauseMs * 2)) {
    const leased = await findOrphans(options);
    const orphans = [...leased, ...(await companions(options, leased, groups, met))];
    emptyLooks = orphans.length === 0 ? emptyLooks + 1 : 0;
    if (emptyLooks > 0 && emptyLooks < emptyLooksMin) continue;
    if (emptyLooks === emptyLooksMin) {
      // What forks and ends while the list is read is seen by neither of its pids, as often as one looks. Its group
      // can be asked instead; where one answers, a zombie perhaps, the list has to be empty after the signal too.
      const some = await endGroups(options.table, met, ended);
      if (!some && (clock.monotonic() > giveUpAt || !(await lingers(options.table, met)))) return [...met.values()];
      emptyLooks = 0;
      if (!some) await clock.sleep(pauseMs);
      continue;
    }
    const now = clock.monotonic();
    if (now > giveUpAt) throw stillAlive(options.storeId, orphans);
    for (const orphan of orphans) met.set(keyOf(orphan), orphan);
    if (now >= killAt) await endGroups(options.table, met, ended);
    for (const orphan of orphans) {
      const key = keyOf(orphan);
      if (now >= killAt) await signal(options.table, orphan, ['SIGKILL']);
      else if (!asked.has(key)) await signal(options.table, orphan, ['SIGTERM', 'SIGCONT']);
      asked.add(key);
    }
    await clock.sleep(now >= killAt ? pauseMs : Math.min(pauseMs, Math.max(1, killAt - now)));
  }
}

function keyOf({ pid, startTime }: { pid: number; startTime: string }): string {
  return `${pid} ${startTime}`;
}

/**
 * The rest of each group that has or had an orphan in it: groups begin with the leader of an attempt, so all of it is
 * the attempt's. `groups` (to the dispatch seq) goes on over several looks: a group whose orphan is gone is still the
 * same one as long as somebody met there before lives; after that its number may be anybody's.
 */
async function companions(
  query: OrphanQuery,
  leased: readonly Orphan[],
  groups: Map<number, number>,
  met: ReadonlyMap<string, Orphan>,
): Promise<Orphan[]> {
  for (const { groupId, dispatchSeq } of leased) groups.set(groupId, dispatchSeq);
  if (groups.size === 0) return [];
  const self = query.self ?? ownSelf();
  const seen = new Set(leased.map(keyOf));
  const members = await query.table.inGroups(new Set(groups.keys()));
  const found: Orphan[] = [];
  for (const [groupId, dispatchSeq] of groups) {
    const here = members.filter((one) => one.groupId === groupId && one.pid > 1);
    if (!here.some((one) => seen.has(keyOf(one)) || met.has(keyOf(one)))) groups.delete(groupId);
    else {
      // Those of another user only root can end.
      const ours = here.filter((one) => !seen.has(keyOf(one)) && (self.userId === 0 || one.userId === self.userId));
      found.push(...ours.map(({ pid, startTime }) => ({ pid, groupId, startTime, dispatchSeq })));
    }
  }
  return found;
}

function ownSelf(): { pid: number; userId: number } {
  return { pid: process.pid, userId: process.getuid?.() ?? -1 };
}

/**
 * SIGKILL for the groups of all that were met, each once: the kernel lets nobody in a group fork past it. A number that
 * was given out again has a leader that was never met, and is left alone. Answers whether there was a group to end.
 */
async function endGroups(table: ProcessTable, met: ReadonlyMap<string, Orphan>, ended: Set<number>): Promise<boolean> {
  let some = false;
  for (const { groupId } of met.values()) {
    if (ended.has(groupId)) continue;
    ended.add(groupId);
    const leader = await table.find(groupId);
    if (leader !== undefined && !met.has(keyOf(leader))) continue;
    if (signalGroup(groupId, 'SIGKILL')) some = true;
  }
  return some;
}

/**
 * Is somebody left in a group that was ended? It has its SIGKILL, but may take a moment to go. What has a leader that
 * was never met is another group of the same number.
 */
async function lingers(table: ProcessTable, met: ReadonlyMap<string, Orphan>): Promise<boolean> {
  const left = await table.inGroups(new Set([...met.values()].map(({ groupId }) => groupId)));
  const leaders = new Map(left.filter((one) => one.pid === one.groupId).map((one) => [one.groupId, one]));
  return left.some(({ groupId }) => {
    const leader = leaders.get(groupId);
    return leader === undefined || met.has(keyOf(leader));
  });
}

/** Looks once more right before the signal, so that a pid given out again since the listing is left alone. */
async function signal(table: ProcessTable, orphan: Orphan, signals: NodeJS.Signals[]): Promise<void> {
  assert(orphan.pid > 1 && orphan.pid !== process.pid, 'an orphan is another process');
  if ((await table.find(orphan.pid))?.startTime !== orphan.startTime) return;
  for (const name of signals) {
    try {
      process.kill(orphan.pid, name);
    } catch (error) {
      // EPERM: it took another user since. It will show up as alive, or not at all.
      if (!hasErrno(error, 'ESRCH', 'EPERM')) throw error;
    }
  }
}

function seqOf(one: LeasedProcess, storeId: string): number | undefined {
  const prefix = `${storeId}:`;
  if (storeId === '' || !one.lease.startsWith(prefix)) return undefined;
  const digits = one.lease.slice(prefix.length);
  const seq = Number(digits);
  return /^\d{1,16}$/.test(digits) && Number.isSafeInteger(seq) ? seq : undefined;
}

function stillAlive(storeId: string, orphans: readonly Orphan[]): Error {
  const pids = orphans.map((orphan) => orphan.pid);
  return ioError(
    'E_ORPHANS_ALIVE',
    `children of an earlier runner do not end, even by SIGKILL: pid ${pids.join(', ')}`,
    {
      data: { storeId, pids, dispatchSeqs: orphans.map((orphan) => orphan.dispatchSeq) },
      next: `ps -o pid,stat,wchan,args -p ${pids.join(',')}`,
    },
  );
}
