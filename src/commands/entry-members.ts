import { unreachable } from '../base/errors.ts';
import type { JobTemplate } from '../queue/events/event-base.ts';
import { runnerName } from '../queue/events/event-details.ts';
import { type Packed, packedText } from '../queue/events/packed.ts';
import { scheduleDefaults } from '../queue/events/setting-types.ts';
import type { Job } from '../queue/state/job.ts';
import type { Entry } from '../queue/state/job-codec.ts';
import type { SettingEntry } from '../queue/state/settings.ts';
import { JsonText } from './json-text.ts';
import type { LineMember } from './line-members.ts';

/** What an entry of a snapshot says, for the base of an export: all of it, but for what is as it is by default. */
export function entryMembers(entry: Entry): LineMember[] {
  switch (entry.kind) {
    case 'facts':
      return [
        ['base', 'facts'],
        ...Object.entries(entry.totals).map(([name, count]): LineMember => [name, count || undefined]),
      ];
    case 'setting':
      return settingMembers(entry.entry);
    case 'job':
      return jobMembers(entry.job);
    default:
      return unreachable(entry);
  }
}

function settingMembers(entry: SettingEntry): LineMember[] {
  switch (entry.kind) {
    case 'limits': {
      const { group, concurrency, rate, pendingMax, payloadBytesMax, keepMs, keepCount } = entry.limits;
      return [
        ['base', 'limits'],
        ['group', group || undefined],
        ['concurrency', concurrency],
        ['rateCount', rate?.count],
        ['ratePerMs', rate?.perMs],
        ['pendingMax', pendingMax],
        ['payloadBytesMax', payloadBytesMax],
        ['keepMs', keepMs],
        ['keepCount', keepCount],
      ];
    }
    case 'pause': {
      const { at, name, group, reason } = entry.pause;
      return [
        ['base', 'pause'],
        ['timeMs', at],
        ['name', name],
        ['group', group],
        ['reason', reason],
      ];
    }
    case 'schedule': {
      const { id, at, rule, missed, template, expiresAfterMs, lastSlot } = entry.schedule;
      return [
        ['base', 'schedule'],
        ['schedule', id],
        ['timeMs', at],
        ['cron', rule.kind === 'cron' ? rule.cron : undefined],
        ['zone', rule.kind === 'cron' ? rule.zone : undefined],
        ['everyMs', rule.kind === 'every' ? rule.everyMs : undefined],
        ['missed', missed],
        ['expiresAfterMs', unless(expiresAfterMs, scheduleDefaults.expiresAfterMs)],
        ['lastSlot', lastSlot],
        ...optionMembers(template),
        ['payload', jsonText(template.payload)],
      ];
    }
    default:
      return unreachable(entry);
  }
}

function jobMembers(job: Job): LineMember[] {
  const { setback, special } = job;
  return [
    ['base', 'job'],
    ['job', job.id],
    ['state', job.state],
    ['seq', job.seq],
    ['timeMs', job.createdAt],
    ...optionMembers(job.options),
    ['attempt', job.attempt || undefined],
    ['crashes', job.crashes || undefined],
    ...stateMembers(job),
    ['setbackMs', setback?.at],
    ['setbackReason', setback?.reason],
    ['setbackExitCode', setback?.exitCode],
    ['setbackSignal', setback?.signal],
    ['setbackError', setback?.error],
    ['key', special?.key],
    ['keyUntil', special?.keyUntil],
    ['parents', special?.parents],
    ['waitingFor', special?.waitingFor],
    ['expiresAt', special?.expiresAt],
    ['schedule', special?.slot?.schedule],
    ['slot', special?.slot?.at],
    ['from', job.from],
    ['result', job.state === 'completed' ? jsonText(job.result) : undefined],
    ['payload', jsonText(job.payload)],
  ];
}

function optionMembers(options: Omit<JobTemplate<Packed>, 'payload'>): LineMember[] {
  return [
    ['name', options.name],
    ['group', options.group || undefined],
    ['priority', options.priority || undefined],
    ['maxAttempts', options.maxAttempts],
    ['timeoutMs', options.timeoutMs || undefined],
    ['backoff', options.backoff],
    ['command', options.command],
  ];
}

function stateMembers(job: Job): LineMember[] {
  switch (job.state) {
    case 'pending':
      return [
        ['runAt', unless(job.runAt, job.createdAt)],
        ['timedOut', job.timedOut || undefined],
      ];
    case 'in_flight':
      return [
        ['dispatchSeq', job.dispatchSeq],
        ['startedMs', job.startedAt],
        ['runner', job.owner.kind === 'runner' ? runnerName(job.owner.epoch) : undefined],
        ['lease', job.owner.kind === 'lease' ? job.owner.token : undefined],
        ['leaseUntil', job.owner.kind === 'lease' ? job.owner.deadlineMs : undefined],
        ['deadlineMs', job.deadlineMs],
        ['cancelledMs', job.cancelledAt],
      ];
    case 'completed':
      return [
        ['endSeq', job.endSeq],
        ['endedMs', job.endedAt],
        ['startedMs', job.startedAt],
        ['durationMs', job.durationMs],
      ];
    case 'dead':
      return [
        ['endSeq', job.endSeq],
        ['endedMs', job.endedAt],
        ['reason', job.reason],
        ['exitCode', job.exitCode],
        ['signal', job.signal],
        ['error', job.error],
      ];
    default:
      return unreachable(job);
  }
}

function unless<T>(value: T, silent: T): T | undefined {
  return value === silent ? undefined : value;
}

function jsonText(packed: Packed | undefined): JsonText | undefined {
  return packed === undefined ? undefined : new JsonText(packedText(packed));
}
