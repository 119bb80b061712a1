import { execFile } from 'node:child_process';
import { hasErrno, ioError } from '../../base/errors.ts';
import type { File, FileSystem } from '../../fs/types.ts';

/** One process of this machine. */
export interface ProcessInfo {
  pid: number;
  groupId: number;
  /** Real user id. */
  userId: number;
  /** Opaque; a pid given out again has another one. */
  startTime: string;
}

/** A process with WALQ_LEASE in its environment. */
export interface LeasedProcess extends ProcessInfo {
  lease: string;
  /** Its WALQ_STORE, where the system shows it. */
  store?: string | undefined;
}

/** How processes are seen. Zombies are no processes here: they do nothing any more. */
export interface ProcessTable {
  /** Everything that carries a lease of any store. Rejects with E_ORPHAN_SCAN when that cannot be known. */
  leased(): Promise<LeasedProcess[]>;
  /** Undefined when there is none. */
  find(pid: number): Promise<ProcessInfo | undefined>;
  /** Everything in these process groups. Rejects with E_ORPHAN_SCAN when that cannot be known. */
  inGroups(groupIds: ReadonlySet<number>): Promise<ProcessInfo[]>;
  /** Whether anything in this process group can still run. */
  groupLives(groupId: number): Promise<boolean>;
}

/** Far above what Linux lets an environment be. */
const procFileBytesMax = 8 * 1024 * 1024;
/** Files of /proc read at a time: each is several trips through the thread pool. */
const batchSize = 16;

/** Linux: /proc. The kernel hides the environment of other users' processes; those are no business of ours anyway. */
export function procTable(fs: FileSystem, root = '/proc'): ProcessTable {
  return {
    leased: () => overAll(fs, root, (pid) => readLeased(fs, root, pid)),
    find: (pid) => readProcess(fs, root, pid),
    inGroups: (groupIds) =>
      overAll(fs, root, async (pid) => {
        const stat = await readStat(fs, root, pid);
        return stat && groupIds.has(stat.groupId) ? readProcess(fs, root, pid) : undefined;
      }),
    async groupLives(groupId) {
      const groups = await overAll(fs, root, async (pid) => (await readStat(fs, root, pid))?.groupId);
      return groups.includes(groupId);
    },
  };
}

/** Asks something about every process, and answers in the order of their pids; those without an answer are left out. */
async function overAll<T>(
  fs: FileSystem,
  root: string,
  ask: (pid: number) => Promise<T | undefined>,
): Promise<Exclude<T, undefined>[]> {
  // The newest is asked first: what forks and ends all the time is gone when its turn comes late.
  const names = (await listRoot(fs, root)).filter((name) => /^\d+$/.test(name));
  const pids = names.map(Number).sort((a, b) => b - a);
  const answers: (T | undefined)[] = [];
  for (let from = 0; from < pids.length; from += batchSize) {
    answers.push(...(await Promise.all(pids.slice(from, from + batchSize).map(ask))));
  }
  // Signals go to parents before their children, which would otherwise see one of these die and go on.
  return answers.reverse().filter((answer) => answer !== undefined) as Exclude<T, undefined>[];
}

async function readLeased(fs: FileSystem, root: string, pid: number): Promise<LeasedProcess | undefined> {
  const environment = await readProcFile(fs, `${root}/${pid}/environ`);
  const lease = environment && variableIn(environment, 'WALQ_LEASE');
  const info = lease === undefined ? undefined : await readProcess(fs, root, pid);
  if (environment === undefined || info === undefined || lease === undefined) return undefined;
  return { ...info, lease, store: variableIn(environment, 'WALQ_STORE') };
}

async function listRoot(fs: FileSystem, root: string): Promise<string[]> {
  try {
    return await fs.readdir(root);
  } catch (cause) {
    throw ioError('E_ORPHAN_SCAN', `cannot list the processes in ${root}`, { cause, data: { root } });
  }
}

async function readProcess(fs: FileSystem, root: string, pid: number): Promise<ProcessInfo | undefined> {
  const stat = await readStat(fs, root, pid);
  const status = stat && (await readProcFile(fs, `${root}/${pid}/status`))?.toString('latin1');
  const userId = status && /^Uid:\s+(\d+)/m.exec(status)?.[1];
  return stat && userId ? { pid, ...stat, userId: Number(userId) } : undefined;
}

