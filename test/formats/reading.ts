import type { ByteSource } from '../../src/base/source.ts';
import type { ForeignEvent, ForeignLogSummary, LogFormat } from '../../src/formats/types.ts';

/** A source that gives at most `chunk` bytes a read, in memory of its own. */
export function sourceOf(content: string | Uint8Array, chunk = Number.POSITIVE_INFINITY): ByteSource {
  const bytes = Buffer.from(content);
  return {
    size: bytes.length,
    async read(buffer, position) {
      return bytes.copy(buffer, 0, position, Math.min(bytes.length, position + Math.min(buffer.length, chunk)));
    },
  };
}

export async function readLog(
  format: LogFormat,
  content: string | Uint8Array,
  options: { chunk?: number; damaged?: boolean } = {},
): Promise<{ summary: ForeignLogSummary; events: ForeignEvent[]; codes: string[] }> {
  const events: ForeignEvent[] = [];
  const visit = (event: ForeignEvent): void => {
    events.push(event);
  };
  const summary = await format.read(sourceOf(content, options.chunk), 'wal.log', {
    visit,
    damaged: options.damaged === true,
  });
  return { summary, events, codes: summary.findings.map((finding) => finding.code) };
}
