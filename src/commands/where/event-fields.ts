import { eventNames } from '../../queue/events/events.ts';
import { type EventRow, lostType } from '../event-row.ts';
import type { Field, FieldKind, FieldTable, FieldValue } from './fields.ts';

/** An event, its members decoded once however many fields are asked for. */
export class EventView {
  readonly row: EventRow;
  #members: ReadonlyMap<string, FieldValue> | undefined;

  constructor(row: EventRow) {
    this.row = row;
  }

  /** What the event says beyond its head, by its name in JSON. */
  member(name: string): FieldValue | undefined {
    this.#members ??= new Map(this.row.details());
    return this.#members.get(name);
  }
}

type EventFields = FieldTable<EventView>;

/** What `wal inspect --where` can ask. Names are those of the text form; those of the JSON form are known too. */
export function eventFieldsOf(isForeign: boolean): EventFields {
  return isForeign ? foreignFields : eventFields;
}

const headFields = {
  seq: { kind: 'number', about: 'its number', of: ({ row }) => row.seq },
  time: { kind: 'time', about: 'when it happened', also: ['timeMs'], of: ({ row }) => row.timeMs },
  job: {
    kind: 'text',
    about: 'id of the job',
    also: ['id'],
    of: ({ row }) => (row.job === '' || isOfSchedule(row) ? undefined : row.job),
  },
  bytes: { kind: 'size', about: 'size of its record or line', of: ({ row }) => row.size },
  file: { kind: 'text', about: 'the file it stands in, as inspect -o json names it', of: ({ row }) => row.file },
  offset: { kind: 'size', about: 'where its frame or line begins in that file', of: ({ row }) => row.offset },
  after_hole: {
    kind: 'flag',
    about: 'it lies behind damage, where recovery does not get',
    also: ['afterHole'],
    of: ({ row }) => row.afterHole,
  },
} as const satisfies EventFields;

export const eventFields: EventFields = {
  type: {
    kind: 'word',
    about: 'what happened',
    words: [...eventNames(), lostType],
    of: ({ row }) => row.type,
  },
  ...headFields,

  name: member('name', 'text', 'of the job, or of the jobs that a pause covers'),
  group: member('group', 'text', 'of the job, or of the jobs that a pause or limit covers', 'queue'),
  priority: orElse(member('priority', 'number', 'of the job'), 0, ['ENQUEUE', 'SCHEDULE']),
  max_attempts: member('maxAttempts', 'number', 'how often it may be tried', 'attempts'),
  timeout: member('timeoutMs', 'duration', 'of an attempt'),
  backoff: member('backoff', 'text', 'wait between attempts'),
  command: member('command', 'list', 'of a job that carries its own'),
  key: member('key', 'text', 'unique key of the job'),
  key_until: member('keyUntil', 'time', 'how long it keeps that key'),
  parents: member('parents', 'list', 'jobs it runs after'),
  run_at: {
    ...member('runAt', 'time', 'of ENQUEUE, RETRY, UPDATE: not before'),
    of: (view) => view.member('runAt') ?? (view.row.type === 'ENQUEUE' ? view.row.timeMs : undefined),
  },
  expires_at: member('expiresAt', 'time', 'dead if not begun by then'),
  payload: member('payload', 'json', 'of the job; payload.to, payload.items.0.id reach into it'),

  attempt: member('attempt', 'number', 'of DISPATCH, from 1'),
  runner: member('runner', 'text', 'of DISPATCH: the runner that has it', 'worker'),
  lease: member('lease', 'text', 'of DISPATCH: token of the lease'),
  lease_until: member('leaseUntil', 'time', 'of DISPATCH, EXTEND: end of the lease', 'until'),
  deadline: member('deadlineMs', 'time', 'of DISPATCH: end of the timeout'),
  duration: member('durationMs', 'duration', "of ACK: the handler's own time"),
  result: member('result', 'json', 'of ACK; result.ok and the like reach into it'),
  reason: member('reason', 'text', 'of RETRY, DEAD, PAUSE: failed, timeout, attempts, ...'),
  exit: member('exitCode', 'number', 'of RETRY, DEAD: exit code of the handler'),
  signal: member('signal', 'text', 'of RETRY, DEAD: signal that ended the handler'),
  error: member('error', 'text', 'of RETRY, DEAD, CANCEL: what was said about it'),
  refund: orElse(member('refund', 'flag', 'of RETRY: the attempt does not count'), false, ['RETRY']),
  reset: orElse(member('reset', 'flag', 'of RETRY: attempts count from 0 again'), false, ['RETRY']),

  ids: member('ids', 'list', 'of PRUNE: the jobs that go'),
  ended_by_seq: member('cutoffSeq', 'number', 'of PRUNE: jobs that had ended by this seq go'),
  completed: member('completed', 'flag', 'of PRUNE: completed jobs go'),
  dead: member('dead', 'flag', 'of PRUNE: dead jobs go'),

  schedule: {
    ...member('schedule', 'text', 'id of the schedule, or of the one that made the job'),
    of: (view) => (isOfSchedule(view.row) ? view.row.job : view.member('schedule')),
  },
  slot: member('slot', 'time', 'of ENQUEUE by a schedule: the time it was made for'),
  cron: member('cron', 'text', 'of SCHEDULE'),
  zone: member('zone', 'text', 'of SCHEDULE'),
  every: member('everyMs', 'duration', 'of SCHEDULE'),
  missed: member('missed', 'text', 'of SCHEDULE: skip, one, all'),
  expires_after: member('expiresAfterMs', 'duration', 'of SCHEDULE'),

  concurrency: member('concurrency', 'number', 'of LIMIT'),
  rate_count: member('rateCount', 'number', 'of LIMIT'),
  rate_per: member('ratePerMs', 'duration', 'of LIMIT'),
  pending_max: member('pendingMax', 'number', 'of LIMIT', 'pending'),
  payload_bytes_max: member('payloadBytesMax', 'size', 'of LIMIT', 'payload_bytes'),
  keep: member('keepMs', 'duration', 'of LIMIT'),
  keep_count: member('keepCount', 'number', 'of LIMIT'),

  to: member('to', 'number', 'of LOST: the last lost seq'),
  events: member('events', 'number', 'of LOST: how many are lost'),
  from: member('from', 'number', 'its number in the log it was imported from'),
  undecoded: member('undecoded', 'text', 'why the record cannot be decoded'),
};

/** Logs of other systems have fewer, and types of their own. */
export const foreignFields: EventFields = {
  type: { kind: 'word', about: 'what happened', of: ({ row }) => row.type },
  ...headFields,
  text: member('text', 'text', 'what stands behind the id, in the plain text form'),
};

/** Schedules have a name space of their own: no job may be taken for one. */
function isOfSchedule({ type }: EventRow): boolean {
  return type === 'SCHEDULE' || type === 'UNSCHEDULE';
}

/** `json`: its name in the JSON form. */
function member(json: string, kind: FieldKind, about: string, ...also: string[]): Field<EventView> {
  return { kind, about, also: [...also, json], of: (view) => view.member(json) };
}

/** Where the log leaves out what goes without saying. */
function orElse(field: Field<EventView>, silent: number | boolean, types: readonly string[]): Field<EventView> {
  return { ...field, of: (view) => field.of(view) ?? (types.includes(view.row.type) ? silent : undefined) };
}
