import fs from 'node:fs';

/** File systems of Linux that keep everything in memory: tmpfs, ramfs. */
const magics = [0x01021994, 0x858458f6];

/** Whether a folder is in memory, where a sync has nothing to do. False where nobody can tell. */
export async function isInMemory(folder: string): Promise<boolean> {
  return process.platform === 'linux' && magics.includes((await fs.promises.statfs(folder)).type);
}
