import { assert } from '../base/errors.ts';
import { baseName } from '../base/path.ts';
import type { ByteSource } from '../base/source.ts';
import type { ForeignEvent, ForeignJob, ForeignLogSummary, ForeignSnapshotSummary, Visit } from '../formats/types.ts';
import type { CommandContext } from './context.ts';
import type { ForeignTarget } from './target.ts';

/** Reads a foreign log from front to back. Throws E_WRONG_TARGET when a stream is to be read a second time. */
export async function readForeignLog(
  context: CommandContext,
  target: ForeignTarget,
  visit?: Visit<ForeignEvent>,
): Promise<ForeignLogSummary> {
  const { format } = target;
  assert(format.kind === 'log', 'the target is a log');
  return await withSource(context, target, (source) =>
    format.read(source, shownName(target), {
      ...(visit === undefined ? {} : { visit }),
      progress: (bytes) => context.progress(bytes, source.size),
    }),
  );
}

export async function readForeignSnapshot(
  context: CommandContext,
  target: ForeignTarget,
  visit?: Visit<ForeignJob>,
): Promise<ForeignSnapshotSummary> {
  const { format } = target;
  assert(format.kind === 'snapshot', 'the target is a snapshot');
  return await withSource(context, target, (source) =>
    format.read(source, shownName(target), {
      ...(visit === undefined ? {} : { visit }),
      progress: (bytes) => context.progress(bytes, source.size),
    }),
  );
}

function shownName(target: ForeignTarget): string {
  if (target.kind === 'foreign-stream') return 'standard input';
  return baseName(target.path);
}

async function withSource<T>(
  context: CommandContext,
  target: ForeignTarget,
  read: (source: ByteSource) => Promise<T>,
): Promise<T> {
  if (target.kind === 'foreign-stream') return await read(target.take());
  const file = await context.env.fs.open(target.path, 'r');
  try {
    return await read({ size: await file.size(), read: (buffer, position) => file.read(buffer, position) });
  } finally {
    await file.close();
  }
}
