import { everyStore } from './every-store.ts';
import { bytesAt, dir, fileOf, type Image, withFile } from './image.ts';

/** Files behind the end of a log of three segments that was closed well. */

export const next = `${dir}/wal/0000000004-00000000000000000013.wal`;
/** Behind a gap. */
export const laterFile = `${dir}/wal/0000000009-00000000000000000061.wal`;
export const noise = Uint8Array.from({ length: 3000 }, (_, at) => (at * 7919 + 13) % 251);

/** With the segment that has `part` in its name once more. */
export const copied = (image: Image, part: string, path = next): Image =>
  withFile(image, path, bytesAt(image, fileOf(image, part)));

/** `everyStore`, each time with something else behind its end. */
export async function withStrays(image: Image): Promise<Record<string, Image>> {
  const [first, second, third] = ['0000000001-', '0000000002-', '0000000003-'];
  const foreign = bytesAt(await everyStore({ closed: true, seed: 2 }), fileOf(image, third));
  return {
    'the last segment again': copied(image, third),
    'the first segment again': copied(image, first),
    'the one before the last, behind a gap': copied(image, second, laterFile),
    'other bytes': withFile(image, next, noise),
    'other bytes behind a gap': withFile(image, laterFile, noise),
    'an empty file': withFile(image, next, new Uint8Array(0)),
    'a segment of another store': withFile(image, next, foreign),
    'two of them': withFile(copied(image, third), laterFile, noise),
  };
}