/** The command name in /proc/PID/stat may hold spaces and parentheses, so fields are counted from its last ')'. */
async function readStat(
  fs: FileSystem,
  root: string,
  pid: number,
): Promise<{ groupId: number; startTime: string } | undefined> {
  const text = (await readProcFile(fs, `${root}/${pid}/stat`))?.toString('latin1') ?? '';
  const [state, , group, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const startTime = rest[16];
  if (state === undefined || group === undefined || startTime === undefined) return undefined;
  return /^[ZXx]/.test(state) ? undefined : { groupId: Number(group), startTime };
}

/**
 * Undefined when the process ended meanwhile or belongs to somebody else. Any other failure must not look like "no
 * orphan".
 */
async function readProcFile(fs: FileSystem, path: string): Promise<Buffer | undefined> {
  let file: File | undefined;
  try {
    file = await fs.open(path, 'r');
    return await readToEnd(file);
  } catch (cause) {
    if (hasErrno(cause, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return undefined;
    throw ioError('E_ORPHAN_SCAN', `cannot read ${path}`, { cause, data: { path } });
  } finally {
    await file?.close();
  }
}

async function readToEnd(file: File): Promise<Buffer> {
  const parts: Buffer[] = [];
  let position = 0;
  while (position < procFileBytesMax) {
    const part = Buffer.allocUnsafe(16 * 1024);
    const count = await file.read(part, position);
    if (count === 0) break;
    parts.push(part.subarray(0, count));
    position += count;
  }
  return Buffer.concat(parts);
}

/** A value in an environment block: NUL-terminated `NAME=value` strings. */
export function variableIn(environment: Buffer, name: string): string | undefined {
  const key = `${name}=`;
  for (let from = 0; ; ) {
    const at = environment.indexOf(key, from);
    if (at === -1) return undefined;
    from = at + key.length;
    if (at > 0 && environment[at - 1] !== 0) continue;
    const end = environment.indexOf(0, from);
    return environment.toString('utf8', from, end === -1 ? environment.length : end);
  }
}

/** A child as its runner noted it, for systems where an environment cannot be looked into. */
export interface ChildNote {
  pid: number;
  startTime: string;
  lease: string;
}

/**
 * Elsewhere: `ps`, and what the dead runner had noted of its children. Everything in the process group of a noted
 * child belongs to it, as long as pid and start time still agree or the group outlives its leader.
 */
export function psTable(readNotes: () => Promise<readonly ChildNote[]>): ProcessTable {
  return {
    async leased() {
      const processes = parsePs(await runPs(['-A']));
      const leases = new Map<number, string>();
      for (const note of await readNotes()) {
        const leader = processes.find((process) => process.pid === note.pid);
        if (leader === undefined || leader.startTime === note.startTime) leases.set(note.pid, note.lease);
      }
      return processes.flatMap((process) => {
        const lease = leases.get(process.groupId);
        return lease === undefined ? [] : [{ ...process, lease }];
      });
    },
    find: async (pid) => parsePs(await runPs(['-p', String(pid)]))[0],
    inGroups: async (groupIds) => parsePs(await runPs(['-A'])).filter((process) => groupIds.has(process.groupId)),
    groupLives: async (groupId) => parsePs(await runPs(['-A'])).some((process) => process.groupId === groupId),
  };
}

function runPs(which: string[]): Promise<string> {
  const args = [...which, '-o', 'pid=,pgid=,ruid=,stat=,lstart='];
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: 'C' };
    execFile('ps', args, { env, maxBuffer: 64 * 1024 * 1024 }, (cause, stdout) => {
      // Exit 1 without output: no such process.
      if (cause === null || (cause.code === 1 && stdout.trim() === '')) resolve(stdout);
      else reject(ioError('E_ORPHAN_SCAN', 'cannot list processes with ps', { cause }));
    });
  });
}

/** Lines of `ps -o pid=,pgid=,ruid=,stat=,lstart=`. */
export function parsePs(text: string): ProcessInfo[] {
  const processes: ProcessInfo[] = [];
  for (const line of text.split('\n')) {
    const [, pid, group, user, state, started] =
      /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S.*)$/.exec(line.trimEnd()) ?? [];
    if (pid === undefined || started === undefined || state?.startsWith('Z')) continue;
    processes.push({ pid: Number(pid), groupId: Number(group), userId: Number(user), startTime: started });
  }
  return processes;
}
