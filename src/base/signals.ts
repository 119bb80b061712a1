/** A signal that fires with the first of several. `release` it when nobody listens any more. */
export interface JoinedSignal {
  readonly signal: AbortSignal;
  release(): void;
}

/** When the promise is settled, or once the signal fires. */
export async function unlessAborted(promise: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return;
  let fire = (): void => undefined;
  const aborted = new Promise<void>((resolve) => {
    fire = resolve;
  });
  signal?.addEventListener('abort', fire);
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal?.removeEventListener('abort', fire);
  }
}

/**
 * Of one signal it is that signal. `AbortSignal.any` would keep a place in a signal that lives long for every call that
 * ever joined it.
 */
export function joinSignals(first: AbortSignal, second: AbortSignal | undefined): JoinedSignal {
  if (second === undefined) return { signal: first, release: () => undefined };
  const joined = new AbortController();
  const sources = [first, second];
  const fire = () => joined.abort(sources.find(({ aborted }) => aborted)?.reason);
  for (const source of sources) source.addEventListener('abort', fire);
  if (sources.some(({ aborted }) => aborted)) fire();
  return {
    signal: joined.signal,
    release: () => {
      for (const source of sources) source.removeEventListener('abort', fire);
    },
  };
}
