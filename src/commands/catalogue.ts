import type { Code } from '../base/code.ts';
import { baseCodes } from '../base/codes.ts';
import { type CodeEntry, notFoundError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { formatCodes } from '../formats/codes.ts';
import { fsCodes } from '../fs/codes.ts';
import { queueCodes } from '../queue/codes.ts';
import { processCodes } from '../queue/process/codes.ts';
import { storageCodes } from '../storage/codes.ts';
import { snapshotCodes } from '../storage/snapshot/codes.ts';
import { walCodes } from '../storage/wal/codes.ts';
import { commandCodes } from './codes.ts';

/** Every code of every layer: one without an entry does not compile, and neither does an entry without a code. */
const catalogue: Readonly<Record<Code, CodeEntry>> = {
  ...baseCodes,
  ...fsCodes,
  ...walCodes,
  ...snapshotCodes,
  ...storageCodes,
  ...formatCodes,
  ...queueCodes,
  ...processCodes,
  ...commandCodes,
};

export interface CodeHelp extends CodeEntry {
  code: Code;
}

export function allCodes(): Code[] {
  return Object.keys(catalogue).sort() as Code[];
}

/**
 * What a code means. Case and the leading `E_` may be left out. Throws E_UNKNOWN_CODE (exit 1), with the nearest ones.
 */
export function explainCode(text: string): CodeHelp {
  const bare = text.toUpperCase().replaceAll('-', '_').replace(/^E_/, '');
  const code = `E_${bare}`;
  if (isCode(code)) return { code, ...catalogue[code] };
  const near = nearest(code, allCodes());
  const hint = near.length === 0 ? '' : `; near ones: ${near.join(', ')}`;
  throw notFoundError('E_UNKNOWN_CODE', `there is no code '${text}'${hint}`, {
    data: { code: text, near },
    next: `walq help ${near[0] ?? 'codes'}`,
  });
}

function isCode(text: string): text is Code {
  return Object.hasOwn(catalogue, text);
}
