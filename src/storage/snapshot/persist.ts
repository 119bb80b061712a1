import { join } from '../../base/path.ts';
import { removeIfThere } from '../../fs/gone.ts';
import { openSource } from '../../fs/read.ts';
import { copyStretch, writeTemp } from '../../fs/write.ts';
import type { StorageEnv } from '../types.ts';
import { step } from './write.ts';

/**
 * Makes sure that the disk has a snapshot which others wrote: its bytes go into NAME.tmp, which is synced and takes the
 * name over, and the folder is synced. After a sync that failed the page cache shows bytes and names that the disk
 * never got, and the syncs that follow succeed; only what is written again is known to be there. At any moment the name
 * stands for a whole file. Rejects with E_SNAPSHOT_WRITE (74, with `cause`); nothing must rely on the snapshot then.
 */
export function persistAgain({ fs }: StorageEnv, folder: string, name: string): Promise<void> {
  const path = join(folder, name);
  const temp = `${path}.tmp`;
  return step(`${path} cannot be written again`, async () => {
    const source = await openSource(fs, path);
    try {
      await writeTemp(fs, temp, (file) => copyStretch(source, 0, source.size, file, 0));
      await fs.rename(temp, path);
      await fs.syncDir(folder);
    } catch (error) {
      await removeIfThere(fs, temp).catch(() => false);
      throw error;
    } finally {
      await source.close();
    }
  });
}
