import { SimFs } from './sim-fs.ts';
import { hashTree, imageAfterKill, imageAfterPowerLoss, type PendingOp, pendingOf } from './sim-image.ts';
import type { Bytes, DataOp, FolderNode } from './sim-nodes.ts';
import { type Fill, tearings } from './sim-tear.ts';

export interface CrashOptions {
  /** Up to this many pending operations every subset of them is tried. */
  subsetsUpTo?: number;
  /** Up to this many sectors of a torn write every subset of them is tried, above it seeded samples. */
  sectorsMax?: number;
  fills?: readonly Fill[];
  seed?: number;
  /** Also the state after a kill -9, in which nothing is lost and nothing is synced. Default true. */
  kill?: boolean;
}

export interface CrashState {
  /** Says what survived; the same file system gives the same label for the same state. */
  label: string;
  fs: SimFs;
  /** Sectors that were never written show bytes of another file, or garbage: only then may a reader be in doubt. */
  madeUp: boolean;
}

/**
 * The states in which the next process may find the disk if this one stops now: after a kill everything; after a
 * power loss nothing, all, each prefix, all but one, only one of the un-synced operations (every subset of a few),
 * data without names and names without data, and for the last write of each file every subset of its sectors. Equal
 * states come once.
 */
export function* crashStates(fs: SimFs, options: CrashOptions = {}): Generator<CrashState> {
  const { subsetsUpTo = 6, sectorsMax = 6, fills = ['zero', 'stale', 'garbage'], seed = 1, kill = true } = options;
  const pending = pendingOf(fs.root);
  if (kill) yield { label: 'kill', fs: new SimFs(imageAfterKill(fs.root)), madeUp: false };

  const seen = new Set<string>();
  const fresh = (root: FolderNode): boolean => {
    const hash = hashTree(root);
    return !seen.has(hash) && seen.add(hash) !== undefined;
  };
  for (const { label, survivors } of choices(pending, subsetsUpTo)) {
    const root = imageAfterPowerLoss(fs.root, (op) => survivors.has(op.id));
    if (fresh(root)) yield { label, fs: new SimFs(root), madeUp: false };
  }

  const entries = new Set(pending.filter((op) => op.owner.kind === 'folder').map((op) => op.id));
  for (const last of lastWrites(pending)) {
    for (const others of ['all', 'none'] as const) {
      const survives = (op: { id: number }): boolean => others === 'all' || entries.has(op.id);
      for (const tearing of tearings(fs.root, last, { sectorsMax, fills, seed })) {
        const rewrite = (content: Bytes, op: DataOp): boolean => {
          if (op.id !== last.id || op.kind !== 'write') return false;
          tearing.apply(content, op);
          return true;
        };
        const root = imageAfterPowerLoss(fs.root, survives, rewrite);
        const label = `power: op#${last.id} torn, ${tearing.label}, other data ${others}`;
        if (fresh(root)) yield { label, fs: new SimFs(root), madeUp: tearing.madeUp };
      }
    }
  }
}

/** The one state of that label, to look at it again. */
export function crashState(fs: SimFs, label: string, options?: CrashOptions): SimFs {
  for (const state of crashStates(fs, options)) if (state.label === label) return state.fs;
  throw new Error(`no crash state is called '${label}'`);
}

interface Choice {
  label: string;
  survivors: ReadonlySet<number>;
}

function* choices(pending: readonly PendingOp[], subsetsUpTo: number): Generator<Choice> {
  const ids = pending.map((op) => op.id);
  const total = ids.length;
  const keep = (label: string, kept: readonly number[]): Choice => ({
    label: `power: ${label}`,
    survivors: new Set(kept),
  });
  yield keep('nothing', []);
  yield keep('all', ids);
  for (let length = 1; length < total; length++) yield keep(`first ${length} of ${total}`, ids.slice(0, length));
  for (const [index, id] of ids.entries()) {
    yield keep(
      `all but ${index + 1} of ${total}`,
      ids.filter((other) => other !== id),
    );
    yield keep(`only ${index + 1} of ${total}`, [id]);
  }
  const names = pending.filter((op) => op.owner.kind === 'folder').map((op) => op.id);
  const data = pending.filter((op) => op.owner.kind === 'file').map((op) => op.id);
  yield keep('names without data', names);
  yield keep('data without names', data);
  for (let length = 1; length < names.length; length++) {
    yield keep(`first ${length} of ${names.length} names, no data`, names.slice(0, length));
    yield keep(`first ${length} of ${names.length} names, all data`, [...names.slice(0, length), ...data]);
  }
  if (total > subsetsUpTo) return;
  for (let mask = 0; mask < 2 ** total; mask++) {
    yield keep(
      `subset ${mask.toString(2).padStart(total, '0')}`,
      ids.filter((_, index) => (mask >> index) & 1),
    );
  }
}

/** The last un-synced write of each file. */
function lastWrites(pending: readonly PendingOp[]): Extract<PendingOp, { kind: 'write' }>[] {
  const last = new Map<object, Extract<PendingOp, { kind: 'write' }>>();
  for (const op of pending) if (op.kind === 'write') last.set(op.owner, op);
  return [...last.values()];
}
