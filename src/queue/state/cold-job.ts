import { VarintReader } from '../../base/varint.ts';
import { type Packed, packSlice } from '../events/packed.ts';
import type { JobOptions } from './job.ts';
import { payloadTag } from './plain-form.ts';
import { UntouchedJob } from './untouched-job.ts';

/** One of which nobody has asked anything yet: the bytes of its entry in a snapshot. Texts are made when asked for. */
export class ColdJob extends UntouchedJob {
  /** Its entry is bytes[from, to), in the one form that plain-jobs.ts knows. */
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
    return this.#behindId().next();
  }
  get payload(): Packed | undefined {
    const reader = this.#behindId();
    reader.next();
    for (let tag = reader.next(); tag <= payloadTag; tag = reader.next()) {
      const length = reader.next();
      if (tag === payloadTag) return packSlice(this.#bytes, reader.offset, reader.offset + length);
      reader.offset += length;
    }
    return undefined;
  }

  #behindId(): VarintReader {
    return new VarintReader(this.#bytes, this.#from + 2 + (this.#bytes[this.#from + 1] ?? 0), this.#to);
  }
}
