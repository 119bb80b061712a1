import { errnoError } from './sim-nodes.ts';

/**
 * Thrown by every call from the moment the simulated process died. Not a file system error: nothing may treat it as
 * one.
 */
export class SimCrash extends Error {
  constructor(op: number) {
    super(`the simulated process died at operation ${op}`);
    this.name = 'SimCrash';
  }
}

export type OpKind =
  | 'open'
  | 'create'
  | 'mkdir'
  | 'readdir'
  | 'lstat'
  | 'stat'
  | 'rename'
  | 'link'
  | 'unlink'
  | 'rmdir'
  | 'syncDir'
  | 'read'
  | 'write'
  | 'datasync'
  | 'truncate'
  | 'size'
  | 'info'
  | 'tryLock'
  | 'close'
  /** Not a call: a remark of the test itself (`SimFs.note`), to order its own events among the calls. */
  | 'note';

const changing: ReadonlySet<OpKind> = new Set<OpKind>([
  'create',
  'mkdir',
  'rename',
  'link',
  'unlink',
  'rmdir',
  'syncDir',
  'write',
  'datasync',
  'truncate',
]);

/** True for calls that change what is on disk, or what of it is durable. */
export function isChange(kind: OpKind): boolean {
  return changing.has(kind);
}

export interface OpInfo {
  kind: OpKind;
  /** As given; of an open file the path it was opened under. The text of a note. */
  path: string;
  /** Second path of a rename or link. */
  to?: string;
  ino?: number;
  /** Byte position of a read, write, truncate or lock. */
  offset?: number;
  /** Bytes asked for. */
  length?: number;
  /** What was to be written. */
  bytes?: Uint8Array;
}

export interface OpRecord extends OpInfo {
  /** Counts from 1. A note carries the number of the call before it. */
  op: number;
  /** 'ok', an errno name, 'crash', or 'running' while the call is under way. */
  result: string;
  /** Bytes really read or written. */
  done?: number;
}

/** What a failed datasync or syncDir leaves behind. */
export type SyncFailure =
  /** The pages stay dirty; a later sync may still write them. */
  | 'kept'
  /**
   * The pages count as clean: reads show them, a later sync "succeeds", the platter never gets them (Linux ext4,
   * xfs).
   */
  | 'dropped'
  /** The pages are thrown away at once: reads show what the platter holds. */
  | 'reverted'
  /** As dropped, and this sync "succeeds": the next one of the same file is the first to fail. */
  | 'late';

export interface Fault {
  /** Counts among the operations that match, from 1. */
  nth: number;
  match?: (op: OpRecord) => boolean;
  /** From the nth on, not only then. */
  persistent?: boolean;
  /** Fails with this errno. */
  errno?: string;
  /** Reads or writes at most this many bytes. */
  short?: number;
  /** The process dies just before the operation, or after its effect and before its answer. */
  die?: 'before' | 'after';
  /** For a failing sync; 'kept' when left out. */
  sync?: SyncFailure;
}

/** Numbers and records every call, and decides which one fails. */
export class OpLog {
  readonly records: OpRecord[] = [];
  #count = 0;
  #faults: { fault: Fault; seen: number }[] = [];
  #crashedAt: number | undefined;

  get count(): number {
    return this.#count;
  }
  get dead(): boolean {
    return this.#crashedAt !== undefined;
  }

  inject(fault: Fault): void {
    this.#faults.push({ fault, seen: 0 });
  }
  clearFaults(): void {
    this.#faults = [];
  }

  note(text: string): void {
    this.records.push({ op: this.#count, kind: 'note', path: text, result: 'ok' });
  }

  /** Records the start of a call. Returns the fault that concerns it, if any. Throws SimCrash when dead or dying. */
  begin(info: OpInfo): { record: OpRecord; fault: Fault | undefined } {
    if (this.#crashedAt !== undefined) throw new SimCrash(this.#crashedAt);
    const record: OpRecord = { ...info, op: ++this.#count, result: 'running' };
    this.records.push(record);
    const fault = this.#pick(record);
    if (fault?.die === 'before') this.die(record);
    return { record, fault };
  }

  /** Runs the effect under its fault. `failing` is what happens on disk when the call is made to fail. */
  finish<T>(record: OpRecord, fault: Fault | undefined, effect: (limit: number) => T, failing?: () => void): T {
    if (this.#crashedAt !== undefined) throw new SimCrash(this.#crashedAt);
    try {
      if (fault?.errno !== undefined) {
        failing?.();
        if (fault.sync !== 'late') throw errnoError(fault.errno, record.kind, record.path);
        const next = (op: OpRecord): boolean => op.kind === record.kind && op.ino === record.ino;
        this.inject({ nth: 1, errno: fault.errno, match: next });
        record.result = 'ok';
        return undefined as T;
      }
      const result = effect(fault?.short ?? Number.POSITIVE_INFINITY);
      record.result = 'ok';
      if (typeof result === 'number') record.done = result;
      if (fault?.die === 'after') this.die(record);
      return result;
    } catch (error) {
      if (error instanceof Error && 'code' in error) record.result = String(error.code);
      throw error;
    }
  }

  die(record: OpRecord): never {
    this.#crashedAt = record.op;
    record.result = 'crash';
    throw new SimCrash(record.op);
  }

  #pick(record: OpRecord): Fault | undefined {
    let picked: Fault | undefined;
    for (const armed of this.#faults) {
      if (armed.fault.match?.(record) === false) continue;
      armed.seen++;
      const hit = armed.fault.persistent ? armed.seen >= armed.fault.nth : armed.seen === armed.fault.nth;
      if (hit) picked ??= armed.fault;
    }
    return picked;
  }
}
