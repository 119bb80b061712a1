import type { ForeignEvent, ForeignLogSummary, LogFormat } from '../../src/formats/types.ts';
import { sourceOf } from '../support/source.ts';

export async function readLog(
  format: LogFormat,
  content: string | Uint8Array,
  options: { chunk?: number; damaged?: boolean } = {},
): Promise<{ summary: ForeignLogSummary; events: ForeignEvent[]; codes: string[] }> {
  const events: ForeignEvent[] = [];
  const visit = (event: ForeignEvent): void => {
    events.push(event);
  };
  const summary = await format.read(sourceOf(content, { step: options.chunk }), 'wal.log', {
    visit,
    damaged: options.damaged === true,
  });
  return { summary, events, codes: summary.findings.map((finding) => finding.code) };
}
