import { VarintReader } from '../../base/varint.ts';
import type { JobOptions } from './job.ts';
import { decodeEntry } from './job-codec.ts';
import type { Packed } from './packed.ts';
import { UntouchedJob } from './untouched-job.ts';

/**
 * One out of a snapshot of which nobody has asked anything yet: the bytes it came in. A long queue is open in three
 * quarters of the time so, and the texts of a job are made when its turn has come. Some hundred small ones share a
 * piece of memory, which goes when the last of them has.
 */
export class ColdJob extends UntouchedJob {
  /** Its entry is bytes[from, to), in the one form that plain-entry.ts knows. */
  readonly #bytes: Buffer;
  readonly #from: number;
  readonly #to: number;
  #id: string | undefined = undefined;

  constructor(bytes: Buffer, from: number, to: number, seq: number, options: JobOptions) {
    super(seq, options);
    this.#bytes = bytes;
    this.#from = from;
    this.#to = to;
  }

  /** Its entry in a snapshot. */
  get entry(): Uint8Array {
    return this.#bytes.subarray(this.#from, this.#to);
  }

  get id(): string {
    if (this.#id === undefined) {
      const start = this.#from + 2;
      this.#id = this.#bytes.toString('latin1', start, start + (this.#bytes[start - 1] ?? 0));
    }
    return this.#id;
  }
  get createdAt(): number {
    return new VarintReader(this.#bytes, this.#from + 2 + (this.#bytes[this.#from + 1] ?? 0), this.#to).next();
  }
  get payload(): Packed | undefined {
    const decoded = decodeEntry(this.#bytes, this.#from, this.#to);
    return decoded.kind === 'job' ? decoded.job.payload : undefined;
  }
}
