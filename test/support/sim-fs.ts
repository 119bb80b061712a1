import type { File, FileInfo, FileSystem, OpenMode } from '../../src/fs/types.ts';
import { infoOf, type SimDisk, SimFile } from './sim-file.ts';
import {
  applyData,
  applyEntry,
  errnoError,
  type FileNode,
  type FolderNode,
  newFile,
  newFolder,
  nodesUnder,
} from './sim-nodes.ts';
import { type Fault, isChange, type OpInfo, OpLog, type OpRecord, type SyncFailure } from './sim-ops.ts';
import { type EntryChange, planCreate, planLink, planRename, planRmdir, planUnlink, resolve } from './sim-tree.ts';

/**
 * A disk in memory that keeps apart what the process sees and what is durable, numbers every call, fails those a test
 * names, and dies where a test wants. What a crash may leave is enumerated by `crashStates` (sim-crash.ts).
 *
 * - `datasync` makes a file's bytes and size durable, never its name; `syncDir` makes a folder's names durable, never
 *   the bytes.
 * - A call takes effect when it is made, in the order of the calls; `hold` can delay it.
 * - Each tree is owned by one "boot": locks and open files do not outlive it.
 */
export class SimFs implements FileSystem, SimDisk {
  readonly root: FolderNode;
  readonly ops = new OpLog();
  /**
   * Called after each call that changed something, before its answer: the place to copy the disk as a crash would
   * find it.
   */
  watch: ((record: OpRecord) => void) | undefined;
  /** Delays the effect of a call until the promise resolves (not of writeSync). */
  hold: ((record: OpRecord) => Promise<void> | undefined) | undefined;
  #nextIno: number;
  #nextPending: number;
  #now: () => number;

  constructor(root: FolderNode = newFolder(1, 0), now: () => number = () => 0) {
    this.root = root;
    this.#now = now;
    this.#nextIno = 2;
    this.#nextPending = 1;
    for (const node of nodesUnder(root)) {
      this.#nextIno = Math.max(this.#nextIno, node.ino + 1);
      if (node.kind !== 'link')
        for (const op of node.pending) this.#nextPending = Math.max(this.#nextPending, op.id + 1);
    }
  }

  get log(): readonly OpRecord[] {
    return this.ops.records;
  }
  get dead(): boolean {
    return this.ops.dead;
  }
  inject(fault: Fault): void {
    this.ops.inject(fault);
  }
  /** Kills the process at the call of that number. */
  dieAt(op: number, die: 'before' | 'after' = 'after'): void {
    this.ops.inject({ nth: 1, die, match: (record) => record.op === op });
  }
  note(text: string): void {
    this.ops.note(text);
  }
  inoNext(): number {
    return this.#nextIno++;
  }
  pendingId(): number {
    return this.#nextPending++;
  }
  touch(node: FileNode | FolderNode): void {
    node.mtimeMs = this.#now();
  }

