import type { WalqError } from '../base/errors.ts';
import { baseName, parentOf } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import { isBlockError } from '../fs/read-around.ts';
import { headFileName, walFolder } from '../storage/folder.ts';
import { snapshotFolder } from '../storage/snapshot/name.ts';
import { storeFileName } from '../storage/store-file.ts';

/** The command that still gets something where the disk does not give a file of a store. */
export function aroundBadBlocks({ code, data: { errno, file } }: WalqError): string | undefined {
  if (code !== 'E_READ' || !isBlockError(errno) || typeof file !== 'string') return undefined;
  const folder = parentOf(file);
  const inside = [walFolder, snapshotFolder].includes(baseName(folder));
  if (!inside && ![storeFileName, headFileName].includes(baseName(file))) return undefined;
  return `walq wal repair ${shellPath(inside ? parentOf(folder) : folder)} --mode salvage --to NEWSTORE`;
}
