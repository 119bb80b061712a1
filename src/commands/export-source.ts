import { WalqError } from '../base/errors.ts';
import { type Finding, findingError } from '../base/finding.ts';
import { baseName } from '../base/path.ts';
import type { ByteSource } from '../base/source.ts';
import { openSource } from '../fs/read.ts';
import type { QueueMachine } from '../queue/state/machine.ts';
import { verdictOf } from '../storage/report.ts';
import { hashEntries } from '../storage/snapshot/hash.ts';
import type { LogReport } from '../storage/types.ts';
import type { LogVisitor } from '../storage/wal/scan-log.ts';
import type { CommandContext } from './context.ts';
import type { ExportBase, ExportHeader, ExportTrailer } from './export-form.ts';
import { type ExportItem, readExport } from './export-read.ts';
import { StateWalk } from './state-walk.ts';
import type { Target } from './target.ts';

/** An export as a log that can be read: `wal inspect`, `verify`, `stats` and `replay` take it as they take a segment. */

export type ExportTarget = Extract<Target, { kind: 'export' | 'export-stream' }>;

/** The items of an export; its fault, if it has one, comes as an error with `data.finding`. */
export async function withExport<T>(
  context: CommandContext,
  target: ExportTarget,
  use: (items: AsyncIterable<ExportItem[]>) => Promise<T>,
  onBytes: (bytes: number) => void = () => {},
): Promise<T> {
  const read = async (source: ByteSource, file: string): Promise<T> => {
    const progress = (bytes: number): void => {
      onBytes(bytes);
      context.progress(bytes, source.size);
    };
    return await use(readExport(source, file, progress));
  };
  if (target.kind === 'export-stream') return await read(target.take(), 'standard input');
  const source = await openSource(context.env.fs, target.path, { follow: true });
  try {
    return await read(source, baseName(target.path));
  } finally {
    await source.close();
  }
}

/** The state that an export stands on, entry by entry. */
export class BaseLoader<M extends QueueMachine> {
  readonly machine: M;
  readonly #base: ExportBase;
  readonly #file: string;

  /** Takes an empty machine over. */
  constructor(machine: M, base: ExportBase, file: string) {
    this.machine = machine;
    this.#base = base;
    this.#file = file;
  }

  /** Throws E_APPLY, E_RECORD, E_RECORD_NEWER. */
  take(entry: Uint8Array): void {
    this.machine.load(entry);
  }

  /** Called once all entries came. Throws E_EXPORT_STATE (3). */
  prove(): void {
    const { seq, stateHash } = this.#base;
    refuseOtherState(this.#file, `the base, at seq ${seq},`, hashEntries(this.machine.cut()), stateHash);
  }
}

/** Throws E_EXPORT_STATE (3) unless the state is the one that the export names. */
export function refuseOtherState(file: string, what: string, got: string | undefined, expected: string): void {
  if (got === expected) return;
  const message = `${what} is not the state that the export names`;
  const hashes = { got: got?.slice(0, 12) ?? 'unknown', expected: expected.slice(0, 12) };
  throw findingError([{ code: 'E_EXPORT_STATE', severity: 'corrupt', file, message, ...hashes }]);
}

/** What a whole look at an export answers, in the form of a log. */
export interface ExportReport<M extends QueueMachine> extends LogReport {
  header?: ExportHeader;
  trailer?: ExportTrailer;
  /** The state at the end of what could be read, where the look was to follow it and the base is sound. */
  state?: StateWalk<M>;
}

/** The state is wanted too, up to and including a seq. */
interface Follow<M> {
  until: number;
  make: () => M;
}

/**
 * Reads an export as a log is read: events to the visitor, faults into the report. With `follow` the state too, held
 * against the one that the export names.
 */
export async function scanExport<M extends QueueMachine>(
  context: CommandContext,
  target: ExportTarget,
  visitor: LogVisitor,
  follow?: Follow<M>,
): Promise<ExportReport<M>> {
  const file = target.kind === 'export-stream' ? 'standard input' : baseName(target.path);
  const scan = new ExportScan(file, visitor, follow);
  const findings: Finding[] = [];
  try {
    await withExport(
      context,
      target,
      (items) => scan.run(items),
      (bytes) => {
        scan.bytes = bytes;
      },
    );
  } catch (error) {
    const finding = faultOf(error, file);
    if (finding === undefined) throw error;
    findings.push(finding);
  }
  return scan.report(findings);
}

/** A fault of the text, or of what it says, is the answer; everything else is none. */
function faultOf(error: unknown, file: string): Finding | undefined {
  if (!(error instanceof WalqError)) return undefined;
  const { code, message, data } = error;
  if (/^E_EXPORT_/.test(code)) return data.finding as Finding;
  if (code === 'E_APPLY' || code === 'E_RECORD') return { code, severity: 'corrupt', file, message };
  return code === 'E_NEWER_FORMAT' || code === 'E_RECORD_NEWER'
    ? { code, severity: 'newer', file, message }
    : undefined;
}

class ExportScan<M extends QueueMachine> {
  /** Read so far. */
  bytes = 0;
  readonly #file: string;
  readonly #visitor: LogVisitor;
  readonly #follow: Follow<M> | undefined;
  #header: ExportHeader | undefined;
  #trailer: ExportTrailer | undefined;
  #loader: BaseLoader<M> | undefined;
  #walk: StateWalk<M> | undefined;
  #events = 0;
  #frames = 0;
  #seqFirst: number | undefined;
  #seqLast: number | undefined;
  #stopped = false;

