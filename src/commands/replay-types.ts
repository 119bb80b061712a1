import type { Finding } from '../base/finding.ts';
import type { QueueMachine } from '../queue/state/machine.ts';
import type { Verdict } from '../storage/types.ts';
import type { Selector } from './selector.ts';
import type { TargetName } from './target.ts';

export interface ReplayRequest {
  path: string;
  /** Up to and including this point. */
  until?: string;
  /** 'auto', 'none', or the path of a snapshot to start from. */
  snapshot: string;
  /** Of a store: read no further than that point. What is found then tells nothing of the rest. */
  partial?: boolean;
}

export interface ReplayOptions<M extends QueueMachine> {
  /** Up to and including this point; undefined: all there is. */
  until: Selector | undefined;
  /** As in `ReplayRequest`. */
  snapshot: string;
  partial?: boolean;
  /** Gives the machine that is to hold the state: a new one for each try. */
  make: () => M;
}

export interface ReplayResult<M extends QueueMachine = QueueMachine> {
  target: TargetName;
  machine: M;
  /** When its last event was, ms since the epoch, where a foreign log says so. */
  atMs?: number;
  /** Last seq in the state; of a foreign log its own number, as text. */
  seq: number | string;
  /** What the state was started from. */
  snapshot?: { file: string; seq: number | string };
  /** Events applied after it. */
  replayed: number;
  /** Events of a foreign log that did not fit the state, or that we have no name for. */
  skipped: number;
  verdict: Verdict;
  findings: Finding[];
  /** A foreign log lacks numbers, but nothing in it is damaged: all that is there was applied. */
  gaps?: boolean;
  /** Nothing up to the point asked for is missing: what is damaged lies elsewhere in the store. */
  whole?: boolean;
  /** Ids of a foreign log that ours cannot hold stand under another name in `machine`. */
  originalId?: (id: string) => string;
  /** For `--save`. */
  storeId: string;
}
