/** Bytes that can be read by position: a file, or a stream that is only ever read forward. */
export interface ByteSource {
  /** Reads up to `buffer.length` bytes at `position`; 0 only at the end. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Bytes, when known beforehand. */
  readonly size?: number;
}
