/** Longer texts are parsed when first asked for: whoever has the job may hand its text on. */
const atOnceMax = 4096;

/** The value of a JSON text, parsed when first asked for. */
export function lazily(text: string | undefined): () => unknown {
  let parsed: { value: unknown } | undefined;
  return () => {
    parsed ??= { value: text === undefined ? undefined : JSON.parse(text) };
    return parsed.value;
  };
}

/**
 * Sets `payload` to the value of a JSON text. A short one is parsed now: a property that parses when it is read takes
 * as long to make. Of a text that is no JSON (forged: none of our writers lets one into the log) whoever reads the
 * property hears.
 */
export function givePayload<J extends { payload: unknown }>(job: J, text: string | undefined): J {
  if (text === undefined) return job;
  if (text.length <= atOnceMax) {
    try {
      job.payload = JSON.parse(text);
      return job;
    } catch {
      // Not before it is read.
    }
  }
  return Object.defineProperty(job, 'payload', { get: lazily(text) });
}