  constructor(file: string, visitor: LogVisitor, follow: Follow<M> | undefined) {
    this.#file = file;
    this.#visitor = visitor;
    this.#follow = follow;
  }

  async run(items: AsyncIterable<ExportItem[]>): Promise<void> {
    for await (const some of items) {
      for (const item of some) {
        const answer = this.#take(item);
        if (answer === false || (answer instanceof Promise && (await answer) === false)) {
          this.#stopped = true;
          return;
        }
      }
    }
  }

  #take(item: ExportItem): undefined | boolean | Promise<undefined | boolean> {
    const file = this.#file;
    switch (item.kind) {
      case 'header':
        this.#header = item.header;
        if (this.#follow && item.header.base) {
          this.#loader = new BaseLoader(this.#follow.make(), item.header.base, file);
        }
        return undefined;
      case 'entry':
        this.#loader?.take(item.entry);
        return undefined;
      case 'record': {
        const { seq, record: bytes, commit, offset } = item;
        if (this.#isBeyond(seq)) return false;
        this.#note(seq, seq, commit > 0);
        this.#events++;
        const view = { seq, bytes, file, offset, afterHole: false };
        if (this.#follow) this.#state(this.#follow).record(view);
        return this.#visitor.record?.(view);
      }
      case 'lost': {
        const { seqFirst, seqLast, offset } = item;
        if (this.#isBeyond(seqFirst)) return false;
        this.#note(seqFirst, seqLast, true);
        if (this.#follow) this.#state(this.#follow).lost(Math.min(seqLast, this.#follow.until));
        this.#visitor.lost?.({ seqFirst, seqLast, file, offset, afterHole: false });
        const count = seqLast - seqFirst + 1;
        const frame = { file, ordinal: 0, offset, bytes: 0, typeByte: 0, seqFirst, count, afterHole: false };
        return this.#visitor.frame?.({ ...frame, type: 'lost', payload: new Uint8Array() });
      }
      case 'end': {
        this.#trailer = item.trailer;
        const { stateHash } = item.trailer;
        if (this.#follow && stateHash !== undefined) {
          refuseOtherState(file, 'the state at the end', this.#state(this.#follow).hash(), stateHash);
        }
        return undefined;
      }
    }
  }

  /** What comes now is not wanted any more: the base is complete in any case. */
  #isBeyond(seq: number): boolean {
    if (this.#follow === undefined || seq <= this.#follow.until) return false;
    this.#state(this.#follow);
    return true;
  }

  #note(seqFirst: number, seqLast: number, isFrame: boolean): void {
    this.#seqFirst ??= seqFirst;
    this.#seqLast = seqLast;
    if (isFrame) this.#frames++;
  }

  /** Of the base, once it is complete. */
  #state({ make }: Follow<M>): StateWalk<M> {
    if (this.#walk === undefined) {
      this.#loader?.prove();
      const base = this.#header?.base;
      const machine = this.#loader?.machine ?? make();
      this.#walk = new StateWalk({ machine, seq: base?.seq ?? 0 });
    }
    return this.#walk;
  }

  report(findings: Finding[]): ExportReport<M> {
    const isWhole = findings.length === 0;
    return {
      verdict: verdictOf(findings),
      findings,
      ...(this.#header && { storeId: this.#header.store, header: this.#header }),
      ...(this.#trailer && { trailer: this.#trailer }),
      ...(this.#follow && (isWhole || this.#walk !== undefined) && { state: this.#state(this.#follow) }),
      segments: [],
      frames: this.#frames,
      records: this.#events,
      bytes: this.bytes,
      ...(this.#seqFirst !== undefined && { seqFirst: this.#seqFirst }),
      ...(this.#seqLast !== undefined && { seqLast: this.#seqLast }),
      lost: [],
      lostUnknown: !isWhole,
      recordsAfterHole: 0,
      strays: [],
      endProven: isWhole && !this.#stopped,
    };
  }
}
