import { escapeText } from '../../base/escape.ts';
import type { JobChange } from '../../commands/diff/compare.ts';
import type { Difference } from '../../commands/diff/diff.ts';
import type { FieldChange } from '../../commands/diff/job-fields.ts';
import { originalId } from '../../commands/diff/members.ts';
import type { SettingChange } from '../../commands/diff/settings.ts';
import type { AttemptExit } from '../../queue/events/event-types.ts';
import { type Job, payloadText } from '../../queue/state/job.ts';
import { scopeText } from '../scope-text.ts';
import { changeText, valueText } from './values.ts';

/** One change, as the parts of a line or the cells of a row. Escaped, uncoloured. */
export interface ChangeLine {
  /** '+' only the second side has it, '-' only the first, '~' both, and they differ. */
  sign: '+' | '-' | '~' | '=';
  what: string;
  /** `pending -> completed`, `created: pending`, `completed, pruned`. */
  state: string;
  details: string[];
}

export function jobLine(change: JobChange, difference: Difference): ChangeLine {
  const { before, after, kinds, fields } = change;
  const what = escapeText(originalId(difference, change.id));
  if (before === undefined) return { sign: '+', what, state: after?.state ?? '', details: made(after) };
  if (after === undefined) {
    const left = difference.departureOf?.(change.id);
    return { sign: '-', what, state: `${before.state}${left === undefined ? '' : `, ${left}`}`, details: made(before) };
  }
  const state = before.state === after.state ? after.state : `${before.state} -> ${after.state}`;
  if (kinds.includes('replaced')) {
    const seqs = `by another job of this id (seq ${before.seq} -> ${after.seq})`;
    return { sign: '~', what, state: `${state}, replaced`, details: [seqs, ...made(after)] };
  }
  return { sign: kinds.length === 0 ? '=' : '~', what, state, details: detailsOf(change, fields) };
}

/** What a job is, where there is no other side to compare it with. */
function made(job: Job | undefined): string[] {
  if (job === undefined) return [];
  const { options, attempt } = job;
  const payload = payloadText(job);
  return [
    ...(options.name === '' || options.name === 'default' ? [] : [`name=${valueText('name', options.name)}`]),
    ...(options.group === '' ? [] : [`group=${valueText('group', options.group)}`]),
    ...(attempt === 0 ? [] : [`attempt=${attempt}`]),
    ...(job.state === 'dead' ? [`reason=${valueText('reason', exitText(job))}`] : []),
    ...(payload === undefined ? [] : [`payload=${escapeText(payload)}`]),
  ];
}

function detailsOf({ before, after, kinds }: JobChange, fields: readonly FieldChange[]): string[] {
  const moved = before?.state !== after?.state;
  const told = fields.filter(({ name, trace, after: is }) => {
    if (name === 'status' || name.startsWith('setback.')) return false;
    // With another state go the members of the one before: that is no news. When it may run next is.
    return moved ? !trace && (is !== undefined || !ofAState.has(name)) : !trace || name === 'runAtMs';
  });
  const setback = kinds.includes('retried') && after?.setback;
  const texts = told.map(changeText);
  if (setback) texts.push(`retried: ${escapeText(exitText(setback))}`);
  // Something did change: where nothing but traces tell of it, they do.
  return texts.length > 0 || moved ? texts : fields.filter(({ name }) => name !== 'changedMs').map(changeText);
}

const ofAState: ReadonlySet<string> = new Set([
  'reason',
  'error',
  'exitCode',
  'signal',
  'durationMs',
  'result',
  'cancelledMs',
]);

/** `failed, exit 1`, `timeout`, `failed, SIGSEGV`. */
function exitText({ reason, exitCode, signal }: AttemptExit & { reason: string }): string {
  const exit = signal ?? (exitCode === undefined ? undefined : `exit ${exitCode}`);
  return exit === undefined ? reason : `${reason}, ${exit}`;
}

export function settingLine({ kind, scope, before, after }: SettingChange): ChangeLine {
  const what =
    kind === 'schedule'
      ? `schedule ${escapeText(scope.id ?? '')}`
      : kind === 'pause'
        ? `pause of ${scopeText(scope)}`
        : `limits of ${scope.group === '' ? 'the queue' : `group ${escapeText(scope.group ?? '')}`}`;
  const sign = before === undefined ? '+' : after === undefined ? '-' : '~';
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const details = names.flatMap((name) => {
    const [was, is] = [before?.[name], after?.[name]];
    const [wasText, isText] = [valueText(name, was), valueText(name, is)];
    if (wasText === isText) return [];
    return [changeText({ name, before: was, after: is })];
  });
  return { sign, what, state: '', details: sign === '-' ? [] : details };
}
