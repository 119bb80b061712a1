import { agoText, roughly } from '../base/duration.ts';
import type { ExitCode } from '../base/errors.ts';
import { escapeText } from '../base/escape.ts';
import { type Diagnosis, diagnose, type JobsInQuestion } from '../commands/doctor/diagnose.ts';
import type { Step } from '../commands/next-steps.ts';
import { exitOfVerdict } from '../commands/verdict.ts';
import { type BundleFlags, bundleText, refuseBundle, writeBundle } from './doctor-bundle.ts';
import { findingLine, verdictClauses, verdictText } from './findings.ts';
import { labelledLine } from './labelled.ts';
import type { Session } from './session.ts';
import { bytes, columnsOf, count, counted } from './text.ts';

/** One screen: the verdict stays in sight. */
const faultsShown = 3;
const foreignShown = 3;
const labelColumns = 11;

export async function doctor(session: Session, args: readonly string[], flags: BundleFlags): Promise<ExitCode> {
  await refuseBundle(session, flags);
  const diagnosis = await diagnose(session.context, args);
  const bundle = flags.bundle && (await writeBundle(session, diagnosis, flags.bundle, flags.withPayloads === true));
  session.settle();
  const exit = exitOfVerdict(diagnosis.verdict);
  if (session.json) await session.document({ ...diagnosis, ...(bundle && { bundle }), exit });
  else await writeScreen(session, diagnosis);
  if (bundle && !session.json)
    await session.out.line(labelledLine('bundle', bundleText(bundle), labelColumns, session));
  return exit;
}

async function writeScreen(session: Session, diagnosis: Diagnosis): Promise<void> {
  const { out, style } = session;
  const { verdict, log, steps } = diagnosis;
  const now = session.context.env.clock.now();
  await out.write(verdictText(verdict, verdictClauses(verdict, log), style));
  for (const [label, text] of [...damageLines(session, diagnosis), ...factLines(diagnosis, now)])
    await out.line(labelledLine(label, text, labelColumns, session));
  if (steps.length === 0) await out.line(labelledLine('next', 'nothing has to be done', labelColumns, session));
  await writeSteps(session, steps);
}

/** A command is never broken: where it does not fit beside what it does, that stands below. */
async function writeSteps({ out, style, width }: Session, steps: readonly Step[]): Promise<void> {
  const columns = Math.max(0, ...steps.map(({ command }) => columnsOf(escapeText(command))));
  const longest = Math.max(0, ...steps.map(({ does }) => does.length));
  const beside = width === undefined || labelColumns + columns + 2 + longest <= width;
  const margin = ' '.repeat(labelColumns);
  for (const [index, { command, does }] of steps.entries()) {
    const shown = escapeText(command);
    const label = index === 0 ? style.dim('next'.padEnd(labelColumns)) : margin;
    const gap = beside ? ' '.repeat(columns - columnsOf(shown) + 2) : `\n${margin}`;
    await out.line(`${label}${style.command(shown)}${gap}${style.dim(does)}`);
  }
}

function damageLines({ style }: Session, { findings, traces }: Diagnosis): [string, string][] {
  const faults = findings.filter(({ severity }) => severity !== 'note');
  const lines = faults.slice(0, faultsShown).map((finding, index): [string, string] => {
    const trace = traces[index];
    const cause = trace === undefined ? '' : `; ${trace}`;
    return [index === 0 ? 'faults' : '', `${findingLine(finding, style, undefined)}${cause}`];
  });
  const more = faults.length - faultsShown;
  return more > 0 ? [...lines, ['', style.dim(`… and ${count(more)} more; walq wal verify lists them`)]] : lines;
}

export function factLines(diagnosis: Diagnosis, now: number): [string, string][] {
  const { store, log, disk } = diagnosis;
  const seqs = log.seqFirst === undefined ? '' : ` (seq ${log.seqFirst}..${log.seqLast ?? 0})`;
  const parts = [
    `log ${bytes(disk.log.bytes)}`,
    `${counted(disk.snapshots.files, 'snapshot')} ${bytes(disk.snapshots.bytes)}`,
    ...(disk.logs.files > 0 ? [`output of jobs ${bytes(disk.logs.bytes)}`] : []),
    ...(disk.quarantine.files > 0 ? [`set aside by repairs ${bytes(disk.quarantine.bytes)}`] : []),
  ];
  return [
    ['store', escapeText(store)],
    [
      'log',
      `${counted(log.records, 'event')}${seqs} in ${counted(log.segments.length - log.strays.length, 'segment')}`,
    ],
    ['writing', endingText(diagnosis, now)],
    ...jobLines(diagnosis, now),
    ['snapshots', snapshotText(diagnosis, now)],
    ['disk', parts.join(', ')],
    ...disk.pinned.map((reason): [string, string] => ['', escapeText(reason)]),
    ...foreignLines(diagnosis),
  ];
}

/** Files that are none of a store's: whoever put them there may look for them. */
function foreignLines({ findings }: Diagnosis): [string, string][] {
  const files = findings.flatMap(({ code, file }) => (code === 'E_FOREIGN_FILE' ? [escapeText(file)] : []));
  if (files.length === 0) return [];
  const more = files.length - foreignShown;
  const names = files.slice(0, foreignShown).join(', ') + (more > 0 ? ` and ${count(more)} more` : '');
  return [['foreign', `${names}: left alone, no part of the store`]];
}

