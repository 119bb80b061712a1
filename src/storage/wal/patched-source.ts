import type { ByteSource } from '../../base/source.ts';

/** One bit of a file, to be seen the other way round. */
export interface Flip {
  /** Offset of the byte. */
  at: number;
  /** 0..7, the lowest first. */
  bit: number;
}

/** A file as it would be with these bits turned. `flips` may grow between reads. */
export function patchedSource(source: ByteSource, flips: readonly Flip[]): ByteSource {
  return {
    ...(source.size !== undefined && { size: source.size }),
    async read(buffer, position) {
      const got = await source.read(buffer, position);
      for (const { at, bit } of flips) {
        const index = at - position;
        if (index >= 0 && index < got) buffer[index] = (buffer[index] ?? 0) ^ (1 << bit);
      }
      return got;
    },
  };
}
