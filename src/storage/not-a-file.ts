import { hasErrno } from '../base/errors.ts';
import type { Finding, Severity } from '../base/finding.ts';
import { join } from '../base/path.ts';
import { reading } from '../fs/failure.ts';
import type { FileSystem } from '../fs/types.ts';

/**
 * What stands in place of a file, in words: nothing of the file can be there. Undefined of a file, of a link that leads
 * to something, which is refused, and where nothing stands.
 */
async function kindInPlace(fs: FileSystem, path: string): Promise<string | undefined> {
  const info = await reading(path, () => fs.lstat(path));
  switch (info?.kind) {
    case undefined:
    case 'file':
      return undefined;
    case 'folder':
      return 'a folder';
    case 'other':
      return 'a pipe, socket or device';
    case 'link':
      return await fs.stat(path).then(
        (there) => (there === undefined ? 'a link that leads nowhere' : undefined),
        (error: unknown) => (hasErrno(error, 'ELOOP') ? 'a link that leads to itself' : undefined),
      );
  }
}

/** `file`, relative to the store, as damage, if something else than a file stands there. `what`: what it should be. */
export async function findNoFile(
  fs: FileSystem,
  storeDir: string,
  file: string,
  what: string,
  severity: Severity = 'corrupt',
): Promise<Finding | undefined> {
  const kind = await kindInPlace(fs, join(storeDir, file));
  if (kind === undefined) return undefined;
  return { code: 'E_NOT_A_FILE', severity, file, message: `${kind} stands where ${what} should be` };
}
