import { usageError, type WalqError } from '../../base/errors.ts';
import { type QueueEvent, typesWithoutId, type UpdateEvent } from './event-types.ts';
import type { LimitEvent, Limits } from './setting-types.ts';

/**
 * What types cannot say: the first rule that an event breaks, beginning with the field's name. Asked before bytes are
 * made and after they were read; `type` is the number of the event's type.
 */
export function shapeFault(event: QueueEvent<unknown>, type: number): string | undefined {
  if ((event.id === '') !== typesWithoutId.has(type)) {
    return event.id === '' ? 'id must not be empty' : `id must be empty: ${event.type} concerns no single job`;
  }
  switch (event.type) {
    case 'ENQUEUE':
      return keyFault(event);
    case 'DISPATCH':
      return event.owner.kind === 'unknown' && event.from === undefined ? 'owner is missing' : undefined;
    case 'PRUNE':
      if ((event.ids === undefined) === (event.cutoff === undefined)) return 'ids or cutoff: PRUNE needs one of them';
      if (event.cutoff && !event.cutoff.completed && !event.cutoff.dead) return 'cutoff needs a state to prune';
      return undefined;
    case 'UPDATE':
      return changesNothing(event) ? 'fields are missing: UPDATE changes at least one' : undefined;
    case 'PAUSE':
    case 'RESUME':
      return event.name !== undefined && event.group !== undefined
        ? 'name or group: a pause has one of them'
        : undefined;
    case 'LIMIT':
      return limitFault(event);
    default:
      return undefined;
  }
}

/** Also of the key that a job holds. */
export function keyFault(owner: { key?: string | undefined; keyUntil?: number | undefined }): string | undefined {
  return owner.keyUntil !== undefined && owner.key === undefined ? 'keyUntil needs a key' : undefined;
}

const limitsOfQueue = ['pendingMax', 'payloadBytesMax', 'keepMs', 'keepCount'] as const;

/** Also of the limits in force. */
export function limitFault(set: Limits & Pick<LimitEvent, 'group'>): string | undefined {
  const ofQueue = limitsOfQueue.find((name) => set[name] !== undefined);
  if (set.group === '' && set.concurrency !== undefined) return 'concurrency is a limit of groups only';
  if (set.group !== '' && ofQueue !== undefined) return `${ofQueue} is a limit of the whole queue only`;
  if (set.concurrency === undefined && ofQueue === undefined && set.rate === undefined) return 'limits are missing';
  return undefined;
}

function changesNothing(event: UpdateEvent<unknown>): boolean {
  const { payload, priority, maxAttempts, runAt, timeoutMs, backoff, group, expiresAt } = event;
  const numbers = priority ?? maxAttempts ?? runAt ?? timeoutMs ?? expiresAt;
  return payload === undefined && numbers === undefined && (backoff ?? group) === undefined;
}

/** The refusal to write it. */
export function shapeError(fault: string): WalqError {
  return usageError('E_FIELD', fault, { data: { field: fault.split(' ')[0] } });
}
