import { deflateRawSync } from 'node:zlib';
import { escapeText } from '../../base/escape.ts';
import { describeFinding, type Finding } from '../../base/finding.ts';
import type { Columns } from '../../commands/report/columns.ts';
import {
  cellFields,
  cellTypes,
  jobFields,
  patchFields,
  pointFields,
  type ReportData,
  rowFields,
} from '../../commands/report/types.ts';
import { encodeColumn, type TableShape } from './codec.ts';
import type { PageCheckpoint, PageFacts, PageFault } from './page-data.ts';

/** The data of a page: four bytes that say how long the facts are, the facts as JSON, the columns; deflated. */
export function packPage(data: ReportData): Buffer {
  const columns: Uint8Array[] = [];
  const shape = <F extends string>(table: Columns<F>, fields: readonly F[]): TableShape => {
    const encoded = fields.map((field) => encodeColumn(table.of[field]));
    columns.push(...encoded);
    return { rows: table.length, fields, lengths: encoded.map(({ length }) => length) };
  };
  const facts: PageFacts = {
    ...factsOf(data),
    tables: {
      rows: shape(data.rows, rowFields),
      points: shape(data.points, pointFields),
      cells: shape(data.cells, cellFields),
      patches: shape(data.patches, patchFields),
      jobs: shape(data.jobs, jobFields),
    },
  };
  const text = Buffer.from(JSON.stringify(facts));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return deflateRawSync(Buffer.concat([length, text, ...columns]));
}

function factsOf(data: ReportData): Omit<PageFacts, 'tables'> {
  const { diagnosis, base, typeNames } = data;
  return {
    segments: diagnosis.log.segments.map(({ ordinal, size, end, seqFirst, seqLast, sealed }) => ({
      ordinal,
      size,
      end,
      ...(seqFirst !== undefined && { seqFirst }),
      ...(seqLast !== undefined && { seqLast }),
      sealed,
    })),
    faults: diagnosis.findings.map((finding) => faultOf(data, finding)),
    checkpoints: checkpointsOf(data),
    ...(base && { base: { seq: base.seq, ...base.counts } }),
    wait: data.wait,
    took: data.took,
    sample: data.sample,
    typeNames,
    cellTypes,
    ids: data.jobIds.map(escapeText),
    texts: data.texts.map(escapeText),
  };
}

function faultOf({ diagnosis }: ReportData, finding: Finding): PageFault {
  const segment = diagnosis.log.segments.findIndex(({ file }) => file === finding.file);
  const { severity, code, offset, end, seqFirst, seqLast } = finding;
  return {
    severity,
    code,
    text: escapeText(describeFinding(finding)),
    ...(segment >= 0 && { segment }),
    ...(offset !== undefined && { offset }),
    ...(end !== undefined && { end }),
    ...(typeof seqFirst === 'number' && { seqFirst }),
    ...(typeof seqLast === 'number' && { seqLast }),
  };
}

function checkpointsOf({ diagnosis }: ReportData): PageCheckpoint[] {
  const good = diagnosis.snapshots.flatMap(({ summary }) => summary ?? []);
  return good.map(({ seq, point }) => {
    const segment = diagnosis.log.segments.findIndex(({ ordinal }) => ordinal === point.ordinal);
    return { seq, ...(segment >= 0 && { segment, offset: point.offset }) };
  });
}
