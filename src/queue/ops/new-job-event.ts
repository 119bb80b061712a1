import type { EnqueueEvent } from '../events/event-types.ts';
import type { Packed } from '../events/packed.ts';

/** An ENQUEUE on its way. A class and no literal: base/array-of-one.ts says why. */
export class NewJobEvent implements EnqueueEvent<Packed> {
  readonly type = 'ENQUEUE';
  readonly id: string;
  readonly at: number;
  readonly name: string;
  readonly payload: Packed | undefined;
  readonly priority: number;
  readonly maxAttempts: number;
  readonly runAt: number;
  readonly timeoutMs: number;
  readonly backoff: string;
  readonly command: readonly string[] | undefined;
  readonly group: string;
  readonly key: string | undefined;
  readonly keyUntil: number | undefined;
  readonly parents: readonly string[] | undefined;
  readonly expiresAt: number | undefined;

  constructor(parts: Omit<EnqueueEvent<Packed>, 'type'>) {
    this.id = parts.id;
    this.at = parts.at;
    this.name = parts.name;
    this.payload = parts.payload;
    this.priority = parts.priority;
    this.maxAttempts = parts.maxAttempts;
    this.runAt = parts.runAt;
    this.timeoutMs = parts.timeoutMs;
    this.backoff = parts.backoff;
    this.command = parts.command;
    this.group = parts.group;
    this.key = parts.key;
    this.keyUntil = parts.keyUntil;
    this.parents = parts.parents;
    this.expiresAt = parts.expiresAt;
  }
}
