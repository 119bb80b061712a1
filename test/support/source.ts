import type { ByteSource } from '../../src/base/source.ts';

/** Bytes in memory as a source: at most `step` of them a read; with `sized: false` nobody knows how many there are. */
export function sourceOf(
  content: string | Uint8Array,
  options: { step?: number | undefined; sized?: boolean } = {},
): ByteSource {
  const bytes = Buffer.from(content);
  const { step = Number.POSITIVE_INFINITY, sized = true } = options;
  return {
    async read(buffer, position) {
      return bytes.copy(buffer, 0, position, Math.min(bytes.length, position + Math.min(buffer.length, step)));
    },
    ...(sized && { size: bytes.length }),
  };
}
