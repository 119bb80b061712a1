/** Bytes that are read by position: a file, or a stream that is only ever read forward and without gaps. */
export interface ByteSource {
  /**
   * Reads up to `buffer.length` bytes at `position`; 0 only at the end. Rejects on an I/O error, which readers pass on
   * unchanged.
   */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Bytes in all, when known beforehand. */
  readonly size?: number;
}
