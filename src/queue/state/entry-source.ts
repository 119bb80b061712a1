/** The entry of a job, to be written where it is to lie. */
export interface EntrySource {
  readonly entryBytesMax: number;
  /** Returns where it ends. */
  writeEntry(target: Buffer, at: number): number;
}
