import { createHash } from 'node:crypto';
import { enqueueDefaults, type QueueEvent } from '../../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../../src/queue/events/events.ts';
import { QueueMachine } from '../../../src/queue/state/machine.ts';

/** Short names for events of a job, and for looking at a state. */

export const at = 1_764_000_000_000;

export function enqueue(id: string, more: Partial<Extract<QueueEvent, { type: 'ENQUEUE' }>> = {}): QueueEvent {
  return { type: 'ENQUEUE', id, at, runAt: at, ...enqueueDefaults, ...more };
}
export function dispatch(id: string, attempt = 1): QueueEvent {
  return { type: 'DISPATCH', id, at, attempt, owner: { kind: 'runner', epoch: 1 } };
}
export function retry(id: string, more: Partial<Extract<QueueEvent, { type: 'RETRY' }>> = {}): QueueEvent {
  return { type: 'RETRY', id, at, runAt: at, reason: 'failed', refund: false, reset: false, ...more };
}
export const ack = (id: string): QueueEvent => ({ type: 'ACK', id, at });
export const timeout = (id: string): QueueEvent => ({ type: 'TIMEOUT', id, at });
export const dead = (id: string): QueueEvent => ({ type: 'DEAD', id, at, reason: 'attempts' });
export const prune = (ids: string[]): QueueEvent => ({ type: 'PRUNE', id: '', at, ids });

export function machineOf(...events: QueueEvent[]): QueueMachine {
  const machine = new QueueMachine();
  events.forEach((event, index) => {
    machine.apply(encodeEvent(event), index + 1);
  });
  return machine;
}

/** The state by its snapshot entries: what storage hashes. */
export function hashOf(machine: QueueMachine): string {
  const hash = createHash('sha256');
  for (const entry of machine.cut()) hash.update(`${entry.length}:`).update(entry);
  return hash.digest('hex');
}

export function reload(machine: QueueMachine): QueueMachine {
  const copy = new QueueMachine();
  for (const entry of machine.cut()) copy.load(entry);
  copy.observer = machine.observer;
  return copy;
}
