import { Exit, type ExitCode } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { baseName } from '../../base/path.ts';
import { shellPath, shellWord } from '../../base/shell-word.ts';
import { type SalvageRequest, type SalvageResult, salvageStore } from '../../commands/salvage.ts';
import type { LostRange } from '../../storage/types.ts';
import type { Session } from '../session.ts';
import { count, counted } from '../text.ts';

const listed = 10;

/** The plan is a refusal (7): nothing was made. A salvaged store is whole, and what it lacks is in the answer: 0. */
export async function salvage(session: Session, request: SalvageRequest, at?: string): Promise<ExitCode> {
  const result = await salvageStore(session.context, request);
  session.settle();
  const exit = result.storeId === undefined ? Exit.refused : Exit.ok;
  const command = at === undefined ? salvageCommand(request.store, request.to) : cutCommand(request, at);
  const next =
    result.storeId === undefined
      ? `${command} --apply${planFlag(request.planFile)}`
      : `walq wal verify ${shellPath(request.to)}`;
  if (session.json) {
    const { store, to } = request;
    await session.document({ store, to, ...result, changed: result.storeId !== undefined, next, exit });
    return exit;
  }
  for (const line of textLines(request, result)) await session.out.line(escapeText(line));
  await session.out.line(`${session.style.dim('next:')} ${session.style.command(escapeText(next))}`);
  // Not back on a disk that fails.
  const stays = result.storeId === undefined || at !== undefined || result.plan.unreadable !== undefined;
  const place = stays ? undefined : inPlaceOf(request);
  if (place !== undefined) await session.out.line(session.style.dim(`then, in its place: ${place}`));
  return exit;
}

/** Whoever uses the damaged store goes on looking for it under its own name. */
function inPlaceOf({ store, to }: SalvageRequest): string | undefined {
  const path = store.replace(/(?<=.)\/+$/, '');
  if (['.', '..', '/', ''].includes(baseName(path))) return undefined;
  const [here, aside] = [shellPath(path), shellPath(`${path}.damaged`)];
  return `mv ${here} ${aside} && mv ${shellPath(to)} ${here}`;
}

/** So that exactly the plan that was kept is carried out. */
export function planFlag(file: string | undefined): string {
  return file === undefined ? '' : ` --plan ${shellPath(file)}`;
}

function salvageCommand(store: string, to?: string): string {
  return `walq wal repair ${shellPath(store)} --mode salvage --to ${to === undefined ? 'NEWSTORE' : shellPath(to)}`;
}

function cutCommand({ store, to }: SalvageRequest, at: string): string {
  return `walq wal repair ${shellPath(store)} --mode cut --at ${shellWord(at)} --to ${shellPath(to)}`;
}

function textLines({ store, to }: SalvageRequest, { plan, touched, storeId }: SalvageResult): string[] {
  const lines = [
    storeId === undefined
      ? `plan: a new store ${to} of what can be read of ${store}; nothing was changed`
      : `made the store ${to} (id ${storeId}); ${store} is as it was`,
    plan.seqLast < plan.seqFirst
      ? `no event, and the state at seq ${plan.seqLast}`
      : `${counted(plan.events, 'event')} of seq ${plan.seqFirst}..${plan.seqLast} in ${counted(plan.frames, 'frame')}`,
  ];
  if (plan.until !== undefined) {
    lines.push(`cut after seq ${plan.until}: ${counted(plan.leftBehind ?? 0, 'event')} stay behind, in ${store} alone`);
  }
  for (const { file, seq } of plan.snapshots) lines.push(`snapshot ${file}: the state at seq ${seq}`);
  for (const { file, at, bit, oneIn } of plan.turned) {
    const odds = oneIn === undefined ? 'proved' : `other damage looks the same once in ${count(oneIn)}`;
    lines.push(`bit ${bit} of the byte at offset ${at} of ${file} is taken the other way round (${odds})`);
  }
  lines.push(...unreadableLines(plan.unreadable ?? []));
  for (const file of plan.rescued) lines.push(`${file}: its header is beyond repair, its frames are not`);
  for (const file of plan.displaced ?? []) {
    lines.push(`${file}: bytes were put in or taken out; the frames behind are read where they were written`);
  }
  for (const { file, from } of plan.filled ?? []) lines.push(`${file}: what cannot be read in it is read in ${from}`);
  for (const file of plan.foreign) lines.push(`${file}: of another store, or of a copy of this one, left out`);
  if (plan.repeated > 0) lines.push(`${counted(plan.repeated, 'event')} doubled, left out`);
  if (plan.tail !== undefined) {
    const { file, offset, bytes, ambiguous } = plan.tail;
    const what = ambiguous ? 'it may have been acknowledged' : 'nobody was told that it happened';
    lines.push(`last write left out: ${counted(bytes, 'byte')} from offset ${offset} of ${file}; ${what}`);
  }
  lines.push(lossLine(plan.lost, plan.lostUnknown));
  for (const range of plan.lost.slice(listed)) lines.push(`      ${rangeText(range)}`);
  return [...lines, ...jobLines(touched)];
}

function unreadableLines(all: NonNullable<SalvageResult['plan']['unreadable']>): string[] {
  const lines = all.slice(0, listed).map(({ file, offset, bytes }) => {
    return `${counted(bytes, 'byte')} from offset ${offset} of ${file} cannot be read (I/O error): taken as damaged`;
  });
  if (all.length <= listed) return lines;
  return [...lines, `and ${counted(all.length - listed, 'more stretch', 'more stretches')} (--json has all)`];
}

function lossLine(lost: readonly LostRange[], unknown: boolean): string {
  const total = lost.reduce((sum, { seqFirst, seqLast }) => sum + seqLast - seqFirst + 1, 0);
  const end = unknown ? '; the end of the log may be missing, and nothing says how far it went' : '';
  if (total === 0) return `lost: nothing${end}`;
  const shown = lost.slice(0, listed).map(rangeText).join(', ');
  return `lost: ${unknown ? 'at least' : 'exactly'} ${counted(total, 'event')} (seq ${shown})${end}`;
}

function rangeText({ seqFirst, seqLast }: LostRange): string {
  return seqFirst === seqLast ? String(seqFirst) : `${seqFirst}..${seqLast}`;
}

function jobLines({ covered, unknown, open, skipped }: SalvageResult['touched']): string[] {
  const lines: string[] = [];
  if (covered > 0) {
    lines.push(`${counted(covered, 'lost event')} before a snapshot: gone from the history, not from the state`);
  }
  if (unknown === 0) return lines;
  lines.push(
    open.length === 0
      ? 'no job was unfinished when events were lost; jobs may have come in them'
      : `possibly touched: ${names(open)}, not finished when events were lost; jobs may have come in them`,
  );
  for (const { seq, job, why } of skipped.slice(0, listed)) {
    lines.push(`skipped: seq ${seq}${job === '' ? '' : ` (${job})`}: ${why}`);
  }
  if (skipped.length > listed)
    lines.push(`skipped: ${counted(skipped.length - listed, 'more event')} (--json has all)`);
  return lines;
}

function names(jobs: readonly string[]): string {
  const more = jobs.length > listed ? ` and ${counted(jobs.length - listed, 'more job')} (--json has all)` : '';
  return `${jobs.slice(0, listed).join(', ')}${more}`;
}
