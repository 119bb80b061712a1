import { refusedError, usageError } from '../base/errors.ts';
import { readSmall } from '../fs/read.ts';
import type { CommandContext } from './context.ts';
import { writeNewFile } from './out-file.ts';

const planBytesMax = 16 * 1024 * 1024;

/** A plan in a file, for somebody else to read, and to say yes to: only exactly that plan is then carried out. */
export interface PlanFile {
  path: string;
  apply: boolean;
}

/** Of a request that may have one. */
export function planFileOf(request: { apply: boolean; planFile?: string | undefined }): PlanFile | undefined {
  return request.planFile === undefined ? undefined : { path: request.planFile, apply: request.apply };
}

/**
 * `plan` says what would be done to which bytes, by their SHA-256. In a dry run it is written to the file, which must
 * not be there (E_FILE_EXISTS, 7) and is whole once it has its name; before it is carried out it must be the one in the
 * file (E_PLAN_STALE, 7). Rejects with E_USAGE (2) where there is no such file or folder, E_NO_SPACE, E_IO (74).
 */
export async function bindPlan(context: CommandContext, file: PlanFile | undefined, plan: object): Promise<void> {
  if (file === undefined) return;
  const { fs } = context.env;
  const { path, apply } = file;
  const text = `${JSON.stringify({ walq: 1, ...plan }, undefined, 2)}\n`;
  if (apply) {
    const kept = await readSmall(fs, path, planBytesMax);
    if (kept === undefined) throw usageError('E_USAGE', `--plan: there is no file ${path}`, { data: { file: path } });
    if (Buffer.from(kept).toString() === text) return;
    throw refusedError('E_PLAN_STALE', `what would be done now is not what ${path} says`, { data: { file: path } });
  }
  await writeNewFile(context, path, Buffer.from(text), '--plan');
}
