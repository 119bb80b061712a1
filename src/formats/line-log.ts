import type { ByteSource } from '../base/source.ts';
import type { LineCodec } from './line-codec.ts';
import { LineJudge } from './line-judge.ts';
import { LineReader } from './lines.ts';
import type { ForeignEvent, ForeignLogSummary, ReadOptions } from './types.ts';

/** Reads a whole log of lines. Flat memory; rejects only with what the source or the visitor throws. */
export async function readLineLog(
  codec: LineCodec,
  source: ByteSource,
  file: string,
  options: ReadOptions<ForeignEvent> = {},
): Promise<ForeignLogSummary> {
  const lines = new LineReader(source);
  const judge = new LineJudge(codec, file, { events: options.visit !== undefined, damaged: options.damaged === true });
  const stopped = await readAll(lines, judge, options);
  return judge.finish(lines.bytes, stopped);
}

async function readAll(lines: LineReader, judge: LineJudge, options: ReadOptions<ForeignEvent>): Promise<boolean> {
  const { visit } = options;
  while (await lines.fill()) {
    while (lines.next()) {
      judge.take(lines);
      if (visit === undefined) continue;
      for (const event of judge.events) {
        const answer = visit(event);
        if (answer === false || (answer instanceof Promise && (await answer) === false)) return true;
      }
      judge.events.length = 0;
    }
    options.progress?.(lines.bytes);
  }
  return false;
}
