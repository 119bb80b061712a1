import type { JobTemplate } from './event-base.ts';
import { type enqueueDefaults, eventLimits } from './event-types.ts';
import type { Packed } from './packed.ts';
import type { RecordWriter } from './record-writer.ts';

/** What a job is and how it is run: the same fields in ENQUEUE, UPDATE, SCHEDULE and the entries of jobs. */

type Fields = { [K in Exclude<keyof JobTemplate, 'payload' | 'group'>]?: JobTemplate[K] | undefined };
/** Left out of the record when a field has this value; none for UPDATE, where a field that is there is a change. */
type Defaults = Partial<typeof enqueueDefaults>;

const limits = eventLimits;

/** Tags 1 to 4. */
export function writeWork(w: RecordWriter, fields: Fields, payload: Packed | undefined, defaults: Defaults): void {
  w.text(1, fields.name, limits.nameBytes, 'name', defaults.name);
  w.packed(2, payload, limits.payloadBytes, 'payload');
  w.signed(3, fields.priority, limits.priority, 'priority', defaults.priority);
  w.int(4, fields.maxAttempts, limits.attempts, 'maxAttempts', defaults.maxAttempts);
}

/** Tags 6 to 8. */
export function writeRun(w: RecordWriter, fields: Fields, defaults: Defaults): void {
  w.int(6, fields.timeoutMs, limits.timeMs, 'timeoutMs', defaults.timeoutMs);
  w.text(7, fields.backoff, limits.backoffBytes, 'backoff', defaults.backoff);
  w.list(8, fields.command, limits.command, 'command');
}