  /**
   * One call: numbered, recorded, failed or cut short if so planned. `failing` is its effect when it is made to fail.
   */
  async call<T>(info: OpInfo, effect: (limit: number) => T, failing?: (fault: Fault) => void): Promise<T> {
    const { record, fault } = this.ops.begin(info);
    const held = this.hold?.(record);
    if (held !== undefined) await held;
    return this.#finish(record, fault, effect, failing);
  }
  callSync<T>(info: OpInfo, effect: (limit: number) => T, failing?: (fault: Fault) => void): T {
    const { record, fault } = this.ops.begin(info);
    return this.#finish(record, fault, effect, failing);
  }
  #finish<T>(
    record: OpRecord,
    fault: Fault | undefined,
    effect: (limit: number) => T,
    failing?: (fault: Fault) => void,
  ): T {
    try {
      return this.ops.finish(record, fault, effect, fault && failing && (() => failing(fault)));
    } finally {
      if (isChange(record.kind) && record.result !== 'running') this.watch?.(record);
    }
  }

  open(path: string, mode: OpenMode, options: { nofollow?: boolean } = {}): Promise<File> {
    if (mode === 'wx') {
      return this.call({ kind: 'create', path }, () => {
        const { folder, name } = planCreate(this.root, 'open', path);
        const node = newFile(this.inoNext(), this.#now());
        this.#change([{ folder, op: { kind: 'set', name, node } }]);
        return new SimFile(this, node, path, mode);
      });
    }
    return this.call({ kind: 'open', path }, () => {
      const { node } = resolve(this.root, 'open', path, options.nofollow !== true);
      if (node === undefined) throw errnoError('ENOENT', 'open', path);
      if (node.kind === 'link') throw errnoError('ELOOP', 'open', path);
      if (node.kind === 'folder' && mode === 'r+') throw errnoError('EISDIR', 'open', path);
      const needed = mode === 'r' ? 0o400 : 0o600;
      if ((node.mode & needed) !== needed) throw errnoError('EACCES', 'open', path);
      return new SimFile(this, node, path, mode);
    });
  }

  mkdir(path: string): Promise<void> {
    return this.call({ kind: 'mkdir', path }, () => {
      const { folder, name } = planCreate(this.root, 'mkdir', path);
      this.#change([{ folder, op: { kind: 'set', name, node: newFolder(this.inoNext(), this.#now()) } }]);
    });
  }

  readdir(path: string): Promise<string[]> {
    return this.call({ kind: 'readdir', path }, () => {
      const { node } = resolve(this.root, 'scandir', path, true);
      if (node === undefined) throw errnoError('ENOENT', 'scandir', path);
      if (node.kind !== 'folder') throw errnoError('ENOTDIR', 'scandir', path);
      if ((node.mode & 0o400) === 0) throw errnoError('EACCES', 'scandir', path);
      return [...node.now.keys()].sort();
    });
  }

  lstat(path: string): Promise<FileInfo | undefined> {
    return this.#look('lstat', path, false);
  }
  stat(path: string): Promise<FileInfo | undefined> {
    return this.#look('stat', path, true);
  }
  #look(kind: 'lstat' | 'stat', path: string, follow: boolean): Promise<FileInfo | undefined> {
    return this.call({ kind, path }, () => {
      try {
        const { node } = resolve(this.root, kind, path, follow);
        return node && infoOf(node);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.call({ kind: 'rename', path: from, to, ...this.#inoAt(from) }, () =>
      this.#change(planRename(this.root, from, to)),
    );
  }
  link(from: string, to: string): Promise<void> {
    return this.call({ kind: 'link', path: from, to, ...this.#inoAt(from) }, () =>
      this.#change(planLink(this.root, from, to)),
    );
  }
  unlink(path: string): Promise<void> {
    return this.call({ kind: 'unlink', path, ...this.#inoAt(path) }, () => this.#change(planUnlink(this.root, path)));
  }
  rmdir(path: string): Promise<void> {
    return this.call({ kind: 'rmdir', path }, () => this.#change(planRmdir(this.root, path)));
  }

  syncDir(path: string): Promise<void> {
    const covered = this.pendingMax();
    const sync = (failure?: SyncFailure): void => {
      const { node } = resolve(this.root, 'open', path, true);
      if (node === undefined || node.kind === 'link') throw errnoError('ENOENT', 'open', path);
      this.syncNode(node, covered, failure);
    };
    return this.call(
      { kind: 'syncDir', path },
      () => sync(),
      (fault) => sync(fault.sync ?? 'kept'),
    );
  }

  /** The highest pending operation that a sync started now would cover. */
  pendingMax(): number {
    return this.#nextPending - 1;
  }
  /** Makes the pending operations up to `covered` durable, or what a failed sync makes of them. */
  syncNode(node: FileNode | FolderNode, covered: number, failure?: SyncFailure): void {
    if (failure === 'kept') return;
    const write = failure === undefined;
    if (node.kind === 'file') {
      if (write) for (const op of node.pending) if (op.id <= covered) applyData(node.durable, op);
      node.pending = node.pending.filter((op) => op.id > covered);
      if (failure === 'reverted') {
        node.now = node.durable.clone();
        for (const op of node.pending) applyData(node.now, op);
      }
      return;
    }
    if (write) for (const op of node.pending) if (op.id <= covered) applyEntry(node.durable, op);
    node.pending = node.pending.filter((op) => op.id > covered);
    if (failure === 'reverted') {
      node.now = new Map(node.durable);
      for (const op of node.pending) applyEntry(node.now, op);
    }
  }

  #change(changes: EntryChange[]): void {
    for (const { folder, op } of changes) {
      const numbered = { ...op, id: this.pendingId() };
      for (const name of numbered.kind === 'move' ? [numbered.to] : [numbered.name]) {
        const old = folder.now.get(name);
        if (old?.kind === 'file') old.links--;
      }
      if (numbered.kind === 'set' && numbered.node.kind === 'file') numbered.node.links++;
      applyEntry(folder.now, numbered);
      folder.pending.push(numbered);
      this.touch(folder);
    }
  }

  #inoAt(path: string): { ino?: number } {
    try {
      const { node } = resolve(this.root, 'lstat', path, false);
      return node === undefined ? {} : { ino: node.ino };
    } catch {
      return {};
    }
  }
}
