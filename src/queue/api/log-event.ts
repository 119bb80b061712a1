import type { QueueEvent } from '../events/event-types.ts';
import { type Packed, packedText } from '../events/packed.ts';
import type { ExtraField } from '../events/record.ts';

/** An event of the log. Payloads and results are JSON text. */
export type LogEvent = QueueEvent<string> & { seq: number };

/**
 * The bytes of the record may be used again, and the state may hold parts of the event: what is handed out is a copy,
 * to the bottom.
 */
export function logEvent(event: QueueEvent<Packed>, seq: number): LogEvent {
  const copy = copyOf(event, seq);
  if (event.extra !== undefined) copy.extra = event.extra.map(ownField);
  return copy;
}

function copyOf(event: QueueEvent<Packed>, seq: number): LogEvent {
  switch (event.type) {
    case 'ENQUEUE':
      return {
        ...event,
        seq,
        payload: event.payload && packedText(event.payload),
        slot: event.slot && { ...event.slot },
        parents: event.parents && [...event.parents],
        command: event.command && [...event.command],
      };
    case 'UPDATE':
      return { ...event, seq, payload: event.payload && packedText(event.payload) };
    case 'DISPATCH':
      return { ...event, seq, owner: { ...event.owner } };
    case 'ACK':
      return { ...event, seq, result: event.result && packedText(event.result) };
    case 'SCHEDULE': {
      const { payload, command, ...rest } = event.template;
      const template = { ...rest, payload: payload && packedText(payload), command: command && [...command] };
      return { ...event, seq, rule: { ...event.rule }, template };
    }
    case 'PRUNE':
      return { ...event, seq, ids: event.ids && [...event.ids], cutoff: event.cutoff && { ...event.cutoff } };
    case 'LIMIT':
      return { ...event, seq, rate: event.rate && { ...event.rate } };
    default:
      return { ...event, seq };
  }
}

function ownField({ tag, value }: ExtraField): ExtraField {
  return { tag, value: Uint8Array.from(value) };
}
