import type { Finding } from '../base/finding.ts';
import { join } from '../base/path.ts';
import { goneMeanwhile } from '../fs/gone.ts';
import { openSource } from '../fs/read.ts';
import { readSegmentHeader, walFolder } from './folder.ts';
import { changedView } from './store-view.ts';
import { pointsOf, type Survey } from './survey.ts';
import type { LogReport, StorageEnv } from './types.ts';
import { type Displaced, findDisplaced } from './wal/displaced.ts';
import { piecedHeader } from './wal/pieced-header.ts';

/**
 * Displaced frames by the path of their segment: the one answer for a salvage, which takes them over, and for a report,
 * which does not count them as lost. Only of segments with such a finding: all others stand where they were written.
 * Read-only.
 */
export async function displacedFrames(
  env: StorageEnv,
  storeDir: string,
  survey: Survey,
  findings: readonly Finding[],
): Promise<Map<string, Displaced[]>> {
  const found = new Map<string, Displaced[]>();
  for (const [index, name] of survey.live.entries()) {
    const file = join(walFolder, name.name);
    if (!findings.some((finding) => finding.file === file && isDamage(finding))) continue;
    const path = join(storeDir, file);
    const after = survey.live[index + 1];
    const next = after && (await readSegmentHeader(env, join(storeDir, walFolder, after.name)));
    const { identity, head } = survey;
    const own = await readSegmentHeader(env, path);
    const header = own ?? piecedHeader(name, identity.id, { next, head, points: pointsOf(survey) });
    if (header?.storeId !== identity.id) continue;
    const source = await openSource(env.fs, path);
    try {
      const displaced = await findDisplaced(source, header.salt);
      if (displaced.length > 0) found.set(path, displaced);
    } finally {
      await source.close();
    }
  }
  return found;
}

function isDamage({ severity }: Finding): boolean {
  return severity !== 'note' && severity !== 'newer';
}

/**
 * The report of a log with such frames: what can be read and what is lost is what `again` finds where they stand in
 * their places, as a salvage does. The faults are those of the files as they are, and one more for each stretch.
 */
export async function asPutBack<R extends LogReport>(
  env: StorageEnv,
  storeDir: string,
  survey: Survey,
  report: R,
  again: (env: StorageEnv) => Promise<LogReport>,
): Promise<R> {
  // A writer may clean away what it has no use for, damaged or not.
  const displaced = await displacedFrames(env, storeDir, survey, report.findings).catch(goneMeanwhile);
  if (displaced === undefined || displaced.size === 0) return report;
  const back = await again(changedView(env, { displaced }));
  const { frames, records, lost, lostUnknown, seqFirst, seqLast } = back;
  return {
    ...report,
    verdict: 'corrupt',
    findings: [...report.findings, ...displacedFindings(storeDir, displaced)],
    segments: report.segments.map((segment, index) => readAs(segment, back.segments[index])),
    frames,
    records,
    ...(seqFirst !== undefined && { seqFirst, seqLast }),
    lost,
    lostUnknown,
    recordsAfterHole: records - (report.records - report.recordsAfterHole),
  };
}

type Segment = LogReport['segments'][number];

/** Size and end are those of the file as it is. */
function readAs(segment: Segment, back: Segment | undefined): Segment {
  return back?.file === segment.file ? { ...back, size: segment.size, end: segment.end } : segment;
}

/** One for each stretch: no crash moves frames. */
export function displacedFindings(storeDir: string, displaced: ReadonlyMap<string, readonly Displaced[]>): Finding[] {
  return [...displaced].flatMap(([path, stretches]) =>
    stretches.map(({ from, to, bytes }): Finding => {
      const far = from > to ? `${from - to} bytes behind` : `${to - from} bytes before`;
      const place = { file: path.slice(join(storeDir, ' ').length - 1), offset: from, end: from + bytes };
      const message = `sound frames stand ${far} the place that they state`;
      return { code: 'E_DISPLACED', severity: 'corrupt', ...place, message, expected: `offset ${to}` };
    }),
  );
}
