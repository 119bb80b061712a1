import { unreachable } from '../../base/errors.ts';
import { enqueueDefaults, eventLimits, type QueueEvent } from './event-types.ts';
import type { Packed } from './packed.ts';
import type { RecordWriter } from './record-writer.ts';
import { writeLimits, writePause, writeSchedule, writeScope } from './setting-encode.ts';
import { writeRun, writeWork } from './template-writer.ts';

const limits = eventLimits;
const noDefaults = {};

/** The fields of an event, written in the order of their tags. */
export function encodeFields(w: RecordWriter, event: QueueEvent<Packed>): void {
  // Times are written as ms after `at`, and added up they must stay in range.
  const afterMax = limits.timeMs - event.at;
  const after = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms - event.at);
  switch (event.type) {
    case 'ENQUEUE':
      writeWork(w, event, event.payload, enqueueDefaults);
      w.int(5, event.runAt - event.at, afterMax, 'runAt', 0);
      writeRun(w, event, enqueueDefaults);
      w.word(9, event.key, limits.keyBytes, 'key');
      w.positive(11, after(event.keyUntil), afterMax, 'keyUntil');
      w.list(12, event.parents, limits.parents, 'parents');
      w.text(13, event.group, limits.groupBytes, 'group', enqueueDefaults.group);
      w.int(14, after(event.expiresAt), afterMax, 'expiresAt');
      w.int(15, event.slot?.at, limits.timeMs, 'slot');
      w.word(16, event.slot?.schedule, limits.idBytes, 'schedule');
      return;
    case 'DISPATCH':
      w.int(1, event.attempt, limits.attempts, 'attempt', 1);
      if (event.owner.kind === 'runner') w.int(2, event.owner.epoch, limits.timeMs, 'epoch');
      if (event.owner.kind === 'lease') {
        w.text(3, event.owner.token, limits.tokenBytes, 'token');
        w.int(4, event.owner.deadlineMs, limits.timeMs, 'deadlineMs');
      }
      w.int(5, after(event.deadlineMs), afterMax, 'deadlineMs');
      return;
    case 'ACK':
      w.int(1, event.durationMs, limits.timeMs, 'durationMs');
      w.packed(2, event.result, limits.resultBytes, 'result');
      return;
    case 'RETRY':
      w.int(1, event.runAt - event.at, afterMax, 'runAt', 0);
      w.text(2, event.reason, limits.reasonBytes, 'reason', 'failed');
      w.foreignText(3, event.error, limits.errorBytes, 'error');
      w.int(4, event.exitCode, limits.exitCode, 'exitCode');
      w.text(5, event.signal, limits.signalBytes, 'signal');
      w.int(6, event.refund ? 1 : 0, 1, 'refund', 0);
      w.int(7, event.reset ? 1 : 0, 1, 'reset', 0);
      return;
    case 'DEAD':
      w.text(2, event.reason, limits.reasonBytes, 'reason', 'attempts');
      w.foreignText(3, event.error, limits.errorBytes, 'error');
      w.int(4, event.exitCode, limits.exitCode, 'exitCode');
      w.text(5, event.signal, limits.signalBytes, 'signal');
      return;
    case 'PRUNE':
      w.list(1, event.ids, limits.pruneIds, 'ids');
      w.int(2, event.cutoff?.seq, limits.timeMs, 'cutoff');
      w.int(3, event.cutoff && (event.cutoff.completed ? 1 : 0) + (event.cutoff.dead ? 2 : 0), 3, 'states');
      return;
    case 'CANCEL':
      w.foreignText(3, event.error, limits.errorBytes, 'error');
      return;
    case 'UPDATE':
      writeWork(w, event, event.payload, noDefaults);
      w.int(5, after(event.runAt), afterMax, 'runAt');
      writeRun(w, event, noDefaults);
      w.text(13, event.group, limits.groupBytes, 'group');
      w.int(14, after(event.expiresAt), afterMax, 'expiresAt');
      return;
    case 'EXTEND':
      w.int(1, event.deadlineMs - event.at, afterMax, 'deadlineMs');
      return;
    case 'PAUSE':
      writePause(w, event);
      return;
    case 'RESUME':
      writeScope(w, event);
      return;
    case 'SCHEDULE':
      writeSchedule(w, event);
      return;
    case 'LIMIT':
      writeLimits(w, event, 'takes away');
      return;
    case 'TIMEOUT':
    case 'REMOVE':
    case 'UNSCHEDULE':
      return;
    default:
      unreachable(event);
  }
}
