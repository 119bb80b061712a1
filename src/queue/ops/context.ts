import type { Clock, Random } from '../../base/clock.ts';
import type { TokenSource } from '../../base/token.ts';
import type { UuidSource } from '../../base/uuid.ts';
import type { EngineOptions, LeftOutSlots } from '../engine-types.ts';
import type { QueueLog } from '../log.ts';
import type { QueueMachine } from '../state/machine.ts';
import type { Arrivals } from './arrivals.ts';
import type { Commits } from './commits.ts';
import type { Rates } from './rates.ts';
import type { Reservations } from './reservations.ts';
import type { SpecLimits } from './spec.ts';

/** What the operations of the engine work on. */
export interface EngineContext {
  readonly machine: QueueMachine;
  readonly log: QueueLog;
  readonly commits: Commits;
  readonly reserved: Reservations;
  readonly rates: Rates;
  /** The jobs of each frame that is on its way to the log. */
  readonly arriving: Arrivals;
  readonly ids: UuidSource;
  readonly tokens: TokenSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: Readonly<Required<EngineOptions>>;
  readonly onLeftOut: ((slots: LeftOutSlots) => void) | undefined;
  /** What new jobs, templates and changes may hold at most, as of now. */
  specLimits(): SpecLimits;
  /** Whole ms since the epoch, never before it. */
  now(): number;
}

/**
 * Names of what is reserved besides job ids. An id holds no control character, so none can be taken for one of these.
 */
export const reservedSettings = '\u0001settings';

export function reservedKey(key: string): string {
  return `\u0001key ${key}`;
}

export function reservedSchedule(id: string): string {
  return `\u0001schedule ${id}`;
}

export function reservedToken(token: string): string {
  return `\u0001token ${token}`;
}
