import type { Finding } from '../../base/finding.ts';
import { segmentHeaderBytes } from './format.ts';
import { belongs, gotExpected } from './judge-parts.ts';
import type { SegmentResult } from './scan-log.ts';

/** What is wrong with a segment by itself: a header that cannot be read, or is not that of its name and store. */
export function headerFindings(result: SegmentResult, storeId: string | undefined): Finding[] {
  if (result.scan.header === undefined) return badHeader(result);
  return belongs(result, storeId) ? [] : misplaced(result, storeId);
}

function misplaced({ input, scan: { header } }: SegmentResult, storeId: string | undefined): Finding[] {
  const { file, name } = input;
  if (header === undefined) return [];
  const findings: Finding[] = [];
  if (name && (name.ordinal !== header.ordinal || name.seqFirst !== header.seqFirst)) {
    const got = `${header.ordinal}-${header.seqFirst}`;
    const expected = `${name.ordinal}-${name.seqFirst}`;
    const message = 'header states another ordinal or first seq than the name';
    findings.push({ code: 'E_SEGMENT_NAME', severity: 'corrupt', file, message, got, expected });
  }
  if (storeId !== undefined && header.storeId !== storeId) {
    const ids = { got: header.storeId, expected: storeId };
    const message = 'segment belongs to another store';
    findings.push({ code: 'E_FOREIGN_SEGMENT', severity: 'corrupt', file, message, ...ids });
  }
  return findings;
}

function badHeader({ input: { file }, scan }: SegmentResult): Finding[] {
  const why = scan.headerResult;
  if (why.ok) return [];
  if (why.why === 'newer') {
    const got = `version ${why.version}`;
    return [{ code: 'E_NEWER_FORMAT', severity: 'newer', file, message: 'segment is written in a newer format', got }];
  }
  const message = {
    cut: 'segment header is cut off',
    magic: 'file does not begin as a segment',
    'bad-crc': 'segment header damaged',
  }[why.why];
  const but = scan.pieced === undefined ? '' : '; its frames can be read without it';
  const place = { offset: 0, end: Math.min(scan.size || segmentHeaderBytes, segmentHeaderBytes) };
  return [
    {
      code: 'E_SEGMENT_HEADER',
      severity: 'corrupt',
      file,
      message: `${message}${but}`,
      ...place,
      ...gotExpected(why),
    },
  ];
}
