/** Fresh jobs (`FreshJob`) as bytes: the tags that their entries and their ENQUEUE have, in this order. EVENTS.md has all. */
export const nameTag = 1;
export const payloadTag = 2;
export const numberTags = [3, 4, 6];
export const backoffTag = 7;

/** What differs. The group is the last field; before it, in an entry, stands the seq. */
export interface PlainForm {
  readonly type: number;
  readonly seqTag: number | undefined;
  readonly groupTag: number;
}

export const entryForm = { type: 2, seqTag: 9, groupTag: 44 } as const;
export const enqueueForm: PlainForm = { type: 1, seqTag: undefined, groupTag: 13 };
