/** What the address of the page keeps, so that a place in it can be come back to, or sent to somebody. */
export interface Place {
  seq?: number;
  job?: string;
  across?: 'seq' | 'time';
  search?: string;
  state?: string;
  /** A key, with '-' in front for the other way round. */
  sort?: string;
}

/** `seq=12&job=job_2`. What is standard is left out. */
export function placeText(place: Place): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(place))
    if (value !== undefined && value !== '') parts.set(name, String(value));
  return parts.toString();
}

/** Whatever somebody typed: what is understood of it. */
export function parsePlace(hash: string): Place {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  const text = (name: string): string | undefined => parts.get(name) ?? undefined;
  const seq = /^\d{1,16}$/.test(text('seq') ?? '') ? Number(text('seq')) : undefined;
  const across = text('across');
  const [job, search, state, sort] = [text('job'), text('search'), text('state'), text('sort')];
  return {
    ...(seq !== undefined && Number.isSafeInteger(seq) && { seq }),
    ...(job !== undefined && { job }),
    ...((across === 'seq' || across === 'time') && { across }),
    ...(search !== undefined && { search }),
    ...(state !== undefined && { state }),
    ...(sort !== undefined && { sort }),
  };
}
