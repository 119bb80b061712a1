import { createHash } from 'node:crypto';
import { walLine } from '../formats/raft-recovery/write.ts';
import { parseSeq, type SeqValue, seqNext } from '../formats/seq.ts';
import { eventTypes } from '../formats/types.ts';
import { decodeEvent, recordTypeName } from '../queue/events/events.ts';
import type { ExportSink } from './export.ts';
import type { LostLine } from './export-form.ts';
import type { PutLine } from './export-text.ts';

export const foreignForms = ['document', 'raft-recovery'] as const;
export type ForeignForm = (typeof foreignForms)[number];

/**
 * The log in the line form of another system, for whoever goes back to it. These forms know six types of events and
 * nothing of what an event says; the other types are left out and counted. An event that came from such a log keeps the
 * number it had there. The others are numbered on without a gap: from 1 in raft-recovery, where every file begins at 1,
 * and from the first seq in the document's form. Lost events leave a gap.
 */
export class ForeignLines implements ExportSink {
  readonly wantsState = false;
  /** Events whose types the form does not know. */
  leftOut = 0;
  /** Ids that the form cannot hold, by the ones that stand for them. */
  readonly renamed = new Map<string, string>();
  readonly #form: ForeignForm;
  readonly #put: PutLine;
  #number: SeqValue = 0;

  constructor(form: ForeignForm, put: PutLine) {
    this.#form = form;
    this.#put = put;
  }

  header({ seqFirst }: { seqFirst: number }): undefined {
    this.#number = this.#form === 'document' ? seqFirst : 1;
    return undefined;
  }

  entry(): undefined {
    return undefined;
  }

  record(_seq: number, record: Uint8Array): Promise<void> | undefined {
    const type = recordTypeName(record);
    if (!eventTypes.includes(type)) {
      this.leftOut++;
      return undefined;
    }
    const { id, at, from } = decodeEvent(record);
    const number = parseSeq(from ?? '') ?? this.#number;
    this.#number = seqNext(number);
    if (this.#form === 'raft-recovery') return this.#put(walLine(number, type, id, at));
    return this.#put(`[seq=${number}] ${type} ${this.#wordOf(id)}`);
  }

  lost({ seqFirst, seqLast }: LostLine): undefined {
    const after = BigInt(this.#number) + BigInt(seqLast - seqFirst + 1);
    this.#number = parseSeq(String(after)) ?? this.#number;
    return undefined;
  }

  async end(): Promise<void> {}

  /** An id ends at the first space of a line. */
  #wordOf(id: string): string {
    if (!/\s/.test(id)) return id;
    const word = `${id.replace(/\s+/g, '_')}~${createHash('sha256').update(id).digest('hex').slice(0, 12)}`;
    this.renamed.set(word, id);
    return word;
  }
}
