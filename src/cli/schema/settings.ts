import { type Limits, missedSlots, type Rate, type ScheduleRule } from '../../queue/events/setting-types.ts';
import type { ScheduleReport, SettingsReport } from '../../queue/run/status.ts';
import type { LimitSet, Pause } from '../../queue/state/settings.ts';
import { constant, either, list, membersOf, oneOf, optional, shared, structure, text, whole } from './build.ts';
import { timeMs } from './shared.ts';

/** What lasts in a queue until it is changed: pauses, limits, schedules. */

const rate = structure<Rate>(
  { count: whole('how many dispatches'), perMs: whole('within how many ms') },
  'dispatches in a time',
);

export const limitMembers = membersOf<Limits>({
  concurrency: optional(whole('jobs in flight at a time')),
  rate: optional(rate),
  pendingMax: optional(whole('jobs that may wait')),
  payloadBytesMax: optional(whole('size of a payload, bytes')),
  keepMs: optional(whole('finished jobs are forgotten after this many ms')),
  keepCount: optional(whole('and beyond this many')),
});

export const groupOfLimit = text('whose limits these are; empty: those of the whole queue');
export const limitSet = shared('limits', structure<LimitSet>({ group: groupOfLimit, ...limitMembers }, 'limits'));

export const rule = shared(
  'rule',
  either(
    [
      structure<Extract<ScheduleRule, { kind: 'cron' }>>({
        kind: constant('cron', 'by the calendar'),
        cron: text('5 or 6 fields'),
        zone: text('an IANA time zone'),
      }),
      structure<Extract<ScheduleRule, { kind: 'every' }>>({
        kind: constant('every', 'at even distances'),
        everyMs: whole('between two firings, ms'),
      }),
    ],
    'when a schedule fires',
  ),
);

export const missed = oneOf(missedSlots, 'what becomes of slots that passed while nobody ran');

const pause = structure<Pause>(
  {
    name: optional(text('only jobs of this name')),
    group: optional(text('only jobs of this group')),
    at: timeMs('since when'),
    reason: optional(text('in the words of whoever paused')),
  },
  'without name and group it holds back everything',
);

export const settings = structure<SettingsReport>(
  {
    pauses: list(pause, 'the first 100'),
    limits: list(limitSet, 'the first 100'),
    schedules: list(
      structure<ScheduleReport>({
        id: text('of the schedule'),
        rule,
        missed,
        name: text('of the jobs it makes'),
        lastSlot: optional(timeMs('the latest slot that fired')),
        nextSlot: optional(timeMs('when it fires next; absent when never')),
      }),
      'the first 100',
    ),
    more: structure<SettingsReport['more']>(
      { pauses: whole('how many'), limits: whole('how many'), schedules: whole('how many') },
      'those that are not listed here',
    ),
  },
  'what lasts until it is changed',
);