function endingText({ ending, opening }: Diagnosis, now: number): string {
  const by = opening === undefined ? '' : ` by pid ${opening.pid}, opened ${agoText(now - opening.atMs)}`;
  switch (ending) {
    case 'unknown':
      return 'how it ended cannot be read';
    case 'never written':
      return 'nobody has written to it yet';
    case 'at work':
      return `a runner is at work${by}`;
    case 'closed':
      return `ended well${by}`;
    case 'broken off':
      return `still going on, or cut off (kill, crash, power loss)${by}`;
  }
}

function jobLines(diagnosis: Diagnosis, now: number): [string, string][] {
  const { jobs, jobsError, log, stateLacks, baseSeq } = diagnosis;
  if (jobs === undefined) return [['jobs', `unknown: ${escapeText(jobsError?.message ?? '')} [${jobsError?.code}]`]];
  const { counts } = jobs;
  const last = Math.max(log.seqLast ?? 0, log.lost.at(-1)?.seqLast ?? 0);
  const lags = jobs.seq < last || (log.lostUnknown && stateLacks);
  const why = jobs.seq < (log.seqLast ?? 0) ? 'what comes after cannot be applied' : 'what came after cannot be read';
  const upTo = lags ? `, as of seq ${jobs.seq}: ${why}` : '';
  const states = [
    `${count(counts.pending)} pending`,
    `${count(counts.in_flight)} in flight`,
    `${count(counts.completed)} completed`,
    `${count(counts.dead)} dead`,
  ];
  const covered = `the state is whole: the snapshot of seq ${baseSeq} holds what the lost events did`;
  const lacks = 'the lost events may hold outcomes: what waits or is in flight may be done';
  const before = `the state is whole: what is damaged lies before the snapshot of seq ${baseSeq}, and a writer goes on`;
  const whole = log.lost.length > 0 ? covered : liesBefore(diagnosis) ? before : undefined;
  const loss = stateLacks ? lacks : lags ? undefined : whole;
  return [
    ['jobs', `${states.join(', ')}${upTo}`],
    ...inFlightLines(jobs, now),
    ...(loss === undefined ? [] : [['', loss] as [string, string]]),
  ];
}

/** Is all damage in segments that no recovery reads, since it begins at the newest good snapshot? */
function liesBefore({ verdict, findings, snapshots, baseSeq, log }: Diagnosis): boolean {
  const base = snapshots.find(({ summary }) => summary?.seq === baseSeq)?.summary;
  if (verdict !== 'corrupt' || base === undefined) return false;
  return findings.every(({ severity, code, file }) => {
    const ordinal = log.segments.find((segment) => segment.file === file)?.ordinal ?? Number.POSITIVE_INFINITY;
    // Names with a gap stop a writer wherever it is.
    return severity === 'note' || (ordinal < base.point.ordinal && code !== 'E_MISSING_SEGMENT');
  });
}

function inFlightLines(jobs: JobsInQuestion, now: number): [string, string][] {
  const { interrupted, interruptedCount, running, leased } = jobs;
  const parts = [
    ...(running > 0 ? [`${count(running)} at the runner`] : []),
    ...(leased > 0 ? [`${count(leased)} leased`] : []),
    ...(interruptedCount > 0
      ? [`${count(interruptedCount)} of a dead runner: may be done already, and will run again`]
      : []),
  ];
  const rows = interrupted.map(({ id, name, attempt, maxAttempts, startedAt }): [string, string] => {
    const begun = `begun ${agoText(now - startedAt)}`;
    return ['', `${escapeText(id)}  ${escapeText(name)}, attempt ${attempt} of ${maxAttempts}, ${begun}`];
  });
  const more = interruptedCount - interrupted.length;
  return [
    ...(parts.length > 0 ? [['in flight', parts.join(', ')] as [string, string]] : []),
    ...rows,
    ...(more > 0 ? [['', `… and ${count(more)} more`] as [string, string]] : []),
  ];
}

function snapshotText({ snapshots, jobs, baseSeq }: Diagnosis, now: number): string {
  const good = snapshots.flatMap(({ summary }) => summary ?? []);
  const bad = snapshots.length - good.length;
  const newest = good.reduce<(typeof good)[number] | undefined>(
    (a, b) => (a === undefined || b.seq > a.seq ? b : a),
    undefined,
  );
  // As far as the state goes: what lies behind a hole is not replayed.
  const replay = jobs === undefined ? '' : `; ${counted(Math.max(0, jobs.seq - baseSeq), 'event')} to replay`;
  if (newest === undefined) return `${bad === 0 ? 'none' : `${count(bad)} bad, no good one`}${replay}`;
  const age = roughly(now - newest.createdMs);
  const kinds = bad === 0 ? `${count(good.length)} good` : `${count(good.length)} good, ${count(bad)} bad`;
  return `${kinds}; the newest good one is of seq ${newest.seq}, ${age} old${replay}`;
}
