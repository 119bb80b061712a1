import { formatDuration } from '../../base/duration.ts';
import { Exit, type ExitCode, usageError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { readLimits } from '../../commands/queue/state.ts';
import type { Limits, Rate } from '../../queue/events/setting-types.ts';
import { explainFiles } from '../explain/explain-look.ts';
import type { Session } from '../session.ts';
import { renderTable } from '../table.ts';
import { bytes, count } from '../text.ts';
import { ask, type WriterFlags } from './many.ts';

/** What lasts until it is changed: pauses and limits. */

interface ScopeFlags extends WriterFlags {
  name?: string;
  group?: string;
}

export async function pause(
  session: Session,
  _args: readonly string[],
  flags: ScopeFlags & { reason?: string },
): Promise<ExitCode> {
  const { reason } = flags;
  const scope = scopeOf(flags);
  const answer = await ask(session, flags, 'pause', { ...scope, ...(reason !== undefined && { reason }) });
  if (session.json) await session.document({ ...scope, ...answer, exit: Exit.ok });
  else await session.out.line(`${scopeText(scope)} ${session.style.warn('paused')}`);
  return Exit.ok;
}

export async function resume(session: Session, _args: readonly string[], flags: ScopeFlags): Promise<ExitCode> {
  const scope = scopeOf(flags);
  const answer = await ask(session, flags, 'resume', scope);
  if (session.json) await session.document({ ...scope, ...answer, exit: Exit.ok });
  else {
    const word = answer.seq === undefined ? session.style.dim('not paused before') : session.style.good('resumed');
    await session.out.line(`${scopeText(scope)} ${word}`);
  }
  return Exit.ok;
}

function scopeOf({ name, group }: ScopeFlags): { name?: string; group?: string } {
  if (name !== undefined && group !== undefined) throw usageError('E_USAGE', '--name and --group exclude each other');
  return { ...(name !== undefined && { name }), ...(group !== undefined && { group }) };
}

function scopeText({ name, group }: { name?: string; group?: string }): string {
  if (name !== undefined) return `jobs named ${escapeText(name)}`;
  return group === undefined || group === '' ? 'queue' : `group ${escapeText(group)}`;
}

export interface LimitFlags extends WriterFlags {
  group?: string;
  concurrency?: number;
  rate?: Rate;
  maxPending?: number;
  maxPayload?: number;
  keepFor?: number;
  keepCount?: number;
}

/** Sets the limits that are given; without any, shows those in force. */
export async function limit(session: Session, _args: readonly string[], flags: LimitFlags): Promise<ExitCode> {
  const limits = limitsOf(flags);
  if (Object.keys(limits).length === 0) return await showLimits(session, flags.group);
  const { group = '' } = flags;
  refuseMisplaced(limits, group);
  const answer = await ask(session, flags, 'limit', { group, ...limits });
  if (session.json) await session.document({ group, ...limits, ...answer, exit: Exit.ok });
  else {
    const scope = scopeText({ group });
    const set = rowsOf(limits).map(([name, value]) => `${name} ${value}`);
    await session.out.line(`${scope}: ${set.join(', ')}${answer.seq === undefined ? ' (as before)' : ''}`);
  }
  return Exit.ok;
}

function limitsOf(flags: LimitFlags): Limits {
  const { concurrency, rate, maxPending, maxPayload, keepFor, keepCount } = flags;
  return {
    ...(concurrency !== undefined && { concurrency }),
    ...(rate !== undefined && { rate }),
    ...(maxPending !== undefined && { pendingMax: maxPending }),
    ...(maxPayload !== undefined && { payloadBytesMax: maxPayload }),
    ...(keepFor !== undefined && { keepMs: keepFor }),
    ...(keepCount !== undefined && { keepCount }),
  };
}

function refuseMisplaced({ concurrency, rate: _, ...ofQueue }: Limits, group: string): void {
  if (group === '' && concurrency !== undefined) {
    throw usageError('E_USAGE', '--concurrency is a limit of groups: name one with --group', {
      next: 'walq queue run --workers N says how many jobs run at a time',
    });
  }
  if (group !== '' && Object.keys(ofQueue).length > 0) {
    throw usageError('E_USAGE', 'groups have --concurrency and --rate; the other limits are of the whole queue');
  }
}

async function showLimits(session: Session, group: string | undefined): Promise<ExitCode> {
  const { limits, exit, ...files } = await readLimits(session.context, group);
  session.settle();
  if (session.json) {
    await session.document({ limits, findings: files.findings, exit });
    return exit;
  }
  const rows = limits.flatMap((set) => rowsOf(set).map((row) => [scopeText({ group: set.group }), ...row]));
  const columns = [{ title: 'OF', flexible: true }, { title: 'LIMIT' }, { title: 'VALUE' }];
  if (rows.length === 0) await session.out.line('no limits');
  else await session.out.write(renderTable(columns, rows, { width: session.width, style: session.style }));
  await explainFiles(session, files);
  return exit;
}

/** Name and value as the flags have them. */
function rowsOf({ concurrency, rate, pendingMax, payloadBytesMax, keepMs, keepCount }: Limits): [string, string][] {
  return [
    ...rowOf('concurrency', concurrency, count),
    ...rowOf('rate', rate?.count === 0 ? 0 : rate, rateText),
    ...rowOf('max-pending', pendingMax, count),
    ...rowOf('max-payload', payloadBytesMax, bytes),
    ...rowOf('keep-for', keepMs, formatDuration),
    ...rowOf('keep-count', keepCount, count),
  ];
}

function rowOf<T>(name: string, value: T | 0 | undefined, text: (value: T) => string): [string, string][] {
  if (value === undefined) return [];
  return [[name, value === 0 ? 'none' : text(value)]];
}

function rateText({ count: jobs, perMs }: Rate): string {
  return `${count(jobs)}/${formatDuration(perMs).replace(/^1(?=[a-z]+$)/, '')}`;
}
