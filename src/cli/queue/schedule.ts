import { formatDuration } from '../../base/duration.ts';
import { Exit, type ExitCode, notFoundError, usageError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { JsonText } from '../../commands/json-text.ts';
import { readSchedules } from '../../commands/queue/state.ts';
import { packedText } from '../../queue/events/packed.ts';
import type { MissedSlots, ScheduleRule } from '../../queue/events/setting-types.ts';
import type { Schedule } from '../../queue/state/settings.ts';
import { nextSlot, slotAfter } from '../../queue/state/slots.ts';
import { explainFiles } from '../explain/explain-look.ts';
import type { Session } from '../session.ts';
import { renderTable } from '../table.ts';
import { isoTime } from '../text.ts';
import { type JobFlags, specOf, splitCommand } from './job-flags.ts';
import { ask, forEach, type WriterFlags } from './many.ts';

export interface ScheduleFlags extends WriterFlags, JobFlags {
  cron?: string;
  zone?: string;
  every?: number;
  missed: MissedSlots;
  name?: string;
}

/** Adds a schedule, or puts it in the place of the one with this name. */
export async function add(session: Session, args: readonly string[], flags: ScheduleFlags): Promise<ExitCode> {
  const { name: id = '', command } = splitCommand(args, 'walq queue schedule add --help');
  const rule = ruleOf(flags);
  const job = { ...specOf(flags), name: flags.name ?? id, ...(command !== undefined && { command }) };
  const answer = await ask(session, flags, 'schedule', { id, rule, missed: flags.missed, job });
  if (session.json) await session.document({ id, rule, missed: flags.missed, ...answer, exit: Exit.ok });
  else await session.out.line(`${escapeText(id)} ${session.style.good('scheduled')} ${ruleText(rule)}`);
  return Exit.ok;
}

function ruleOf({ cron, zone, every }: ScheduleFlags): ScheduleRule {
  if ((cron === undefined) === (every === undefined)) {
    throw usageError('E_USAGE', 'when? give --cron EXPR or --every TIME, one of them', {
      next: "walq queue schedule add nightly --cron '0 3 * * *' --zone Europe/Berlin",
    });
  }
  if (every !== undefined) {
    if (zone !== undefined) throw usageError('E_USAGE', '--zone goes with --cron');
    return { kind: 'every', everyMs: every };
  }
  return { kind: 'cron', cron: cron ?? '', zone: zone ?? 'UTC' };
}

function ruleText(rule: ScheduleRule): string {
  if (rule.kind === 'every') return `every ${formatDuration(rule.everyMs)}`;
  return `cron '${escapeText(rule.cron)}' ${escapeText(rule.zone)}`;
}

export async function remove(session: Session, ids: readonly string[], flags: WriterFlags): Promise<ExitCode> {
  return await forEach(session, ids, flags, {
    use: (ops, id) => ops.call('unschedule', { id }),
    say: () => session.style.warn('removed'),
  });
}

export async function list(session: Session): Promise<ExitCode> {
  const { context, style, width } = session;
  const { schedules, exit, ...files } = await readSchedules(context);
  session.settle();
  const now = context.env.clock.now();
  if (session.json) {
    const { findings } = files;
    await session.document({ schedules: schedules.map((each) => forPrint(each, now)), findings, exit });
    return exit;
  }
  const columns = [
    { title: 'SCHEDULE', flexible: true, cutInside: true },
    { title: 'WHEN', flexible: true },
    { title: 'MISSED' },
    { title: 'NEXT' },
    { title: 'LAST' },
    { title: 'JOB', flexible: true, cutInside: true },
  ];
  const rows = schedules.map((each) => [
    escapeText(each.id),
    ruleText(each.rule),
    each.missed,
    timeText(nextSlot(each, now)),
    timeText(each.lastSlot),
    escapeText(each.template.name),
  ]);
  if (rows.length === 0) await session.out.line('no schedules');
  else await session.out.write(renderTable(columns, rows, { width, style }));
  await explainFiles(session, files);
  return exit;
}

function forPrint({ id, rule, missed, lastSlot, template, ...rest }: Schedule, now: number): Record<string, unknown> {
  const { payload, ...job } = template;
  const next = nextSlot({ id, rule, missed, lastSlot, template, ...rest }, now);
  return {
    id,
    rule,
    missed,
    setMs: rest.at,
    ...(next !== undefined && { nextMs: next }),
    ...(lastSlot !== undefined && { lastMs: lastSlot }),
    job: { ...job, ...(payload !== undefined && { payload: new JsonText(packedText(payload)) }) },
    ...(rest.expiresAfterMs > 0 && { expireMs: rest.expiresAfterMs }),
  };
}

function timeText(ms: number | undefined): string {
  return ms === undefined ? '-' : isoTime(ms).replace('.000Z', 'Z');
}

/** The times at which schedules fire next, of all or of one, in order. */
export async function next(session: Session, args: readonly string[], flags: { limit: number }): Promise<ExitCode> {
  const [id] = args;
  const { context, style, width } = session;
  const { schedules, exit, ...files } = await readSchedules(context);
  session.settle();
  const chosen = schedules.filter((each) => id === undefined || each.id === id);
  if (id !== undefined && chosen.length === 0) {
    throw notFoundError('E_SCHEDULE_UNKNOWN', `no schedule ${id}`, {
      data: { schedule: id },
      next: 'walq queue schedule list',
    });
  }
  const now = context.env.clock.now();
  const slots = chosen
    .flatMap((each) => slotsOf(each, now, flags.limit))
    .sort((a, b) => a.at - b.at)
    .slice(0, flags.limit);
  if (session.json) {
    const { findings } = files;
    await session.document({ slots: slots.map(({ schedule, at }) => ({ schedule, atMs: at })), findings, exit });
    return exit;
  }
  const columns = [{ title: 'AT' }, { title: 'SCHEDULE', flexible: true, cutInside: true }];
  const rows = slots.map(({ schedule, at }) => [timeText(at), escapeText(schedule)]);
  if (rows.length === 0) await session.out.line('no schedules');
  else await session.out.write(renderTable(columns, rows, { width, style }));
  await explainFiles(session, files);
  return exit;
}

function slotsOf(schedule: Schedule, now: number, most: number): { schedule: string; at: number }[] {
  const slots: { schedule: string; at: number }[] = [];
  for (let at = nextSlot(schedule, now); at !== undefined && slots.length < most; at = slotAfter(schedule, at)) {
    slots.push({ schedule: schedule.id, at });
  }
  return slots;
}
