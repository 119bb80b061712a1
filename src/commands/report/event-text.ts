import { eventDetails } from '../../queue/events/event-details.ts';
import type { QueueEvent } from '../../queue/events/event-types.ts';

/** Told by columns of their own. */
const untold = ['attempt', 'duration', 'run_at', 'deadline', 'until'];
/** What jobs carry, and what they give. */
const payloads = ['payload', 'result', 'command'];
const leftOut = { withPayloads: new Set(untold), without: new Set([...untold, ...payloads]) };

/** Its id is that of a schedule: the column of jobs does not have it. */
export function isAboutSchedule(event: QueueEvent): boolean {
  return event.type === 'SCHEDULE' || event.type === 'UNSCHEDULE';
}

/**
 * What an event says beyond its type, its job and what the columns hold, in one line. Payloads, results and commands
 * may be secret: only when asked for. So is the token of a lease, always: who has it may end the job. Not escaped.
 */
export function eventText(event: QueueEvent, withPayloads: boolean): string {
  const untoldHere = withPayloads ? leftOut.withPayloads : leftOut.without;
  let text = isAboutSchedule(event) ? `schedule=${event.id}` : '';
  for (const [name, value] of eventDetails(event)) {
    if (untoldHere.has(name)) continue;
    text += `${text === '' ? '' : ' '}${name === 'lease' ? 'leased' : `${name}=${value}`}`;
  }
  return text;
}
